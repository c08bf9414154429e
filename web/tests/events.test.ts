// The stream of an answer: cut anywhere, broken anywhere, read once.
import { describe, expect, it } from "vitest";
import { EventReader, follow, type ServerEvent } from "../src/api/events";

const STREAM =
  ': lives\n\nid: 1\nevent: state\ndata: {"state":"searching"}\n\nid: 2\r\nevent: text\r\ndata: {"text":"Deux"}\r\n\r\nid: 3\nevent: text\ndata: a\ndata: b\n\nid: 4\nevent: end\ndata: {}\n\n';

describe("the reader", () => {
  it("reads the same whatever the pieces", () => {
    const whole = new EventReader().push(STREAM);
    expect(whole.map((event) => [event.id, event.name, event.data])).toEqual([
      ["1", "state", '{"state":"searching"}'],
      ["2", "text", '{"text":"Deux"}'],
      ["3", "text", "a\nb"],
      ["4", "end", "{}"],
    ]);
    for (const size of [1, 2, 3, 5, 11]) {
      const reader = new EventReader();
      const events: ServerEvent[] = [];
      for (let at = 0; at < STREAM.length; at += size) events.push(...reader.push(STREAM.slice(at, at + size)));
      expect(events).toEqual(whole);
    }
  });

  it("gives no event that is cut off", () => {
    expect(new EventReader().push("event: text\ndata: half")).toEqual([]);
  });
});

const bytes = (text: string) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });

const breaking = (text: string) => {
  let told = false;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (told) return controller.error(new TypeError("network error"));
      told = true;
      controller.enqueue(new TextEncoder().encode(text));
    },
  });
};

const event = (id: number, name: string) => `id: ${id}\nevent: ${name}\ndata: ${id}\n\n`;

describe("following", () => {
  it("goes on after the last event that was read, and reads none twice", async () => {
    const opened: (string | null)[] = [];
    const taken: string[] = [];
    const breaks: boolean[] = [];
    const streams = [breaking(event(1, "text") + event(2, "text")), bytes(event(2, "text") + event(3, "text")), bytes(event(4, "end"))];
    await follow({
      open: async (after) => {
        opened.push(after);
        return streams.shift() ?? bytes("");
      },
      take: (one) => {
        taken.push(one.data);
        return one.name === "end";
      },
      broken: (broken) => breaks.push(broken),
      passing: () => true,
      pause: () => 0,
      signal: new AbortController().signal,
    });
    expect(opened).toEqual([null, "2", "3"]);
    expect(taken).toEqual(["1", "2", "3", "4"]);
    expect(breaks).toEqual([false, true, false, true, false]);
  });

  it("gives up on what will not pass", async () => {
    const gone = new Error("404");
    const tried = follow({
      open: () => Promise.reject(gone),
      take: () => true,
      passing: () => false,
      pause: () => 0,
      signal: new AbortController().signal,
    });
    await expect(tried).rejects.toBe(gone);
  });

  it("stops when it is told to", async () => {
    const stop = new AbortController();
    let opened = 0;
    await follow({
      open: async () => {
        opened += 1;
        if (opened === 3) stop.abort();
        return bytes("");
      },
      take: () => false,
      passing: () => true,
      pause: () => 0,
      signal: stop.signal,
    });
    expect(opened).toBe(3);
  });
});
