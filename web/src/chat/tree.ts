// A conversation is a tree: each question follows an answer, or nothing; asked again or edited, it stands beside itself.

export interface Twig {
  id: string;
  /** The turn that this one follows; null at the root. */
  parent: string | null;
}

const ROOT = "";

export class Branches<Turn extends Twig> {
  readonly #children = new Map<string, Turn[]>();
  readonly #turns = new Map<string, Turn>();

  /** Turns in the order in which they were made. One whose parent is gone stands at the root. */
  constructor(turns: Iterable<Turn>) {
    for (const turn of turns) this.#turns.set(turn.id, turn);
    for (const turn of this.#turns.values()) {
      const parent = this.#parent(turn);
      this.#children.set(parent, [...(this.#children.get(parent) ?? []), turn]);
    }
  }

  #parent(turn: Turn): string {
    return turn.parent !== null && turn.parent !== turn.id && this.#turns.has(turn.parent) ? turn.parent : ROOT;
  }

  /** The versions of a question, the turn itself among them. */
  siblings(turn: Turn): Turn[] {
    return this.#children.get(this.#parent(turn)) ?? [turn];
  }

  /** What is shown: from the root, at each fork the chosen turn or the newest. */
  path(chosen: ReadonlyMap<string, string>): Turn[] {
    const path: Turn[] = [];
    const seen = new Set<string>();
    let at = ROOT;
    for (;;) {
      const children = this.#children.get(at) ?? [];
      const next = children.find((child) => child.id === chosen.get(at)) ?? children.at(-1);
      if (!next || seen.has(next.id)) return path;
      seen.add(next.id);
      path.push(next);
      at = next.id;
    }
  }

  /** The choices that show a turn: its own at each fork above it. */
  towards(turn: Turn): [fork: string, id: string][] {
    const choices: [string, string][] = [];
    const seen = new Set<string>();
    let at: Turn | undefined = turn;
    while (at && !seen.has(at.id)) {
      seen.add(at.id);
      const parent = this.#parent(at);
      choices.push([parent, at.id]);
      at = this.#turns.get(parent);
    }
    return choices;
  }
}
