// What the rooms compute: marks in a pasted text, bars of a plot, who may enter.
import { describe, expect, it } from "vitest";
import { bars, type Counted } from "../src/rooms/bars";
import { DOORS, roomAt, roomsOf } from "../src/rooms/doors";
import { mark } from "../src/rooms/findings";
import { groupsIn } from "../src/rooms/grants";

describe("findings", () => {
  it("are marked where they stand, counted in characters", () => {
    expect(mark("👍 FR76 et 06", [{ start: 2, end: 6 }, { start: 10, end: 12 }])).toEqual([
      { text: "👍 ", finding: null },
      { text: "FR76", finding: { start: 2, end: 6 } },
      { text: " et ", finding: null },
      { text: "06", finding: { start: 10, end: 12 } },
    ]);
  });

  it("never lose a character, whatever they say", () => {
    const odd = [{ start: 3, end: 1 }, { start: 0, end: 99 }, { start: 2, end: 4 }];
    expect(mark("abcdef", odd).map((part) => part.text).join("")).toBe("abcdef");
    expect(mark("", odd)).toEqual([]);
  });
});

describe("a plot", () => {
  const item = (key: string, questions: number): Counted => ({
    key, questions, answered: questions / 2, abstained: 0, refused: 0, failed: 0, cancelled: 0, interrupted: 0, prompt_tokens: 0, completion_tokens: 0,
  });
  it("has a bar for each day, those without questions among them", () => {
    const plot = bars([item("2026-11-01", 4), item("2026-11-03", 8)], "2026-10-31", "2026-11-03");
    expect(plot.bars.map((bar) => [bar.key, bar.height, bar.answered])).toEqual([
      ["2026-10-31", 0, 0], ["2026-11-01", 58, 29], ["2026-11-02", 0, 0], ["2026-11-03", 116, 58],
    ]);
    expect(bars([], "1900-01-01", "2026-01-01").bars).toHaveLength(400);
  });
});

describe("doors", () => {
  it("open for their roles only", () => {
    expect(roomsOf("user")).toEqual(["explain"]);
    expect(roomsOf("auditor")).toEqual(["users", "keys", "explain", "ledger", "records"]);
    expect(roomsOf("data-protection-officer")).toEqual(["explain", "ledger", "records"]);
    expect(roomsOf("administrator")).not.toContain("records");
    for (const roles of Object.values(DOORS)) expect(roles.length).toBeGreaterThan(0);
  });
  it("are named by their path", () => {
    expect(roomAt("/admin/users")).toBe("users");
    expect(roomAt("/admin/constructor")).toBeNull();
    expect(roomAt("/admin/users/x")).toBeNull();
  });
});

describe("groups", () => {
  it("are read from one field", () => expect(groupsIn(" rh, finances ;rh\n ")).toEqual(["rh", "finances"]));
});
