// A text that is still being written. Only its last block is read again when more comes: what stands before it cannot change.
// Blocks come in groups, and a group that is full stays the same object, so that an answer of any length stays cheap to show.
import { blocks, read, tokensOf } from "./read";
import type { Block } from "./tree";

/** How many blocks a full group has. */
const FULL = 40;

export class Reading {
  #source = "";
  #full: Block[][] = [];
  #open: Block[] = [];
  #from = 0;

  /** The whole text so far. */
  get source(): string {
    return this.#source;
  }

  /** Takes more of the text and gives all groups. */
  append(piece: string): Block[][] {
    this.#source += piece;
    const tokens = tokensOf(this.#source.slice(this.#from));
    let last = tokens.length - 1;
    while (last > 0 && tokens[last]?.type === "space") last -= 1;
    const settled = tokens.slice(0, Math.max(0, last));
    for (const block of blocks(settled, 0)) this.#settle(block);
    this.#from += settled.reduce((sum, token) => sum + token.raw.length, 0);
    return this.#groups(blocks(tokens.slice(settled.length), 0));
  }

  /** The groups of the finished text, in which links may point to definitions that came later. */
  finish(): Block[][] {
    if (!/^ {0,3}\[[^\]\n]+\]:/m.test(this.#source)) return this.append("");
    this.#full = [];
    this.#open = [];
    for (const block of read(this.#source)) this.#settle(block);
    return this.#groups([]);
  }

  #settle(block: Block): void {
    if (this.#open.length === FULL) {
      this.#full.push(this.#open);
      this.#open = [];
    }
    this.#open.push(block);
  }

  #groups(growing: Block[]): Block[][] {
    const rest = [...this.#open, ...growing];
    return rest.length > 0 ? [...this.#full, rest] : [...this.#full];
  }
}
