// Where another place went on with an answer. While the text is read, a sign of the private use area stands at each seam, one sign
// for each; signs that a model writes are taken out.
const FIRST = 0xf700;
const MOST = 32;

export const SIGN = /[\uf700-\uf71f]/;
const SIGNS = /[\uf700-\uf71f]/g;

/** A text without such signs. */
export function bare(text: string): string {
  return SIGN.test(text) ? text.replace(SIGNS, "") : text;
}

/** The numbers of the seams whose signs stand in a text. */
export function seamsIn(text: string): number[] {
  return SIGN.test(text) ? (text.match(SIGNS) ?? []).map((sign) => sign.charCodeAt(0) - FIRST) : [];
}

/** What may stand at the beginning of a line without being text: a sign there would change what the line is. */
const MARKUP = /^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)]|#{1,6}|\||`{3,}[^`\n]*|~{3,}[^~\n]*)[ \t]*)?$/;

/** The text with the sign of each seam; `places` count characters, not parts of them. A seam at the beginning of a line is shown at
 * the end of the one before. */
export function marked(text: string, places: number[]): string {
  const clean = bare(text);
  let made = "";
  let from = 0;
  let counted = 0;
  let at = 0;
  places.slice(0, MOST).forEach((place, number) => {
    while (counted < place && at < clean.length) {
      at += (clean.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
      counted += 1;
    }
    const line = clean.lastIndexOf("\n", at - 1) + 1;
    const before = MARKUP.test(clean.slice(line, at)) ? clean.slice(0, line).trimEnd().length : at;
    if (before === 0 || before < from) return;
    made += clean.slice(from, before) + String.fromCharCode(FIRST + number);
    from = before;
  });
  return made + clean.slice(from);
}
