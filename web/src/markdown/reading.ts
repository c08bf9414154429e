// A text that is still being written. Only its last block is read again when more comes: what stands before it cannot change,
// so an answer of any length stays cheap to show.
import { blocks, read, tokensOf } from "./read";
import type { Block } from "./tree";

export class Reading {
  #source = "";
  #settled: Block[] = [];
  #from = 0;

  /** The whole text so far. */
  get source(): string {
    return this.#source;
  }

  /** Takes more of the text and gives all blocks; those that stand already are the same objects as before. */
  append(piece: string): Block[] {
    this.#source += piece;
    const tokens = tokensOf(this.#source.slice(this.#from));
    let last = tokens.length - 1;
    while (last > 0 && tokens[last]?.type === "space") last -= 1;
    const settled = tokens.slice(0, Math.max(0, last));
    this.#settled.push(...blocks(settled, 0));
    this.#from += settled.reduce((sum, token) => sum + token.raw.length, 0);
    return [...this.#settled, ...blocks(tokens.slice(settled.length), 0)];
  }

  /** The blocks of the finished text, in which links may point to definitions that came later. */
  finish(): Block[] {
    return /^ {0,3}\[[^\]\n]+\]:/m.test(this.#source) ? read(this.#source) : this.append("");
  }
}
