// Numbers, dates and names as people write them.
import { describe, expect, it } from "vitest";
import { age, duration, day, hour, moment, number, size, wordsIn } from "../src/app/format";
import { accentFor, contrast } from "../src/app/accent";
import { answerMarkdown, conversationJson, fileName, type Said } from "../src/chat/export";
import { split } from "../src/chat/passage";
import { fr } from "../src/messages/fr";

const at = new Date(2026, 10, 21, 14, 5).getTime();

describe("French", () => {
  it("writes numbers, days and hours", () => {
    expect(number(1234567, "fr")).toBe("1\u202f234\u202f567");
    expect(day(at, "fr")).toBe("21 novembre 2026");
    expect(hour(at, "fr")).toBe("14\u00a0h\u00a005");
    expect(moment(at, "fr")).toBe("21 novembre 2026 à 14\u00a0h\u00a005");
    expect(size(1, "fr")).toBe("1\u00a0octets");
    expect(size(12_500, "fr")).toBe("13\u00a0ko");
    expect(size(1_250_000, "fr")).toBe("1,3\u00a0Mo");
  });

  it("counts none and one alike", () => {
    expect(fr.line.sources(0)).toBe("0\u00a0source");
    expect(fr.line.sources(1)).toBe("1\u00a0source");
    expect(fr.line.sources(2)).toBe("2\u00a0sources");
    expect(fr.chat.ended(212, 4)).toBe("Réponse terminée\u00a0: 212\u00a0mots, 4\u00a0sources.");
  });
});

describe("English", () => {
  it("writes numbers, days and hours", () => {
    expect(number(1234567, "en")).toBe("1,234,567");
    expect(moment(at, "en")).toBe("21 November 2026 at 14:05");
  });
});

describe("a list", () => {
  it("knows how old a conversation is", () => {
    const hours = (value: number) => age(at - value * 3_600_000, at);
    expect([hours(0), hours(14), hours(15), hours(39), hours(24 * 5), hours(24 * 20), hours(24 * 400)]).toEqual([
      "today", "today", "yesterday", "week", "week", "month", "older",
    ]);
  });
});

describe("text", () => {
  it("has words", () => {
    expect(wordsIn("L’agent peut télétravailler deux jours, c'est-à-dire 40 %. [1]")).toBe(8);
  });

  it("is cut by characters, not by halves of them", () => {
    const window = { text: "👩‍🚒é passage 𝒳 fin", start: 5, end: 12, offset: 100, before: true, after: false };
    expect(split(window)).toEqual({ before: "👩‍🚒é ", cited: "passage", after: " 𝒳 fin" });
    expect(split({ ...window, start: 400, end: 2 })).toEqual({ before: window.text, cited: "", after: "" });
  });
});

describe("an accent", () => {
  it("is made readable, whatever the organisation chose", () => {
    for (const given of ["#000091", "#ffdd00", "#ff0000", "#00ffff", "#777777", "#ffffff", "#000000"]) {
      for (const scheme of ["light", "dark"] as const) {
        const made = accentFor(given, scheme);
        const ground = scheme === "light" ? "#eaece4" : "#1d221d";
        expect(contrast(made?.accent ?? "#888888", ground)).toBeGreaterThanOrEqual(4.5);
        expect(contrast(made?.accent ?? "#888888", made?.on ?? "#888888")).toBeGreaterThanOrEqual(4.5);
      }
    }
    expect(accentFor("red", "light")).toBeNull();
    expect(accentFor("#000091", "light")?.accent).toBe("#000091");
  });
});

describe("what something took", () => {
  it.each([
    [40, "0,1\u00a0s"],
    [820, "0,8\u00a0s"],
    [9_940, "9,9\u00a0s"],
    [9_960, "10\u00a0s"],
    [59_600, "1\u00a0min"],
    [125_000, "2\u00a0min 5\u00a0s"],
  ])("%i ms is %s", (milliseconds, told) => expect(duration(milliseconds, "fr")).toBe(told));
});

describe("what is taken elsewhere", () => {
  const said: Said = {
    id: "main/17", parent: null, question: "Combien ?", answer: "Deux jours [1].", reasoning: "La charte d’abord.", state: "answered", created: at, route: "default",
    label: { class: "internal" }, target: "local", model: "extractive/1", entered: true, why: null, seams: [],
    sources: [{ number: 1, document: "d", version: 1, title: "Charte", path: "charte.md", heading: ["Charte", "Jours"], start: 0, end: 9, text: "Deux\njours" }],
  };

  it("keeps its sources", () => {
    expect(answerMarkdown(said, fr)).not.toContain("La charte d’abord.");
    expect(answerMarkdown(said, fr)).toBe(
      "Deux jours [1].\n\n**Sources**\n\n[1] Charte — Charte › Jours\n> Deux\n> jours\n\n_«\u00a0local\u00a0», modèle extractive/1 · Étiquette\u00a0: Interne · Entrée du registre\u00a0: main/17_",
    );
    expect(JSON.parse(conversationJson("c1", "Titre", [said]))).toMatchObject({
      format: "trousseau-conversation/1",
      turns: [{ entry: "main/17", reasoning: "La charte d’abord.", citations: [{ number: 1 }] }],
    });
  });

  it("says where another place went on", () => {
    const taken = { ...said, seams: [{ from: "nuage", to: "local", at: 5, error: "model-cut" }] };
    expect(answerMarkdown(taken, fr)).toContain("· Interrompue chez «\u00a0nuage\u00a0» et poursuivie chez «\u00a0local\u00a0» ·");
    expect(JSON.parse(conversationJson("c1", "Titre", [taken])).turns[0].seams).toEqual(taken.seams);
    expect(conversationJson("c1", "Titre", [said])).not.toContain("seams");
  });

  it("has a name that every file system takes", () => {
    expect(fileName("Congés & « télétravail » / été 2026 ?", "md")).toBe("conges-teletravail-ete-2026.md");
    expect(fileName("../../../etc/passwd\u0000", "json")).toBe("etc-passwd.json");
    expect(fileName("\u202e???", "md")).toBe("conversation.md");
  });
});
