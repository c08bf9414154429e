// Server-sent events, read from a fetch: `parseEvents` cuts the stream into events, `follow` goes on after a break from the last
// event that was read, so that an answer survives a lost connection.

export interface ServerEvent {
  id: string | null;
  name: string;
  data: string;
}

/** Cuts pieces of an event stream into events, as the HTML standard says. Comments only show that the stream lives. */
export class EventReader {
  #rest = "";
  #name = "";
  #data: string[] = [];
  #id: string | null = null;
  #first = true;

  push(piece: string): ServerEvent[] {
    let text = this.#rest + piece;
    if (this.#first && text) {
      text = text.replace(/^\ufeff/, "");
      this.#first = false;
    }
    const events: ServerEvent[] = [];
    let from = 0;
    for (;;) {
      const end = text.slice(from).search(/\r\n|\r|\n/);
      if (end < 0) break;
      const at = from + end;
      // A lone \r at the very end may be half of \r\n.
      if (text[at] === "\r" && at + 1 === text.length) break;
      this.#line(text.slice(from, at), events);
      from = at + (text.startsWith("\r\n", at) ? 2 : 1);
    }
    this.#rest = text.slice(from);
    return events;
  }

  #line(line: string, events: ServerEvent[]): void {
    if (line === "") {
      if (this.#data.length > 0) events.push({ id: this.#id, name: this.#name || "message", data: this.#data.join("\n") });
      this.#name = "";
      this.#data = [];
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#name = value;
    else if (field === "data") this.#data.push(value);
    else if (field === "id" && !value.includes("\0")) this.#id = value;
  }
}

export interface Following {
  /** Opens the stream after an event; throws for what cannot be mended by trying again. */
  open: (after: string | null, signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>;
  /** Takes an event; true when it was the last. */
  take: (event: ServerEvent) => boolean;
  /** Told when the connection breaks and when it is there again. */
  broken?: (broken: boolean) => void;
  /** Whether trying again may help after this error. */
  passing: (error: unknown) => boolean;
  signal: AbortSignal;
  /** How long to wait before the given try, in milliseconds. */
  pause?: (attempt: number) => number;
}

const wait = (time: number, signal: AbortSignal) =>
  new Promise<void>((done) => {
    const timer = setTimeout(done, time);
    signal.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
  });

/** Reads a stream to its last event, opening it again where it breaks. Ends early when `signal` says so. */
export async function follow(following: Following): Promise<void> {
  const { signal } = following;
  const pause = following.pause ?? ((attempt: number) => Math.min(500 * 2 ** attempt, 8_000));
  let after: string | null = null;
  let attempt = 0;
  while (!signal.aborted) {
    try {
      const stream = await following.open(after, signal);
      following.broken?.(false);
      const reader = stream.pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>).getReader();
      const events = new EventReader();
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        for (const event of events.push(value)) {
          // What was read before a break may come again.
          if (event.id !== null && after !== null && Number(event.id) <= Number(after)) continue;
          after = event.id ?? after;
          attempt = 0;
          if (following.take(event)) return void reader.cancel().catch(() => undefined);
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!following.passing(error)) throw error;
    }
    if (signal.aborted) return;
    following.broken?.(true);
    await wait(pause(attempt), signal);
    attempt += 1;
  }
}
