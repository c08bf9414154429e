// Colours of code: the text stays what it was, to the character.
import { describe, expect, it } from "vitest";
import { highlight, partsOf } from "../src/markdown/highlight";

describe("colours", () => {
  const CODE = 'const a = "<b>&amp;</b>"; // \'x\' <script>\nif (a > 1 && b) { f(`${a}`) }\n';
  for (const language of ["ts", "js", "python", "html", "sql", "rust", "bash", "json"]) {
    it(`leave ${language} as it was written`, async () => {
      const parts = await highlight(CODE, language);
      expect(parts?.map((part) => part.text).join("")).toBe(CODE);
      expect(parts?.some((part) => part.kind !== null)).toBe(true);
    });
  }
  it("are not guessed", async () => {
    expect(await highlight("x", "klingon")).toBeNull();
    expect(await highlight("x", "constructor")).toBeNull();
    expect(await highlight("x".repeat(100_000), "js")).toBeNull();
  });
  it("know kinds within kinds", () => {
    expect(partsOf('a <span class="hljs-string">&quot;<span class="hljs-subst">x</span>&quot;</span> &lt;')).toEqual([
      { kind: null, text: "a " },
      { kind: "string", text: '"x"' },
      { kind: null, text: " <" },
    ]);
  });
});
