// The questions of the first screen.
import { describe, expect, it } from "vitest";
import { invite, invitationOf } from "../src/chat/invitation";

const hit = (heading: string) => ({ filename: "x.md", attributes: { heading } });

describe("invitations", () => {
  it("are made of a title and a heading without its number", () => {
    expect(invitationOf(hit("Règlement > Article 2. Inscription"))).toEqual({ title: "Règlement", heading: "Inscription" });
    expect(invitationOf(hit("Charte > 6. Temps > 6.1 Horaires"))).toEqual({ title: "Charte", heading: "Horaires" });
    expect(invitationOf(hit("Charte seule"))).toBeNull();
    expect(invitationOf(hit("PRÉAMBULE > DONNÉES PERSONNELLES"))).toBeNull();
    expect(invitationOf(hit(`Charte > ${"x".repeat(80)}`))).toBeNull();
  });

  it("come from each collection in turn, one a document", () => {
    const titles = invite([[hit("A > aaaa"), hit("A > bbbb"), hit("B > cccc")], [hit("C > dddd")]]).map((one) => one.title);
    expect(titles).toEqual(["A", "C", "B"]);
  });
});
