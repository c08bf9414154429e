// An answer while it is made: asked for, followed through broken connections, stopped.
import { ask, asFailure, call, Failure } from "../api/client";
import { follow } from "../api/events";
import type { LiveEvent, Tongue } from "../api/wire";
import { here } from "../app/session.svelte";
import { Pen } from "./pen";
import type { Turn } from "./turn.svelte";

type Last = Extract<LiveEvent, { name: "end" | "error" }>;

export interface Question {
  model: string;
  messages: { role: "user" | "assistant"; content: string }[];
  trousseau: { conversation?: string; parent?: string | null; keep?: boolean; collections?: string[]; label?: string };
}

/** Asks; the answer is made whether or not anybody follows it. */
export function begin(question: Question): Promise<{ id: string; conversation: string | null; language?: Tongue | null }> {
  return ask("api/answers", { json: question });
}

/** Stops the model. */
export async function stop(id: string): Promise<void> {
  await call(`api/answers/${encodeURIComponent(id)}`, { method: "DELETE" });
}

/** Whether trying again may help: nothing came back, too many, or a server that is busy or restarts. */
function passing(error: unknown): boolean {
  const { status } = asFailure(error);
  return status === 0 || status === 401 || status === 429 || status >= 500;
}

const rest = (time: number) => new Promise((done) => setTimeout(done, time));

/** Follows an answer into its turn until it ends. */
export async function followInto(turn: Turn, id: string, signal: AbortSignal): Promise<void> {
  const pen = new Pen(turn);
  const ended: Last[] = [];
  const take = (event: LiveEvent): boolean => {
    switch (event.name) {
      case "text":
        pen.write(event.data.text);
        turn.phase = "writing";
        turn.thinking = false;
        return false;
      case "seam":
        turn.seams = [...turn.seams, event.data];
        pen.seam(event.data.at);
        return false;
      case "end":
      case "error":
        ended.push(event);
        return true;
      default:
        tell(turn, event);
        return false;
    }
  };
  await follow({
    open: async (after, signal) => {
      while (here.expired && !signal.aborted) await rest(400);
      const headers: Record<string, string> = { accept: "text/event-stream" };
      if (after !== null) headers["last-event-id"] = after;
      const response = await call(`api/answers/${encodeURIComponent(id)}/events`, { headers, signal });
      if (!response.body) throw new Failure(0, null);
      return response.body;
    },
    take: ({ name, data }) => take({ name, data: JSON.parse(data) } as LiveEvent),
    broken: (broken) => (turn.broken = broken),
    passing,
    signal,
  });
  const [last] = ended;
  if (!last) return;
  await pen.finish();
  finish(turn, last);
}

function tell(turn: Turn, event: LiveEvent): void {
  switch (event.name) {
    case "state":
      if (turn.phase !== "writing") turn.phase = event.data.state;
      break;
    case "decided":
      turn.label = event.data.label;
      turn.why = { permitted: event.data.permitted, rejected: event.data.rejected, raises: [] };
      if (turn.phase === "begun") turn.phase = "waiting";
      break;
    case "reasoning":
      turn.reasoning += event.data.text;
      turn.thinking = true;
      break;
    case "citation":
      turn.sources = [...(turn.sources ?? []).filter((one) => one.number !== event.data.number), event.data];
      turn.count = turn.sources.length;
      break;
    default:
      break;
  }
}

function finish(turn: Turn, event: Last): void {
  const cut = turn.thinking;
  turn.phase = "done";
  turn.thinking = false;
  turn.live = null;
  if (event.name === "error") {
    const body = event.data.error;
    if (body.trousseau.entry) turn.id = body.trousseau.entry;
    if (turn.reasoning) turn.thought = { cut };
    if (turn.stopped) {
      turn.state = "cancelled";
      return;
    }
    if (body.type === "authentication_error") {
      turn.state = "interrupted";
      turn.expired = true;
      return;
    }
    turn.failure = new Failure(500, body);
    turn.refusal = body.code;
    turn.label = body.trousseau.label ?? turn.label;
    const rejected = body.trousseau.rejected;
    if (rejected) turn.why = { permitted: turn.why?.permitted ?? [], rejected, raises: [] };
    turn.state = rejected?.length && !turn.why?.permitted.length ? "refused" : "failed";
    return;
  }
  const { finish_reason, usage, reasoning, language, trousseau } = event.data;
  turn.thought = reasoning ?? null;
  turn.language = language ?? null;
  turn.state = turn.stopped ? "cancelled" : trousseau.abstained ? "abstained" : "answered";
  turn.cut = finish_reason === "length";
  turn.usage = usage ?? null;
  turn.label = trousseau.label;
  turn.target = trousseau.decision.target;
  turn.model = trousseau.decision.model;
  turn.sources = trousseau.citations;
  turn.count = trousseau.citations.length;
  turn.why = { permitted: trousseau.decision.permitted, rejected: trousseau.decision.rejected, raises: [], masked: trousseau.masked };
  turn.id = trousseau.entry;
}
