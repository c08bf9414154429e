// What the numbers and the seams in a text stand for, told by the answer that the text belongs to.
import { getContext, setContext } from "svelte";

export interface Citing {
  /** Whether a number is a source of this answer. */
  knows: (number: number) => boolean;
  title: (number: number) => string;
  open: (number: number) => void;
  /** What is shown where another place went on, and what is to be said of it. */
  seam?: (number: number) => { text: string; hint: string } | null;
}

const KEY = Symbol("citing");

export function provideCiting(citing: Citing): void {
  setContext(KEY, citing);
}

export function citing(): Citing | undefined {
  return getContext<Citing | undefined>(KEY);
}
