// What the rooms compute: marks in a pasted text, bars of a plot, who may enter.
import { describe, expect, it } from "vitest";
import { fr } from "../src/messages/fr";
import { en } from "../src/messages/en";
import { bars, csv, paid, together, type Counted } from "../src/rooms/bars";
import { factsOf, lacks, money, type Missing, type Upstream } from "../src/rooms/card";
import { DOORS, roomAt, roomsOf } from "../src/rooms/doors";
import { amount, inOrder, isBudget, share, type Standing } from "../src/rooms/standing";
import { mark } from "../src/rooms/findings";
import { groupsIn } from "../src/rooms/grants";
import { nameOf, sent } from "../src/rooms/trial";

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
    key, questions, answered: questions / 2, abstained: 0, refused: 0, failed: 0, cancelled: 0, interrupted: 0, prompt_tokens: 0, completion_tokens: 0, unpriced_tokens: 0, costs: [],
  });
  it("has a bar for each day, those without questions among them", () => {
    const plot = bars([item("2026-11-01", 4), item("2026-11-03", 8)], "2026-10-31", "2026-11-03");
    expect(plot.bars.map((bar) => [bar.key, bar.height, bar.part])).toEqual([
      ["2026-10-31", 0, 0], ["2026-11-01", 58, 29], ["2026-11-02", 0, 0], ["2026-11-03", 116, 58],
    ]);
    expect(bars([], "1900-01-01", "2026-01-01").bars).toHaveLength(400);
  });

  it("draws what was paid in one currency, and says nothing of the others", () => {
    const day = { ...item("2026-11-01", 1), costs: [{ currency: "EUR", amount: 0.5 }, { currency: "USD", amount: 9 }] };
    const plot = bars([day, item("2026-11-02", 3)], "2026-11-01", "2026-11-02", paid("EUR"));
    expect([plot.most, plot.bars.map((bar) => bar.value)]).toEqual([0.5, [0.5, 0]]);
    expect(bars([item("2026-11-02", 3)], "2026-11-02", "2026-11-02", paid("EUR")).most).toBe(0);
  });

  it("adds costs up by currency and never across", () => {
    const cost = (currency: string, amount: number) => ({ currency, amount });
    const rows = [{ ...item("a", 1), costs: [cost("USD", 1), cost("EUR", 2)] }, { ...item("b", 1), costs: [cost("EUR", 3)] }];
    expect(together(rows)).toEqual([cost("EUR", 5), cost("USD", 1)]);
    expect(together([item("a", 1)])).toEqual([]);
  });
});

describe("figures for a spreadsheet", () => {
  const row = (key: string, costs: { currency: string; amount: number }[] = []): Counted => ({
    key, questions: 2, answered: 1, abstained: 0, refused: 0, failed: 0, cancelled: 0, interrupted: 1, prompt_tokens: 30, completion_tokens: 4, unpriced_tokens: 34, costs,
  });
  it("leave a cost that nobody knows empty, and not 0", () => {
    expect(csv("target", [row("vllm"), row("ailleurs", [{ currency: "EUR", amount: 1.25 }])])).toBe(
      "target,questions,answered,abstained,refused,failed,cancelled,interrupted,prompt_tokens,completion_tokens,unpriced_tokens,cost_EUR\r\n" +
        "vllm,2,1,0,0,0,0,1,30,4,34,\r\nailleurs,2,1,0,0,0,0,1,30,4,34,1.25\r\n",
    );
  });
  it("are no formulas, whatever an account is called", () => {
    const lines = csv("user", ["=cmd|' /C calc'!A0", "+1", "-1", "@x", 'a"b', "a,b", "a\nb"].map((key) => row(key))).split("\r\n").slice(1, -1);
    expect(lines.map((line) => line.replace(/,2,1,0.*$/s, ""))).toEqual(["'=cmd|' /C calc'!A0", "'+1", "'-1", "'@x", '"a""b"', '"a,b"', '"a\nb"']);
  });
});

describe("doors", () => {
  it("open for their roles only", () => {
    expect(roomsOf("user")).toEqual(["explain"]);
    expect(roomsOf("auditor")).toEqual(["users", "keys", "limits", "explain", "ledger", "records"]);
    expect(roomsOf("data-protection-officer")).toEqual(["explain", "ledger", "records"]);
    expect(roomsOf("administrator")).not.toContain("records");
    expect(roomsOf("administrator")[0]).toBe("setup");
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

describe("a card", () => {
  const place = (card: Record<string, unknown>, attestations: Upstream["attestations"] = []): Upstream => ({
    name: "p", model: "m", routes: [], card, attestations, classes: [], state: "unseen", last_success: null, last_failure: null,
  });
  const fact = (upstream: Upstream, name: string) => factsOf(upstream, fr, "fr").find((one) => one.name === name);

  it("says what is not known, whatever form that has", () => {
    for (const value of ["unknown", "", undefined, null]) expect(fact(place({ seat: value }), "seat")?.value).toBeNull();
    expect(fact(place({ us_law: false, subprocessors: [] }), "us_law")?.value).toBe("non");
    expect(fact(place({ subprocessors: [] }), "subprocessors")?.value).toBe("personne");
  });

  it("names the source of each fact, and the day it was read", () => {
    const evidence = [
      { fields: ["seat"], source: "https://a.example", date: "2026-11-02", confidence: "official" },
      { source: "b", date: "2026-11-03", confidence: "tested" },
    ];
    const told = place({ seat: "FR", us_law: "unknown", premises: "network", evidence });
    expect(fact(told, "seat")).toMatchObject({ value: "France", evidence });
    expect(fact(told, "premises")?.evidence).toEqual([evidence[1]]);
    expect(fact(told, "us_law")?.evidence).toEqual([]);
  });

  it("takes what the organisation attests from the attestation", () => {
    const attested = { field: "trains_on_data", value: false, evidence: "contrat 2026-114", until: "2027-12-31" };
    expect(fact(place({ trains_on_data: "unknown" }, [attested]), "trains_on_data")).toMatchObject({ value: "non", attested });
  });

  it("writes certificates and prices in words", () => {
    const certificates = [{ scheme: "secnumcloud-3.2", covers_service: "unknown", valid_until: "2028-03-31" }];
    expect(fact(place({ certificates }), "certificates")?.value).toBe("secnumcloud-3.2 (périmètre inconnu, jusqu’au 31 mars 2028)");
    const price = { input: 0.4, output: 2, currency: "EUR" };
    expect(fact(place({ price }), "price")?.value?.replace(/\s/g, " ")).toBe("0,40 € par million de jetons lus, 2,00 € par million de jetons écrits");
    expect(money(0.00042, "EUR", "fr").replace(/\s/g, " ")).toBe("0,0004 €");
    expect(money(3, "not a code", "fr")).toBe("3 not a code");
  });

  it("says once what opens a class", () => {
    const missing = { code: "seat-unknown", rule: "personal", field: "seat", found: "unknown", required: "FR", remedy: "establish" } as Missing;
    expect(lacks([missing, { ...missing }], fr)).toEqual([{ why: "siège de l’opérateur inconnu", mend: "établir ce fait et l’inscrire sur la fiche (Siège)" }]);
  });
});

describe("a new place", () => {
  it("is named after its host", () => {
    for (const [url, name] of [
      ["https://api.mistral.ai/v1", "mistral"],
      ["https://llm.mairie.example:8443/v1", "mairie"],
      ["http://vllm:8000/v1", "vllm"],
      ["http://10.0.0.5:8000/v1", ""],
      ["http://localhost:8000", ""],
      ["n’importe quoi", ""],
    ] as const) expect([url, nameOf(url)]).toEqual([url, name]);
  });

  it("is sent without what was not said", () => {
    const described = { name: " a ", url: "u", model: "m", key: "", own: true, provider: "oublié", route: "" };
    expect(sent(described, null)).toEqual({ name: "a", url: "u", model: "m", own_premises: true });
    expect(sent({ ...described, own: false, key: " sk ", route: "r" }, false)).toEqual({
      name: "a", url: "u", model: "m", own_premises: false, provider: "oublié", key: "sk", route: "r", stream: false,
    });
  });
});

describe("limits", () => {
  const standing = (more: Partial<Standing>): Standing => ({ limit: "a", kind: "key", name: "k", what: "tokens", most: 100, used: 0, reserved: 0, left: 100, ...more });

  it("are used by what is spent and what is held back", () => {
    expect(share(standing({ used: 30, reserved: 20 }))).toBe(0.5);
    expect(share(standing({ used: 120 }))).toBe(1);
    expect(share(standing({ most: 0 }))).toBe(1);
  });

  it("are budgets where they have a period, else rates", () => {
    expect(isBudget(standing({ what: "budget-tokens", per: "month" }))).toBe(true);
    expect(isBudget(standing({ what: "requests" }))).toBe(false);
  });

  it("stand in the order of what is used of them", () => {
    const all = [standing({ limit: "b" }), standing({ limit: "c", used: 90 }), standing({ limit: "a" })];
    expect(inOrder(all).map((one) => one.limit)).toEqual(["c", "a", "b"]);
  });

  it("tell amounts in their unit", () => {
    expect(amount(12.5, standing({ currency: "EUR" }), "en")).toBe("€12.50");
    expect(amount(1234, standing({}), "en")).toBe("1,234");
  });
});

describe("a place that is withdrawn", () => {
  it("says so, and what to do about it, in both languages", () => {
    for (const words of [fr, en]) {
      const missing: Missing[] = [{ code: "withdrawn", rule: "withdrawn", line: 0, field: "seat", found: "US", required: "", remedy: "lift" }];
      const [told] = lacks(missing, words);
      expect(told?.why).toBe(words.reasons["withdrawn"]);
      expect(told?.mend).toBe(words.rooms.card.remedies.lift("", ""));
    }
  });
});
