// One question and its answer, whether it is being answered or was long ago.
import type { Failure } from "../api/client";
import { entryOf, type Citation, type Feedback, type FullRecord, type Label, type Masked, type RecordSummary, type Rejection, type Seam, type State, type Thought, type Tongue, type Usage } from "../api/wire";
import { Reading } from "../markdown/reading";
import { marked } from "../markdown/seams";
import type { Block } from "../markdown/tree";
import { ask } from "../api/client";

/** How far an answer is. */
export type Phase = "begun" | "searching" | "waiting" | "loading" | "queued" | "writing" | "done";

/** Why an answer was made where it was made. */
export interface Why {
  permitted: string[];
  rejected: Rejection[];
  raises: { origin: string; name: string; label: Label }[];
  /** What was replaced by pseudonyms for whoever answered. */
  masked?: Masked | undefined;
}

export class Turn {
  /** The entry of the ledger once there is one; before, the answer's own id. */
  id = $state("");
  parent: string | null;
  question: string;
  created: number;
  /** In which languages question and answer are, where their words tell. */
  asked = $state<Tongue | null>(null);
  language = $state<Tongue | null>(null);
  /** Whether the server keeps it. */
  readonly kept: boolean;
  /** The answer's id while it is made. */
  live = $state<string | null>(null);
  phase = $state<Phase>("done");
  state = $state<State>("open");
  broken = $state(false);
  cut = $state(false);
  /** Whether the reader stopped it here. */
  stopped = $state(false);
  /** Whether it ended with the session in whose name it was asked. */
  expired = $state(false);
  groups = $state.raw<Block[][]>([]);
  answer = $state("");
  reasoning = $state("");
  /** What is to be said of the reasoning once it has ended. */
  thought = $state.raw<Thought | null>(null);
  thinking = $state(false);
  /** Where another place went on with it. */
  seams = $state.raw<Seam[]>([]);
  route: string;
  label = $state.raw<Label>({ class: "public" });
  target = $state<string | null>(null);
  model = $state<string | null>(null);
  count = $state(0);
  sources = $state.raw<Citation[] | null>(null);
  why = $state.raw<Why | null>(null);
  usage = $state.raw<Usage | null>(null);
  feedback = $state.raw<Feedback | null>(null);
  refusal = $state<string | null>(null);
  failure = $state.raw<Failure | null>(null);

  constructor(question: string, parent: string | null, route: string, created: number, kept = true) {
    this.kept = kept;
    this.question = question;
    this.parent = parent;
    this.route = route;
    this.created = created;
  }

  /** A turn as the records keep it. */
  static recorded(record: RecordSummary, parent: string | null): Turn {
    const turn = new Turn(record.question, parent, record.route, record.created);
    turn.id = entryOf(record);
    turn.take(record);
    return turn;
  }

  /** Takes over what the records say. */
  take(record: RecordSummary): void {
    this.state = record.state;
    this.label = record.label;
    this.target = record.target ?? null;
    this.model = record.model;
    this.count = record.citations ?? 0;
    this.usage = record.usage ?? null;
    this.feedback = record.feedback ?? null;
    this.refusal = record.refusal ?? null;
    this.thought = record.reasoning ?? null;
    this.asked = record.languages?.question ?? null;
    this.language = record.languages?.answer ?? null;
    this.seams = record.seams ?? [];
    this.write(record.answer ?? "");
  }

  /** Sets the whole answer. */
  write(answer: string): void {
    this.answer = answer;
    const reading = new Reading();
    reading.append(marked(answer, this.seams.map((seam) => seam.at)));
    this.groups = reading.finish();
  }

  /** Whether the ledger knows it. */
  get entered(): boolean {
    return this.id.includes("/");
  }

  /** Whether it holds an answer. */
  get answered(): boolean {
    return this.state === "answered" || this.answer !== "";
  }

  #asked: Promise<void> | null = null;

  /** Whether everything of the full record is here. */
  get #learnt(): boolean {
    return this.sources !== null && (this.why?.raises.length ?? 0) > 0 && (this.thought === null || this.reasoning !== "");
  }

  /** Reads sources, reasons and reasoning from the full record, once. */
  async learn(): Promise<void> {
    if (this.#learnt || !this.entered || !this.kept) return;
    this.#asked ??= ask<FullRecord>(`api/records/${this.id}`)
      .then((record) => {
        this.sources = record.citations;
        this.count = record.citations.length;
        this.target = record.target ?? this.target;
        this.reasoning = record.reasoning?.text ?? this.reasoning;
        const { decision, labelling, masked } = record.decision ?? {};
        this.why = {
          permitted: decision?.permitted ?? this.why?.permitted ?? [],
          rejected: decision?.rejected ?? this.why?.rejected ?? [],
          masked: masked && this.target && masked.decision.permitted.includes(this.target) ? masked.values : this.why?.masked,
          raises: (labelling?.raises ?? [])
            .filter((raise) => raise.raised)
            .map((raise) => ({ origin: raise.origin, name: raise.title ?? raise.name ?? raise.detector ?? "", label: raise.label })),
        };
      })
      .finally(() => (this.#asked = null));
    return this.#asked;
  }
}
