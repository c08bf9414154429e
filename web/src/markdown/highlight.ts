// Colours of code, loaded when a block of that language is shown first. What comes back are parts with a kind; no HTML.
import type { LanguageFn } from "highlight.js";

export interface Part {
  kind: "key" | "string" | "number" | "note" | "name" | null;
  text: string;
}

type Load = () => Promise<{ default: LanguageFn }>;

const LANGUAGES: Record<string, Load> = {
  bash: () => import("highlight.js/lib/languages/bash"),
  css: () => import("highlight.js/lib/languages/css"),
  diff: () => import("highlight.js/lib/languages/diff"),
  ini: () => import("highlight.js/lib/languages/ini"),
  java: () => import("highlight.js/lib/languages/java"),
  javascript: () => import("highlight.js/lib/languages/javascript"),
  json: () => import("highlight.js/lib/languages/json"),
  php: () => import("highlight.js/lib/languages/php"),
  python: () => import("highlight.js/lib/languages/python"),
  rust: () => import("highlight.js/lib/languages/rust"),
  sql: () => import("highlight.js/lib/languages/sql"),
  typescript: () => import("highlight.js/lib/languages/typescript"),
  xml: () => import("highlight.js/lib/languages/xml"),
  yaml: () => import("highlight.js/lib/languages/yaml"),
};

const OTHERS: Record<string, string> = {
  sh: "bash", shell: "bash", zsh: "bash", console: "bash", toml: "ini", js: "javascript", jsx: "javascript", mjs: "javascript",
  ts: "typescript", tsx: "typescript", py: "python", python3: "python", html: "xml", svg: "xml", yml: "yaml", rs: "rust",
  patch: "diff", jsonc: "json", psql: "sql", postgresql: "sql", conf: "ini",
};

/** Code longer than this stays plain, in characters. */
const LONGEST = 60_000;

const KINDS: [RegExp, Part["kind"]][] = [
  [/comment|quote|meta|deletion/, "note"],
  [/string|regexp|addition|char|symbol/, "string"],
  [/number|literal/, "number"],
  [/keyword|built_in|selector|tag|operator|doctag/, "key"],
  [/title|name|type|attr|variable|property|section|params/, "name"],
];

/** The parts of a code, or nothing where its language is not known or it is too long. */
export async function highlight(code: string, language: string): Promise<Part[] | null> {
  const name = OTHERS[language] ?? language;
  const load = Object.hasOwn(LANGUAGES, name) ? LANGUAGES[name] : undefined;
  if (!load || code.length > LONGEST) return null;
  const [{ default: colours }, grammar] = await Promise.all([import("highlight.js/lib/core"), load()]);
  colours.registerLanguage(name, grammar.default);
  return partsOf(colours.highlight(code, { language: name, ignoreIllegals: true }).value);
}

const PIECE = /<span class="([^"]*)">|<\/span>|&(amp|lt|gt|quot|#x27);|[^<&]+|[<&]/g;
const REFERENCES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#x27": "'" };

/** The parts that highlight.js's markup tells of. It is cut here and never given to the browser to read. */
export function partsOf(markup: string): Part[] {
  const parts: Part[] = [];
  const kinds: Part["kind"][] = [null];
  for (const [whole, names, reference] of markup.matchAll(PIECE)) {
    const kind = kinds.at(-1) ?? null;
    if (names !== undefined) kinds.push(KINDS.find(([pattern]) => pattern.test(names))?.[1] ?? kind);
    else if (whole === "</span>") kinds.pop();
    else {
      const text = reference === undefined ? whole : (REFERENCES[reference] ?? whole);
      const last = parts.at(-1);
      if (last?.kind === kind) last.text += text;
      else parts.push({ kind, text });
    }
  }
  return parts;
}
