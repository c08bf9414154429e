// A place that is described, tried and added: what is sent, and what comes back.
import type { Rejection } from "../api/wire";

export type Outcome = "ready" | "unreachable" | "key-refused" | "unknown-model" | "denied" | "failed";

export interface Trial {
  outcome: Outcome;
  models: string[] | null;
  streams: boolean | null;
  first_token_ms: number | null;
  total_ms: number | null;
  answer: string | null;
  error: { code: string; message: string; hint: string | null } | null;
  rejected: Rejection[];
}

export interface Added {
  written: boolean;
  file: string;
  key_file: string | null;
  block: string;
  route: string;
  targets: string[];
  waiting?: string[];
}

export interface Described {
  name: string;
  url: string;
  model: string;
  key: string;
  own: boolean;
  provider: string;
  route: string;
}

/** The description as it is sent; what is not said is left out. */
export function sent(described: Described, streams: boolean | null): Record<string, unknown> {
  const { name, url, model, key, own, provider, route } = described;
  const said = { key: key.trim(), provider: own ? "" : provider.trim(), route };
  return {
    name: name.trim(),
    url: url.trim(),
    model: model.trim(),
    own_premises: own,
    ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== "")),
    ...(streams === null ? {} : { stream: streams }),
  };
}

/** A name for the place that an address suggests: `api.mistral.ai` is `mistral`, an address of numbers none. */
export function nameOf(url: string): string {
  const host = /^https?:\/\/([^/:?#]+)/i.exec(url.trim())?.[1]?.toLowerCase() ?? "";
  if (host === "" || /^[\d.]+$/.test(host) || host === "localhost") return "";
  const parts = host.split(".").filter((part) => !["api", "www", "llm", "ai"].includes(part));
  return (parts.length > 1 ? parts.at(-2) : parts[0])?.replace(/[^a-z0-9_-]/g, "") ?? "";
}
