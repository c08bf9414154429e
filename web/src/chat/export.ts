// An answer and a conversation as text that can be kept elsewhere: Markdown with its sources, or JSON.
import { moment } from "../app/format";
import type { Language } from "../app/preferences.svelte";
import type { Messages } from "../messages/fr";
import type { Citation, Label, Rejection, Seam } from "../api/wire";

export interface Said {
  id: string;
  parent: string | null;
  question: string;
  answer: string;
  state: string;
  created: number;
  route: string;
  label: Label;
  target: string | null;
  model: string | null;
  reasoning: string;
  seams: Seam[];
  sources: Citation[] | null;
  why: { permitted: string[]; rejected: Rejection[] } | null;
  entered: boolean;
}

/** One answer with its sources, in Markdown. */
export function answerMarkdown(said: Said, words: Messages): string {
  const sources = (said.sources ?? []).map((one) => {
    const heading = one.heading.length > 0 ? ` — ${one.heading.join(" › ")}` : "";
    return `[${one.number}] ${one.title}${heading}\n> ${one.text.replace(/\n/g, "\n> ")}`;
  });
  const place = said.target ? [words.line.whereTold(said.target, said.model ?? "?")] : [];
  const seams = said.seams.map((seam) => words.line.seam(seam.from, seam.to));
  const line = [...place, ...seams, `${words.line.label}${words.common.colon}${words.classes[said.label.class]}`, ...(said.entered ? [`${words.line.entry}${words.common.colon}${said.id}`] : [])];
  return [said.answer, ...(sources.length > 0 ? [`**${words.markdown.footnote}**`, sources.join("\n\n")] : []), `_${line.join(" · ")}_`].join("\n\n");
}

/** A branch of a conversation, in Markdown. */
export function conversationMarkdown(title: string, turns: Said[], words: Messages, language: Language): string {
  const parts = turns.map(
    (turn) => `## ${turn.question.split("\n").join("\n## ")}\n\n_${moment(turn.created, language)}_\n\n${answerMarkdown(turn, words)}`,
  );
  return `# ${title}\n\n${parts.join("\n\n---\n\n")}\n`;
}

/** A whole conversation with all its branches, in JSON. */
export function conversationJson(id: string | null, title: string, turns: Said[]): string {
  const written = turns.map((turn) => ({
    entry: turn.entered ? turn.id : null,
    parent: turn.parent,
    state: turn.state,
    created: new Date(turn.created).toISOString(),
    route: turn.route,
    label: turn.label,
    target: turn.target,
    model: turn.model,
    question: turn.question,
    answer: turn.answer,
    ...(turn.reasoning ? { reasoning: turn.reasoning } : {}),
    ...(turn.seams.length > 0 ? { seams: turn.seams } : {}),
    citations: turn.sources ?? [],
    permitted: turn.why?.permitted ?? [],
    rejected: turn.why?.rejected ?? [],
  }));
  return `${JSON.stringify({ format: "trousseau-conversation/1", conversation: id, title, turns: written }, null, 2)}\n`;
}

/** A name that every file system takes. */
export function fileName(title: string, ending: string): string {
  const stem = title
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60);
  return `${stem || "conversation"}.${ending}`;
}

/** Hands a text to the browser as a file. */
export function save(name: string, kind: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: `${kind};charset=utf-8` }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
