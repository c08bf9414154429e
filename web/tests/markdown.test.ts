// What a hostile text becomes: words, and nothing that runs, loads or leads astray.
import { describe, expect, it } from "vitest";
import { Reading } from "../src/markdown/reading";
import { plain, read } from "../src/markdown/read";
import { plainName, safeHref } from "../src/markdown/links";
import type { Block, Inline } from "../src/markdown/tree";

const KINDS = new Set([
  "heading", "paragraph", "list", "quote", "code", "table", "math", "rule",
  "text", "strong", "em", "del", "link", "image", "cite", "seam", "checkbox", "break",
]);

/** Every node of a tree. */
function* nodes(value: unknown): Generator<Block | Inline> {
  if (Array.isArray(value)) for (const one of value) yield* nodes(one);
  else if (value && typeof value === "object") {
    if ("kind" in value) yield value as Block | Inline;
    for (const part of Object.values(value)) yield* nodes(part);
  }
}

const links = (source: string) => [...nodes(read(source))].flatMap((node) => ("href" in node && node.href ? [node.href] : []));
const first = (source: string) => read(source)[0];

describe("hostile text", () => {
  const HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "text <svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg> text",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&colon;alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example/path)",
    "[x](https://user:secret@evil.example/)",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    "[x][r]\n\n[r]: javascript:alert(1)",
    "| <script>alert(1)</script> |\n| --- |\n| <img src=x onerror=alert(1)> |",
    "`<script>`\n\n```html\n<script>alert(1)</script>\n```",
    "# <style>*{display:none}</style>",
    "- <base href='https://evil.example/'>\n- <form action='https://evil.example/'><input>",
    "<!-- <script> --> <![CDATA[x]]> <?php x ?> <!DOCTYPE html>",
  ];
  for (const source of HOSTILE) {
    it(`is words: ${source.slice(0, 40)}`, () => {
      for (const node of nodes(read(source))) expect(KINDS).toContain(node.kind);
      for (const href of links(source)) expect(href).toMatch(/^(https?|mailto):/);
      expect(links(source).filter((href) => /evil|secret/.test(href))).toEqual([]);
    });
  }

  it("shows HTML as it was written", () => {
    expect(first("<script>alert(1)</script>")).toEqual({
      kind: "paragraph",
      children: [{ kind: "text", text: "<script>alert(1)</script>" }],
    });
  });

  it("never loads an image from elsewhere", () => {
    expect(first("![plan](https://tracker.example/p.png?q=1)")).toEqual({
      kind: "paragraph",
      children: [{ kind: "image", alt: "plan", href: "https://tracker.example/p.png?q=1" }],
    });
  });

  it("stands what is nested very deep", { timeout: 60_000 }, () => {
    for (const source of [">".repeat(20_000) + " x", "- ".repeat(1_000) + "x", "[".repeat(5_000), "*".repeat(20_000) + "a", "$".repeat(2_000)]) {
      expect([...nodes(read(source))].length).toBeGreaterThan(0);
    }
  });

  it("reads no block that is longer than any answer's", () => {
    const source = "_a[".repeat(20_000);
    expect(read(source)).toEqual([{ kind: "paragraph", children: [{ kind: "text", text: source }] }]);
  });

  it("takes what hides out of names", () => {
    expect(plainName("rapport\u202Efdp.exe")).toBe("rapportfdp.exe");
    expect(plainName("a\u0000b\n\u200bc")).toBe("abc");
    expect(plainName("<img src=x onerror=alert(1)>.pdf")).toBe("<img src=x onerror=alert(1)>.pdf");
  });
});

describe("links", () => {
  it("lead to the web and to mailboxes", () => {
    expect(safeHref("https://legifrance.gouv.fr/x")).toBe("https://legifrance.gouv.fr/x");
    expect(safeHref("mailto:mairie@example.fr")).toBe("mailto:mairie@example.fr");
    expect(safeHref(" java\nscript:alert(1)")).toBeNull();
    expect(safeHref("/admin/users")).toBeNull();
  });
});

describe("what answers hold", () => {
  it("knows citations from links", () => {
    expect(first("Deux jours [1][12]. Voir [1](https://a.fr).")).toMatchObject({
      children: [
        { kind: "text", text: "Deux jours " },
        { kind: "cite", number: 1 },
        { kind: "cite", number: 12 },
        { kind: "text" },
        { kind: "link", href: "https://a.fr/" },
        { kind: "text", text: "." },
      ],
    });
  });

  it("knows formulas from prices", () => {
    const kinds = (source: string) => [...nodes(read(source))].map((node) => node.kind);
    expect(kinds("Soit $x^2$ et \\(y\\).").filter((kind) => kind === "math")).toHaveLength(2);
    expect(kinds("De $5 à $10, ou 5 $ et 10 $.")).not.toContain("math");
    expect(first("$$\n\\int_0^1 x\\,dx\n$$")).toEqual({ kind: "math", tex: "\\int_0^1 x\\,dx" });
    expect(first("\\[ a + b \\]")).toEqual({ kind: "math", tex: "a + b" });
  });

  it("reads tables, lists and code", () => {
    expect(first("| a | b |\n| :- | -: |\n| 1 | x<br>y |")).toMatchObject({
      kind: "table",
      head: [{ align: "left" }, { align: "right" }],
      rows: [[{}, { children: [{ text: "x" }, { kind: "break" }, { text: "y" }] }]],
    });
    expect(first("3. a\n4. b")).toMatchObject({ kind: "list", ordered: true, start: 3, items: [[{ children: [{ text: "a" }] }], [{}]] });
    expect(first("```Rust ignore\nfn a() {}\n```")).toEqual({ kind: "code", language: "rust", text: "fn a() {}" });
    expect(first("## Titre &eacute;&#x2014;")).toEqual({ kind: "heading", level: 4, children: [{ kind: "text", text: "Titre é—" }] });
    expect(plain([{ kind: "strong", children: [{ kind: "text", text: "a" }] }, { kind: "break" }, { kind: "code", text: "b" }])).toBe("a b");
  });
});

describe("a text that is still written", () => {
  const SOURCE = "# Un\n\nDeux **trois** [1]\n\n- a\n- b\n  - c\n\n```js\nlet x = 1;\n\nlet y;\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nfin\n---\n\n> q\n";

  it("ends as the whole text reads, whatever the pieces", () => {
    for (const size of [1, 2, 3, 7, 20, 1000]) {
      const reading = new Reading();
      for (let at = 0; at < SOURCE.length; at += size) reading.append(SOURCE.slice(at, at + size));
      expect(reading.finish().flat()).toEqual(read(SOURCE));
    }
  });

  it("keeps what stands", () => {
    const reading = new Reading();
    const before = reading.append("a\n\nb\n\nc");
    const after = reading.append(" d\n\ne");
    expect(after.flat()[0]).toBe(before.flat()[0]);
    expect(after.flat()[1]).toBe(before.flat()[1]);
  });

  it("reads only its end again", () => {
    const reading = new Reading();
    let before = reading.append("Première phrase.\n\n");
    for (let at = 0; at < 500; at += 1) {
      const after = reading.append(`Phrase ${at} d'une réponse **longue** [1].\n\n`);
      // Full groups are the same objects, so that nothing in them is drawn again.
      expect(after.slice(0, before.length - 1).every((group, index) => group === before[index])).toBe(true);
      before = after;
    }
    expect(before.length).toBeGreaterThan(10);
    expect(reading.finish().flat()).toHaveLength(501);
  });

  it("resolves links whose definition comes last", () => {
    const reading = new Reading();
    reading.append("Voir [la loi][l].\n\nFin.\n\n");
    reading.append("[l]: https://legifrance.gouv.fr/\n");
    expect(reading.finish().flat()).toEqual(read(reading.source));
    expect(links(reading.source)).toEqual(["https://legifrance.gouv.fr/"]);
  });
});
