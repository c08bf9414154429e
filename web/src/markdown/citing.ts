// What the numbers in a text stand for, told by the answer that the text belongs to.
import { getContext, setContext } from "svelte";

export interface Citing {
  /** Whether a number is a source of this answer. */
  knows: (number: number) => boolean;
  title: (number: number) => string;
  open: (number: number) => void;
}

const KEY = Symbol("citing");

export function provideCiting(citing: Citing): void {
  setContext(KEY, citing);
}

export function citing(): Citing | undefined {
  return getContext<Citing | undefined>(KEY);
}
