// A conversation as it is shown: its turns, the branch that is chosen, and the answers that are being made.
import { SvelteMap } from "svelte/reactivity";
import { ask, asFailure, type Failure } from "../api/client";
import { entryOf, type Class, type Conversation, type Page, type RecordSummary, type Running, type Tongue } from "../api/wire";
import { here } from "../app/session.svelte";
import { announcer } from "../app/announcer.svelte";
import { wordsIn } from "../app/format";
import { words } from "../app/words.svelte";
import { begin, followInto, stop, type Question } from "./live";
import { Branches } from "./tree";
import { Turn } from "./turn.svelte";

export interface Asking {
  route: string;
  collections: string[] | null;
}

interface ConversationPage {
  conversation: Conversation;
  records: Page<RecordSummary>;
}

/** The classes of labels, in their order. */
const CLASSES: Class[] = ["public", "internal", "personal", "sensitive", "restricted"];

export class Thread {
  id = $state<string | null>(null);
  title = $state("");
  language = $state<Tongue | null>(null);
  /** Whether nothing of it is kept: it is here alone, and gone when its reader leaves it. */
  unkept = $state(here.page.retention_days === 0);
  turns = $state.raw<Turn[]>([]);
  chosen = new SvelteMap<string, string>();
  loading = $state(false);
  failure = $state.raw<Failure | null>(null);
  readonly #end = new AbortController();
  /** Told when something changed that the list of conversations shows. */
  changed: () => void = () => undefined;

  branches = $derived(new Branches(this.turns.map((turn) => ({ id: turn.id, parent: turn.parent, turn }))));
  path = $derived(this.branches.path(this.chosen).map((twig) => twig.turn));
  live = $derived(this.path.find((turn) => turn.live !== null || turn.phase !== "done") ?? null);

  constructor(id: string | null) {
    this.id = id;
  }

  /** Lets go of what is followed; the answers go on. */
  close(): void {
    this.#end.abort();
  }

  async load(): Promise<void> {
    if (!this.id) return;
    this.loading = true;
    this.failure = null;
    try {
      await this.refresh();
    } catch (error) {
      this.failure = asFailure(error);
    } finally {
      this.loading = false;
    }
  }

  /** Reads the records and joins the answers that run: another tab may have asked. What is `outdated` is read anew. */
  async refresh(outdated?: Turn): Promise<void> {
    if (!this.id) return;
    const id = encodeURIComponent(this.id);
    const records: RecordSummary[] = [];
    let after = "";
    for (;;) {
      const page: ConversationPage = await ask(`api/conversations/${id}?limit=100${after}`);
      this.title = page.conversation.title;
      this.language = page.conversation.language ?? null;
      records.push(...page.records.items);
      const last = records.at(-1);
      if (!page.records.more || !last) break;
      after = `&after=${encodeURIComponent(entryOf(last))}`;
    }
    const running = await ask<{ items: Running[] }>(`api/answers?conversation=${id}`).catch(() => ({ items: [] }));
    if (outdated) this.turns = this.turns.filter((one) => one !== outdated);
    this.#merge(records, running.items);
  }

  #merge(records: RecordSummary[], running: Running[]): void {
    const known = new Map(this.turns.map((turn) => [turn.id, turn]));
    const lives = new Set(running.map((one) => one.id));
    let before: string | null = null;
    const turns: Turn[] = [];
    for (const record of records) {
      const id = entryOf(record);
      const parent: string | null = record.parent === undefined ? before : record.parent;
      before = id;
      const turn = known.get(id);
      known.delete(id);
      // What is still being answered comes with its stream.
      if (turn) turns.push(turn);
      else if (record.state !== "open" || running.length === 0) turns.push(Turn.recorded(record, parent));
      if (turn && turn.live === null && turn.state === "open") turn.take(record);
    }
    for (const turn of known.values()) if (!turn.entered && (turn.live === null || lives.has(turn.live) || turn.phase !== "done")) turns.push(turn);
    const followed = new Set(turns.map((turn) => turn.live));
    for (const one of running) {
      if (followed.has(one.id)) continue;
      const turn = new Turn(one.question, one.parent, "", one.created);
      turn.id = one.id;
      turns.push(turn);
      void this.#follow(turn, one.id);
    }
    this.turns = turns;
  }

  /** Asks a question after `parent`. */
  async ask(question: string, parent: Turn | null, asking: Asking): Promise<void> {
    const turn = new Turn(question, parent?.id ?? null, asking.route, Date.now(), !this.unkept);
    turn.id = `new-${crypto.getRandomValues(new Uint32Array(2)).join("")}`;
    turn.phase = "begun";
    this.turns = [...this.turns, turn];
    this.show(turn);
    await this.#send(turn, asking);
  }

  /** Sends a turn that could not be sent. */
  async resend(turn: Turn, asking: Asking): Promise<void> {
    turn.failure = null;
    turn.phase = "begun";
    await this.#send(turn, asking);
  }

  async #send(turn: Turn, asking: Asking): Promise<void> {
    try {
      const trousseau = await this.#options(turn);
      if (asking.collections) trousseau.collections = asking.collections;
      const { id, language } = await begin({ model: asking.route, messages: this.#messages(turn), trousseau });
      turn.asked = language ?? null;
      this.changed();
      await this.#follow(turn, id);
    } catch (error) {
      turn.failure = asFailure(error);
      turn.phase = "done";
      turn.state = "failed";
      turn.refusal = turn.failure.code;
    }
  }

  /** Where a question belongs. What is not kept belongs nowhere, and says itself how the answers before it were labelled. */
  async #options(turn: Turn): Promise<Question["trousseau"]> {
    if (this.unkept) {
      const labels = this.#above(turn).map((one) => one.label);
      if (labels.length === 0) return { keep: false };
      const highest = labels.reduce((most, one) => (CLASSES.indexOf(one.class) > CLASSES.indexOf(most) ? one.class : most), CLASSES[0]!);
      const tags = new Set(labels.flatMap((one) => one.tags ?? []));
      return { keep: false, label: [highest, ...tags].join("+") };
    }
    if (!this.id) {
      const made = await ask<Conversation>("api/conversations", { method: "POST" });
      this.id = made.id;
    }
    return { conversation: this.id, parent: turn.parent };
  }

  /** The whole branch up to a turn, as the model is given it. */
  #messages(turn: Turn): Question["messages"] {
    const messages: Question["messages"] = [];
    for (const one of this.#above(turn)) {
      if (one.state !== "answered" || one.answer === "") continue;
      messages.push({ role: "user", content: one.question }, { role: "assistant", content: one.answer });
    }
    return [...messages, { role: "user", content: turn.question }];
  }

  #above(turn: Turn): Turn[] {
    const above: Turn[] = [];
    const byId = new Map(this.turns.map((one) => [one.id, one]));
    const seen = new Set<string>([turn.id]);
    let at = turn.parent === null ? undefined : byId.get(turn.parent);
    while (at && !seen.has(at.id)) {
      seen.add(at.id);
      above.unshift(at);
      at = at.parent === null ? undefined : byId.get(at.parent);
    }
    return above;
  }

  async #follow(turn: Turn, id: string): Promise<void> {
    turn.live = id;
    if (turn.phase === "done") turn.phase = "begun";
    const before = turn.id;
    try {
      await followInto(turn, id, this.#end.signal);
    } catch (error) {
      // The server no longer keeps the events; the record tells how it ended.
      turn.live = null;
      turn.phase = "done";
      turn.state = "interrupted";
      if (asFailure(error).status === 404) {
        this.turns = this.turns.filter((one) => one !== turn);
        await this.refresh().catch(() => undefined);
      } else turn.failure = asFailure(error);
      return;
    }
    if (this.#end.signal.aborted) return;
    if (turn.expired) void this.#returned(turn);
    this.#renamed(before, turn.id);
    this.changed();
    if (turn.state === "refused") announcer.say(words().refusal.title);
    else if (turn.answered) announcer.say(words().chat.ended(wordsIn(turn.answer), turn.count));
  }

  /** The session ended while an answer was made: asks for a new one, then reads what was recorded of it. */
  async #returned(turn: Turn): Promise<void> {
    await here.check();
    while (here.expired && !this.#end.signal.aborted) await new Promise((done) => setTimeout(done, 200));
    if (this.#end.signal.aborted || !turn.kept || turn.entered) return;
    await this.refresh(turn).catch(() => undefined);
  }

  /** An answer that ended has its entry as its name; what pointed to it follows. */
  #renamed(before: string, after: string): void {
    if (before === after) return;
    for (const turn of this.turns) if (turn.parent === before) turn.parent = after;
    for (const [fork, id] of [...this.chosen]) {
      const value = id === before ? after : id;
      if (fork === before) this.chosen.delete(before);
      this.chosen.set(fork === before ? after : fork, value);
    }
    this.turns = [...this.turns];
  }

  async stop(turn: Turn): Promise<void> {
    if (!turn.live) return;
    turn.stopped = true;
    await stop(turn.live).catch(() => undefined);
  }

  /** Shows the branch in which a turn stands. */
  show(turn: Turn): void {
    const twig = { id: turn.id, parent: turn.parent, turn };
    for (const [fork, id] of this.branches.towards(twig)) this.chosen.set(fork, id);
  }

  siblings(turn: Turn): Turn[] {
    return this.branches.siblings({ id: turn.id, parent: turn.parent, turn }).map((twig) => twig.turn);
  }
}
