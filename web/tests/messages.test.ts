// The two catalogues: complete in both, and set as each language sets it.
import { describe, expect, it } from "vitest";
import { en } from "../src/messages/en";
import { fr } from "../src/messages/fr";

type Leaf = string | ((...given: never[]) => string);

function* leaves(value: unknown, path: string): Generator<[string, Leaf]> {
  if (typeof value === "string" || typeof value === "function") yield [path, value as Leaf];
  else for (const [key, part] of Object.entries(value as object)) yield* leaves(part, `${path}.${key}`);
}

/** The text of a leaf, with something in its gaps. */
function text(leaf: Leaf): string {
  return typeof leaf === "string" ? leaf : (leaf as (...given: unknown[]) => string)(3, 4);
}

const french = new Map(leaves(fr, ""));
const english = new Map(leaves(en, ""));

describe("the catalogues", () => {
  it("have the same keys, of the same kind", () => {
    expect([...english.keys()].sort()).toEqual([...french.keys()].sort());
    for (const [key, leaf] of french) expect([key, typeof english.get(key), english.get(key)?.length ?? 0]).toEqual([key, typeof leaf, english.get(key)?.length ?? 0]);
  });

  it("leave nothing empty", () => {
    for (const [key, leaf] of [...french, ...english]) expect([key, text(leaf).trim()]).not.toEqual([key, ""]);
  });

  it("set French as French is set", () => {
    for (const [key, leaf] of french) {
      const said = text(leaf);
      if (said === "?") continue;
      expect([key, /(?<!\u202f)[;!?]/.test(said)]).toEqual([key, false]);
      expect([key, /(?<!\u00a0):/.test(said)]).toEqual([key, false]);
      expect([key, /«(?!\u00a0)|(?<!\u00a0)»/.test(said)]).toEqual([key, false]);
      expect([key, /\w'\w/.test(said)]).toEqual([key, false]);
      expect([key, /!|désolé|oups/i.test(said)]).toEqual([key, false]);
    }
  });
});
