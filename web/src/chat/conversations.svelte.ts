// The list of the reader's conversations: a page at a time, searched on the server.
import { ask, asFailure, type Failure } from "../api/client";
import type { Conversation, Page } from "../api/wire";

const PAGE = 40;

class Conversations {
  items = $state.raw<Conversation[]>([]);
  more = $state(false);
  query = $state("");
  loading = $state(false);
  loaded = $state(false);
  failure = $state.raw<Failure | null>(null);
  #turn = 0;

  /** Reads the first page again, keeping as many as are shown. */
  async refresh(): Promise<void> {
    await this.#read(false);
  }

  async next(): Promise<void> {
    if (!this.loading && this.more) await this.#read(true);
  }

  async search(query: string): Promise<void> {
    this.query = query;
    await this.#read(false);
  }

  async #read(further: boolean): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    this.loading = true;
    this.failure = null;
    const last = further ? this.items.at(-1) : undefined;
    const limit = further ? PAGE : Math.min(100, Math.max(PAGE, this.query ? 0 : this.items.length));
    const asked = new URLSearchParams({ limit: String(limit) });
    if (last) asked.set("after", last.id);
    if (this.query.trim()) asked.set("q", this.query.trim());
    try {
      const page = await ask<Page<Conversation>>(`api/conversations?${asked}`);
      if (turn !== this.#turn) return;
      const shown = page.items.filter((one) => one.records === undefined || one.records > 0 || this.query !== "");
      this.items = further ? [...this.items, ...shown] : shown;
      this.more = page.more;
      this.loaded = true;
    } catch (error) {
      if (turn === this.#turn) this.failure = asFailure(error);
    } finally {
      if (turn === this.#turn) this.loading = false;
    }
  }

  async rename(conversation: Conversation, title: string): Promise<void> {
    const renamed = await ask<Conversation>(`api/conversations/${encodeURIComponent(conversation.id)}`, { method: "PATCH", json: { title } });
    this.items = this.items.map((one) => (one.id === conversation.id ? { ...one, ...renamed } : one));
  }

  async remove(conversation: Conversation): Promise<void> {
    await ask(`api/conversations/${encodeURIComponent(conversation.id)}`, { method: "DELETE" });
    this.items = this.items.filter((one) => one.id !== conversation.id);
  }
}

export const conversations = new Conversations();
