// What the first screen asks: questions made of titles and headings that the reader may read, one a document, from each
// collection in turn.
import { plainName } from "../markdown/links";

export interface Hit {
  filename: string;
  attributes: { heading: string };
}

export interface Invitation {
  title: string;
  heading: string;
}

/** The most invitations. */
const MOST = 4;

/** The title and the heading that a passage stands under; nothing where there are not both, or they are too long to be read at a glance. */
export function invitationOf(hit: Hit): Invitation | null {
  const parts = hit.attributes.heading.split(" > ").map((part) => bare(plainName(part)));
  const [title, heading] = [parts[0] ?? "", parts.at(-1) ?? ""];
  const fits = parts.length > 1 && title.length <= 60 && heading.length >= 4 && heading.length <= 48;
  return fits && ![title, heading].some(shouted) ? { title, heading } : null;
}

/** A heading without its number: « Article 2. Inscription » is « Inscription ». */
function bare(heading: string): string {
  return heading.replace(/^(?:(?:article|chapitre|titre|section|annexe|partie|chapter|part|appendix)\s+)?(?:\d+(?:\.\d+)+\.?(?=\s)|[\dIVX]+\s*[.):–-]|\d+(?=\s))\s*/i, "").trim() || heading;
}

function shouted(text: string): boolean {
  return text === text.toLocaleUpperCase() && /\p{L}{4}/u.test(text);
}

/** Invitations, taken in turn from each collection. */
export function invite(collections: Hit[][]): Invitation[] {
  const chosen: Invitation[] = [];
  const queues = collections.map((hits) => hits.map(invitationOf).filter((one) => one !== null));
  for (let taken = true; taken && chosen.length < MOST; ) {
    taken = false;
    for (const queue of queues) {
      const at = queue.findIndex((one) => !chosen.some((other) => other.title === one.title));
      const [one] = at < 0 ? [] : queue.splice(at, 1);
      if (!one || chosen.length >= MOST) continue;
      chosen.push(one);
      taken = true;
    }
  }
  return chosen;
}
