// One way to the server: the session's cookie, the header against forged requests, the language, and errors as what they are.
import { address } from "../app/base";
import { preferences } from "../app/preferences.svelte";
import type { ErrorBody } from "./wire";

/** What went wrong: what the server said, or that it said nothing. */
export class Failure extends Error {
  readonly status: number;
  readonly body: ErrorBody | null;
  readonly retryAfter: number | null;

  constructor(status: number, body: ErrorBody | null, retryAfter: number | null = null) {
    super(body?.message ?? `status ${status}`);
    this.status = status;
    this.body = body;
    this.retryAfter = retryAfter;
  }

  /** The stable code; `offline` when nothing came back. */
  get code(): string {
    return this.status === 0 ? "offline" : (this.body?.code ?? "unknown");
  }
}

interface Told {
  /** What is called when the session is over. */
  expired: () => void;
  csrf: string | null;
}

/** What every call brings; the session fills it. */
export const caller: Told = { expired: () => undefined, csrf: null };

export interface Call {
  method?: string;
  json?: unknown;
  form?: FormData;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

/** Calls the server and gives its response, or throws a `Failure`. */
export async function call(path: string, options: Call = {}): Promise<Response> {
  const method = options.method ?? (options.json !== undefined || options.form ? "POST" : "GET");
  const headers: Record<string, string> = { "accept-language": preferences.language, ...options.headers };
  if (options.json !== undefined) headers["content-type"] = "application/json";
  if (method !== "GET" && caller.csrf) headers["x-csrf-token"] = caller.csrf;
  const body = options.form ?? (options.json === undefined ? null : JSON.stringify(options.json));
  let response: Response;
  try {
    response = await fetch(address(path), { method, headers, body, signal: options.signal ?? null, credentials: "same-origin" });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Failure(0, null);
  }
  if (response.ok) return response;
  const failure = await failureOf(response);
  if (failure.status === 401 && !path.startsWith("api/auth/")) caller.expired();
  throw failure;
}

/** Calls the server and reads its JSON; nothing where the response is empty. */
export async function ask<Answer>(path: string, options: Call = {}): Promise<Answer> {
  const response = await call(path, options);
  const text = await response.text();
  return (text ? JSON.parse(text) : null) as Answer;
}

/** The failure that a response tells of. */
export async function failureOf(response: Response): Promise<Failure> {
  const after = Number(response.headers.get("retry-after"));
  const body = await response
    .json()
    .then((json: { error?: ErrorBody }) => json.error ?? null)
    .catch(() => null);
  return new Failure(response.status, body, Number.isFinite(after) && after > 0 ? after : null);
}

/** Any error as a `Failure`. */
export function asFailure(error: unknown): Failure {
  return error instanceof Failure ? error : new Failure(0, null);
}
