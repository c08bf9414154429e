// What is not in Markdown but in answers: numbers of citations, `[2]`, seams, and mathematics as models write it:
// $...$, $$...$$, \(...\), \[...\].
import type { TokenizerExtension, Tokens } from "marked";
import { seamsIn, SIGN } from "./seams";

export interface Marked extends Tokens.Generic {
  type: "cite" | "seam" | "mathInline" | "mathBlock";
  value: string;
}

const token = (type: Marked["type"], raw: string, value: string): Marked => ({ type, raw, value });

const cite: TokenizerExtension = {
  name: "cite",
  level: "inline",
  start: (source) => /\[\d/.exec(source)?.index,
  tokenizer(source) {
    const found = /^\[(\d{1,3})\](?!\(|\[(?!\d))/.exec(source);
    return found ? token("cite", found[0], found[1] ?? "") : undefined;
  },
};

const seam: TokenizerExtension = {
  name: "seam",
  level: "inline",
  start: (source) => SIGN.exec(source)?.index,
  tokenizer: (source) => (source && SIGN.test(source.charAt(0)) ? token("seam", source.charAt(0), String(seamsIn(source.charAt(0))[0])) : undefined),
};

// A dollar opens a formula when no blank follows it, and closes one when no blank stands before it and no digit behind:
// « 5 $ et 10 $ » is none.
const mathInline: TokenizerExtension = {
  name: "mathInline",
  level: "inline",
  start: (source) => /\$|\\[([]/.exec(source)?.index,
  tokenizer(source) {
    const found =
      /^\$\$([^$\n]{1,2000}?)\$\$/.exec(source) ??
      /^\\\(([^\n]{1,2000}?)\\\)/.exec(source) ??
      /^\\\[([^\n]{1,2000}?)\\\]/.exec(source) ??
      /^\$(?![\s$])((?:\\.|[^$\\\n]){1,2000}?)(?<![\s\\])\$(?![\d$])/.exec(source);
    return found ? token("mathInline", found[0], (found[1] ?? "").trim()) : undefined;
  },
};

const mathBlock: TokenizerExtension = {
  name: "mathBlock",
  level: "block",
  start: (source) => /(?:^|\n) {0,3}(?:\$\$|\\\[)/.exec(source)?.index,
  tokenizer(source) {
    const found =
      /^ {0,3}\$\$[ \t]*\n?([\s\S]{1,8000}?)\n?[ \t]*\$\$[ \t]*(?:\n+|$)/.exec(source) ??
      /^ {0,3}\\\[[ \t]*\n?([\s\S]{1,8000}?)\n?[ \t]*\\\][ \t]*(?:\n+|$)/.exec(source);
    return found ? token("mathBlock", found[0], (found[1] ?? "").trim()) : undefined;
  },
};

export const extensions = [cite, seam, mathInline, mathBlock];
