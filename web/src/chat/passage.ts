// A window of a document, cut at the passage. The server counts characters of Unicode, a string here counts UTF-16 units.
import type { Window } from "../api/wire";

/** The text before the passage, the passage, and what follows. */
export function split(window: Window): { before: string; cited: string; after: string } {
  const characters = Array.from(window.text);
  const start = Math.max(0, Math.min(characters.length, window.start));
  const end = Math.max(start, Math.min(characters.length, window.end));
  return {
    before: characters.slice(0, start).join(""),
    cited: characters.slice(start, end).join(""),
    after: characters.slice(end).join(""),
  };
}
