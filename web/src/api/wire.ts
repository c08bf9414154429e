// What the server says and is told, as docs/openapi.yaml has it; only the fields that the page uses.

export type Class = "public" | "internal" | "personal" | "sensitive" | "restricted";
export type Role = "user" | "administrator" | "auditor" | "data-protection-officer";

export interface Label {
  class: Class;
  tags?: string[];
}

export interface Reason {
  code: string;
  rule: string;
  /** The line of the configuration on which a rule of the organisation begins. */
  line?: number;
  condition?: string;
  field?: string;
  found: string;
  required: string;
  text?: string;
}

export interface Rejection {
  target: string;
  reasons: Reason[];
}

export interface Attempt {
  target: string;
  error: string;
}

export interface ErrorBody {
  message: string;
  type: string;
  param: string | null;
  code: string;
  trousseau: {
    request_id: string;
    hint?: string;
    entry?: string;
    label?: Label;
    rejected?: Rejection[];
    attempts?: Attempt[];
    faults?: { code: string; message: string }[];
  };
}

export interface PageSettings {
  name: string;
  logo: string | null;
  accent: string | null;
  accent_dark: string | null;
  version: string;
  oidc: { name: string } | null;
  setup: boolean;
  languages: string[];
  retention_days: number | null;
  /** Whether a question may be asked without being kept. */
  incognito: boolean;
  accessibility: { conformity: "none" | "partial" | "full"; contact: string | null };
}

export interface Session {
  tenant: string;
  user: string;
  role: Role;
  groups: string[];
  clearance: Class;
  label_floor: Label;
  routes: string[] | null;
  display?: string;
  expires?: string;
  csrf?: string;
}

export interface Conversation {
  id: string;
  title: string;
  language?: Tongue | null;
  created: number;
  updated: number;
  records?: number;
}

/** The language of a text, where its words tell. */
export type Tongue = "fr" | "en";

/** How a model reasoned before its answer, where it showed that. */
export interface Thought {
  milliseconds?: number;
  /** Whether nothing of an answer came after it. */
  cut: boolean;
}

/** A place in an answer where one target broke off and another went on; `at` counts the characters before it. */
export interface Seam {
  from: string;
  to: string;
  at: number;
  error: string;
}

export interface Page<Item> {
  items: Item[];
  more: boolean;
}

export type State = "open" | "answered" | "abstained" | "refused" | "failed" | "cancelled" | "interrupted";

export interface Feedback {
  rating: "up" | "down";
  comment: string;
}

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
}

export interface RecordSummary {
  replica: string;
  entry: number;
  state: State;
  created: number;
  conversation?: string;
  parent?: string | null;
  route: string;
  label: Label;
  question: string;
  answer: string | null;
  model: string | null;
  target?: string | null;
  citations?: number;
  usage?: Usage | null;
  refusal?: string | null;
  reasoning?: Thought;
  seams?: Seam[];
  languages?: { question?: Tongue; answer?: Tongue };
  feedback?: Feedback;
}

export interface Citation {
  number: number;
  document: string;
  version: number;
  title: string;
  path: string;
  heading: string[];
  start: number;
  end: number;
  text: string;
}

export interface Decision {
  permitted: string[];
  rejected: Rejection[];
  rules: string[];
}

export interface Raise {
  origin: string;
  name?: string;
  title?: string;
  detector?: string;
  label: Label;
  raised: boolean;
}

/** How many values of each detector were replaced by pseudonyms, by its name. */
export type Masked = Record<string, number>;

export interface FullRecord extends Omit<RecordSummary, "citations" | "reasoning"> {
  reasoning?: Thought & { text: string };
  outcome: number | null;
  citations: Citation[];
  decision: { labelling?: { label: Label; raises?: Raise[] }; decision?: Decision & { label: Label }; masked?: { values: Masked; decision: { permitted: string[] } } } | null;
}

export interface AnswerReport {
  route: string;
  label: Label;
  decision: Decision & { target: string; model: string };
  citations: Citation[];
  abstained: boolean;
  masked?: Masked;
  removed_markers: number;
  entry: string;
  outcome: string;
}

export interface Running {
  id: string;
  conversation: string | null;
  parent: string | null;
  question: string;
  created: number;
}

export type LiveEvent =
  | { name: "state"; data: { state: "searching" | "waiting" | "loading" | "queued" } }
  | { name: "decided"; data: { entry: string; label: Label; permitted: string[]; rejected: Rejection[] } }
  | { name: "text"; data: { text: string } }
  | { name: "reasoning"; data: { text: string } }
  | { name: "citation"; data: Citation }
  | { name: "seam"; data: Seam }
  | { name: "end"; data: { finish_reason: string; usage?: Usage | null; reasoning?: Thought | null; language?: Tongue | null; trousseau: AnswerReport } }
  | { name: "error"; data: { error: ErrorBody } };

export interface Window {
  text: string;
  start: number;
  end: number;
  offset: number;
  before: boolean;
  after: boolean;
}

export interface CitedPassage {
  number: number;
  title: string;
  path: string;
  collection: string | null;
  heading: string[];
  document: string;
  version: number;
  state: "current" | "replaced" | "deleted" | "unreadable";
  language?: Tongue | null;
  title_language?: Tongue | null;
  recorded: { text: string; start: number; end: number } | null;
  document_text: Window | null;
}

export interface Proof {
  entry: string;
  verified: boolean;
  log: string;
  tree_size: number;
  checkpoint: string;
  decision: unknown;
  outcome: unknown;
  file: string;
}

export interface Route {
  id: string;
  trousseau: { places: Place[] };
}

/** A target that may answer, as its card tells. */
export interface Place {
  target: string;
  provider: string;
  premises: "own" | "network" | "unknown";
  region: string;
  open_weights: boolean | null;
}

export interface Store {
  id: string;
  name: string;
  created_at: number;
  status: "in_progress" | "completed";
  file_counts: { total: number; failed: number; in_progress: number; completed: number };
}

export interface StoreFile {
  id: string;
  status: "in_progress" | "completed" | "cancelled" | "failed";
  last_error: { code: string; message: string } | null;
}

/** An entry's name, as the ledger and the addresses write it. */
export function entryOf(record: { replica: string; entry: number }): string {
  return `${record.replica}/${record.entry}`;
}
