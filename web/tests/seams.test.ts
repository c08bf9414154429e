// Where another place went on with an answer is shown where it is, or behind what it stands in; nothing else of the text changes.
import { describe, expect, it } from "vitest";
import { Reading } from "../src/markdown/reading";
import { read } from "../src/markdown/read";
import { bare, marked } from "../src/markdown/seams";

/** A tree in short: its words, and where seams are. */
function told(value: unknown): string {
  if (Array.isArray(value)) return value.map(told).join("");
  if (value === null || typeof value !== "object") return "";
  const node = value as Record<string, unknown>;
  if (node.kind === "seam") return `<${node.number}>`;
  const own = typeof node.text === "string" ? node.text : typeof node.tex === "string" ? node.tex : "";
  const block = ["paragraph", "heading", "list", "table"].includes(String(node.kind)) || "language" in node;
  const end = block ? "¶" : "";
  return own + told(node.children ?? node.items ?? (node.kind === "table" ? [node.head, node.rows] : [])) + end;
}

const shown = (text: string, ...places: number[]) => told(read(marked(text, places)));

describe("a seam", () => {
  it("stands where it is", () => {
    expect(shown("Le repas coûte 3 €.", 9)).toBe("Le repas <0>coûte 3 €.¶");
    expect(shown("Le repas **coûte** 3 €.", 13)).toBe("Le repas co<0>ûte 3 €.¶");
    expect(shown("Un, deux, trois.", 4, 10)).toBe("Un, <0>deux, <1>trois.¶");
    expect(shown("Fin.", 4)).toBe("Fin.<0>¶");
  });

  it("counts characters", () => {
    expect(shown("😀😀 oui", 3)).toBe("😀😀 <0>oui¶");
  });

  it("does not change what a line is", () => {
    expect(shown("Voici :\n\n- un\n- deux", 14)).toBe("Voici :¶un<0>¶deux¶¶");
    expect(shown("Voici :\n\n- un\n- deux", 16)).toBe("Voici :¶un<0>¶deux¶¶");
    expect(shown("Un.\n\n## Deux", 8)).toBe("Un.<0>¶Deux¶");
    expect(shown("Un.\n\n```js\nx\n```", 10)).toBe("Un.<0>¶x¶");
    expect(shown("- un", 2)).toBe("un¶¶");
  });

  it("stands behind code, formulas, tables and addresses", () => {
    expect(shown("```js\nlet x;\n```\n\nFin.", 9)).toBe("let x;¶<0>¶Fin.¶");
    expect(shown("Soit `let x`.", 8)).toBe("Soit let x.¶<0>¶");
    expect(shown("$$\nx + y\n$$", 5)).toBe("x + y<0>¶");
    expect(shown("| a | b |\n| --- | --- |\n| c | d |\n| e | f |", 35)).toBe("abcdef¶<0>¶");
    expect(shown("Voir https://exemple.org/a.", 17)).toBe("Voir https://exemple.org/a.¶<0>¶");
    const [block] = read(marked("Voir https://exemple.org/a", [17]));
    expect(JSON.stringify(block)).toContain('"href":"https://exemple.org/a"');
  });

  it("is no sign that a model writes", () => {
    expect(told(read(marked("Oui\uf700 non", [])))).toBe("Oui non¶");
    expect(bare("a\uf70bb")).toBe("ab");
  });

  it("is read the same in pieces", () => {
    const text = marked("Un.\n\nDeux et trois.\n\n- quatre\n- cinq", [10, 30]);
    const reading = new Reading();
    for (const sign of text) reading.append(sign);
    expect(told(reading.finish().flat())).toBe(told(read(text)));
  });
});
