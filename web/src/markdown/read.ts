// Markdown to a tree. `marked` cuts the text into tokens; only tokens that have a place in the tree get one, HTML stays text.
import { Marked, type Token, type Tokens } from "marked";
import { decode } from "./entities";
import { extensions, type Marked as Extended } from "./extensions";
import { safeHref } from "./links";
import { bare, seamsIn } from "./seams";
import type { Block, Cell, Inline } from "./tree";

const marked = new Marked({ gfm: true, breaks: true, extensions: [] });
marked.use({ extensions });

/** How deep quotes and lists may stand in each other. */
const DEPTH = 16;

/** The longest block that is read, in characters: what the lexer does grows with its square. Longer ones are shown as they are. */
const LONGEST = 40_000;

/** Headings of an answer stand below the page's own two levels. */
const BELOW = 2;

/** Reads a whole text. */
export function read(source: string): Block[] {
  return blocks(tokensOf(source), 0);
}

/** The tokens of a text. What the lexer cannot take (thousands of quotes in each other) is one plain paragraph. */
export function tokensOf(source: string): Token[] {
  const flat = source.replace(/^(?:[ \t]*>){24,}/gm, (marks) => marks.replace(/>/g, " "));
  const endless = flat.split(/\n[ \t]*\n/).some((block) => block.length > LONGEST && !/^ {0,3}(```|~~~)/.test(block));
  try {
    if (endless) throw new RangeError("a block is too long");
    // Same length, so that places in the text still hold.
    return marked.lexer(flat);
  } catch {
    return [{ type: "paragraph", raw: source, text: source, tokens: [{ type: "text", raw: source, text: source, escaped: false }] } as Token];
  }
}

/** The blocks of tokens. */
export function blocks(tokens: Token[], depth: number): Block[] {
  const made: Block[] = [];
  for (const token of tokens) {
    const block = blockOf(token, depth);
    if (block) made.push(block);
    // One that stands in code, a formula or an address is shown behind it.
    const lost = depth === 0 ? seamsIn(token.raw).filter((number) => !holds(block, number)) : [];
    if (lost.length > 0) made.push({ kind: "paragraph", children: lost.map((number) => ({ kind: "seam", number })) });
  }
  return made;
}

/** Whether a seam is shown somewhere in a block. */
function holds(part: unknown, number: number): boolean {
  if (Array.isArray(part)) return part.some((one) => holds(one, number));
  if (part === null || typeof part !== "object") return false;
  if ("kind" in part && part.kind === "seam") return (part as { number?: number }).number === number;
  return Object.values(part).some((one) => holds(one, number));
}

function blockOf(token: Token, depth: number): Block | null {
  if (depth > DEPTH) return { kind: "paragraph", children: [text(token.raw)] };
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading": {
      const heading = token as Tokens.Heading;
      return { kind: "heading", level: Math.min(6, heading.depth + BELOW), children: inlines(heading.tokens) };
    }
    case "code": {
      const code = token as Tokens.Code;
      return { kind: "code", language: bare(code.lang ?? "").split(/\s/)[0]?.toLowerCase() ?? "", text: bare(code.text) };
    }
    case "blockquote":
      return { kind: "quote", children: blocks((token as Tokens.Blockquote).tokens, depth + 1) };
    case "list": {
      const list = token as Tokens.List;
      const items = list.items.map((item) => blocks(item.tokens, depth + 1));
      return { kind: "list", ordered: list.ordered, start: typeof list.start === "number" ? list.start : 1, items };
    }
    case "table": {
      const table = token as Tokens.Table;
      const cells = (row: Tokens.TableCell[]): Cell[] => row.map((cell) => ({ children: inlines(cell.tokens), align: cell.align }));
      return { kind: "table", head: cells(table.header), rows: table.rows.map(cells) };
    }
    case "hr":
      return { kind: "rule" };
    case "mathBlock":
      return { kind: "math", tex: bare((token as Extended).value) };
    case "html":
      return { kind: "paragraph", children: [text(token.raw.trimEnd())] };
    default: {
      const inner = (token as Tokens.Paragraph).tokens;
      const children = inner ? inlines(inner) : inlines([token]);
      return children.length > 0 ? { kind: "paragraph", children } : null;
    }
  }
}

/** The level of each heading, by its place: the first stands right below the page's own, and none skips a level. */
export function headingLevels(all: Block[]): Map<number, number> {
  const levels = new Map<number, number>();
  let first: number | null = null;
  let last = BELOW;
  all.forEach((block, at) => {
    if (block.kind !== "heading") return;
    first ??= block.level;
    last = Math.min(6, last + 1, Math.max(BELOW + 1, BELOW + 1 + block.level - first));
    levels.set(at, last);
  });
  return levels;
}

function inlines(tokens: Token[], depth = 0): Inline[] {
  const made: Inline[] = [];
  for (const token of tokens) {
    const inline = depth > DEPTH ? text(token.raw) : inlineOf(token, depth);
    const last = made.at(-1);
    if (inline.kind === "text" && last?.kind === "text") made[made.length - 1] = text(last.text + inline.text);
    else if (inline.kind !== "text" || inline.text !== "") made.push(inline);
  }
  return made;
}

const text = (value: string): Inline => ({ kind: "text", text: bare(value) });

function inlineOf(token: Token, depth: number): Inline {
  switch (token.type) {
    case "strong":
    case "em":
    case "del":
      return { kind: token.type, children: inlines((token as Tokens.Strong).tokens, depth + 1) };
    case "codespan":
      return { kind: "code", text: bare((token as Tokens.Codespan).text) };
    case "br":
      return { kind: "break" };
    case "checkbox":
      return { kind: "checkbox", checked: Boolean((token as Tokens.Checkbox).checked) };
    case "link": {
      const link = token as Tokens.Link;
      const children = inlines(link.tokens, depth + 1);
      const href = safeHref(decode(bare(link.href)));
      return href ? { kind: "link", href, children } : text(link.raw);
    }
    case "image": {
      const image = token as Tokens.Image;
      return { kind: "image", alt: decode(bare(image.text)), href: safeHref(decode(bare(image.href))) };
    }
    case "cite":
      return { kind: "cite", number: Number((token as Extended).value) };
    case "seam":
      return { kind: "seam", number: Number((token as Extended).value) };
    case "mathInline":
      return { kind: "math", tex: bare((token as Extended).value) };
    case "html":
      // Models break lines in tables this way.
      return /^<br\s*\/?>$/i.test(token.raw) ? { kind: "break" } : text(token.raw);
    case "escape":
      return text((token as Tokens.Escape).text);
    default: {
      const inner = (token as Tokens.Text).tokens;
      if (inner && inner.length > 0) return { kind: "em", children: inlines(inner, depth + 1) };
      return text(decode((token as Tokens.Text).text ?? token.raw));
    }
  }
}

/** The plain words of inline parts, for titles and for what is read aloud. */
export function plain(children: Inline[]): string {
  return children
    .map((child) => {
      switch (child.kind) {
        case "text":
        case "code":
          return child.text;
        case "math":
          return child.tex;
        case "image":
          return child.alt;
        case "break":
          return " ";
        case "strong":
        case "em":
        case "del":
        case "link":
          return plain(child.children);
        default:
          return "";
      }
    })
    .join("");
}
