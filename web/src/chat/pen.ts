// Writes the text of an answer as it comes: once a frame, and no more in one frame than can be drawn in it, so that an answer that
// comes all at once does not hold the page up.
import { Reading } from "../markdown/reading";
import { bare, marked } from "../markdown/seams";
import type { Block } from "../markdown/tree";
import type { Turn } from "./turn.svelte";

/** How many characters are written in one frame: some hundred times what models write. */
const PER_FRAME = 2_500;

/** After how many milliseconds a page that nobody sees is written all the same: it draws no frames. */
const UNSEEN = 250;

export class Pen {
  #turn: Turn;
  #reading = new Reading();
  #waiting = "";
  #seams: number[] = [];
  #moving = false;
  #stop = () => {};
  #dry: (() => void)[] = [];

  constructor(turn: Turn) {
    this.#turn = turn;
  }

  /** Takes more of the text. */
  write(text: string): void {
    this.#waiting += bare(text);
    this.#later();
  }

  /** Another place goes on behind so many characters: everything that has come is read again with that. */
  seam(at: number): void {
    this.#seams.push(at);
    const text = bare(this.#reading.source) + this.#waiting;
    this.#reading = new Reading();
    this.#waiting = "";
    this.#show(this.#reading.append(marked(text, this.#seams)));
  }

  /** Waits until everything is written, and reads the text once more as a whole. */
  async finish(): Promise<void> {
    if (this.#waiting !== "") await new Promise<void>((done) => this.#dry.push(done));
    this.#turn.groups = this.#reading.finish();
  }

  #later(): void {
    if (this.#moving) return;
    this.#moving = true;
    const frame = requestAnimationFrame(() => this.#put());
    const timer = setTimeout(() => this.#put(), UNSEEN);
    this.#stop = () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }

  #put(): void {
    this.#stop();
    this.#moving = false;
    const most = document.hidden ? this.#waiting.length : PER_FRAME;
    const piece = this.#waiting.slice(0, most);
    this.#waiting = this.#waiting.slice(most);
    this.#show(this.#reading.append(piece));
    if (this.#waiting !== "") return this.#later();
    for (const done of this.#dry.splice(0)) done();
  }

  #show(groups: Block[][]): void {
    this.#turn.groups = groups;
    this.#turn.answer = bare(this.#reading.source);
  }
}
