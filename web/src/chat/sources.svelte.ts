// Which source is open in the panel.
import type { Turn } from "./turn.svelte";

class Sources {
  turn = $state.raw<Turn | null>(null);
  number = $state(0);
  #from: HTMLElement | null = null;

  open(turn: Turn, number: number): void {
    this.#from = document.activeElement as HTMLElement | null;
    this.turn = turn;
    this.number = number;
  }

  close(): void {
    this.turn = null;
    if (this.#from?.isConnected) this.#from.focus();
    this.#from = null;
  }
}

export const sources = new Sources();
