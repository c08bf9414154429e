// The tree of a conversation: regenerated answers, edited questions, and what is shown of them.
import { describe, expect, it } from "vitest";
import { Branches, type Twig } from "../src/chat/tree";

const turn = (id: string, parent: string | null): Twig => ({ id, parent });
const ids = (turns: Twig[]) => turns.map((one) => one.id);

describe("branches", () => {
  //  1 ── 2 ── 3
  //  │    └─── 5
  //  └─ 4
  const turns = [turn("1", null), turn("2", "1"), turn("3", "2"), turn("4", "1"), turn("5", "2")];
  const branches = new Branches(turns);

  it("show the newest of each fork unless another is chosen", () => {
    expect(ids(branches.path(new Map()))).toEqual(["1", "4"]);
    expect(ids(branches.path(new Map([["1", "2"]])))).toEqual(["1", "2", "5"]);
    expect(ids(branches.path(new Map([["1", "2"], ["2", "3"]])))).toEqual(["1", "2", "3"]);
  });

  it("count the versions of a question", () => {
    expect(ids(branches.siblings(turns[2] as Twig))).toEqual(["3", "5"]);
    expect(ids(branches.siblings(turns[0] as Twig))).toEqual(["1"]);
  });

  it("lead to any turn", () => {
    for (const goal of turns) {
      expect(ids(branches.path(new Map(branches.towards(goal))))).toContain(goal.id);
    }
  });

  it("stand what no server should send: a lost parent, itself as parent, a ring", () => {
    expect(ids(new Branches([turn("7", "gone"), turn("8", "7")]).path(new Map()))).toEqual(["7", "8"]);
    expect(ids(new Branches([turn("7", "7")]).path(new Map()))).toEqual(["7"]);
    const ring = [turn("a", "b"), turn("b", "a")];
    expect(new Branches(ring).path(new Map())).toEqual([]);
    expect(new Branches(ring).towards(ring[0] as Twig)).toHaveLength(2);
  });
});
