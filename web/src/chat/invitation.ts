// Which documents the first screen asks about: titles that read well, from different collections first.
import { plainName } from "../markdown/links";

export interface Hit {
  name: string;
  text: string;
}

/** The most invitations. */
const MOST = 4;

/** The title of a document: its first heading or line where that is short, else its file's name in words. */
export function titleOf(hit: Hit): string {
  const line = hit.text
    .split("\n")
    .map((one) => plainName(one.replace(/^#+\s*/, "")))
    .find((one) => one !== "");
  if (line && line.length >= 4 && line.length <= 70) return line.replace(/[.:;,]$/, "");
  const stem = plainName(hit.name.replace(/^.*\//, "").replace(/\.[a-z0-9]{1,5}$/i, "")).replace(/[-_]+/g, " ");
  return stem.charAt(0).toLocaleUpperCase() + stem.slice(1);
}

/** Titles to ask about, taken in turn from each collection. */
export function invite(collections: Hit[][]): string[] {
  const titles: string[] = [];
  for (let at = 0; at < MOST; at += 1) {
    for (const hits of collections) {
      const hit = hits[at];
      const title = hit && titleOf(hit);
      if (title && !titles.includes(title)) titles.push(title);
    }
  }
  return titles.slice(0, MOST);
}
