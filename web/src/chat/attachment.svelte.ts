// A file that a question is asked about: uploaded, put into a collection of its reader's own, and taken in before the question goes.
import { ask, asFailure, call, type Failure } from "../api/client";
import type { Store, StoreFile } from "../api/wire";
import { here } from "../app/session.svelte";
import { plainName } from "../markdown/links";

export type Step = "sending" | "reading" | "ready" | "failed";

const rest = (time: number) => new Promise((done) => setTimeout(done, time));

export class Attachment {
  readonly name: string;
  readonly size: number;
  step = $state<Step>("sending");
  failure = $state.raw<Failure | null>(null);
  /** Why the file could not be read, as the server says it. */
  reason = $state("");
  /** The collection that holds it. */
  store = $state<string | null>(null);
  #file: File;
  #upload: string | null = null;
  #gone = false;

  constructor(file: File) {
    this.#file = file;
    this.name = plainName(file.name);
    this.size = file.size;
  }

  /** Sends the file and waits until it can be asked about. */
  async send(): Promise<void> {
    this.step = "sending";
    this.failure = null;
    try {
      const form = new FormData();
      form.append("purpose", "user_data");
      form.append("file", this.#file, this.#file.name);
      const uploaded = await ask<{ id: string }>("v1/files", { form });
      this.#upload = uploaded.id;
      const store = await ask<Store>("v1/vector_stores", { json: { name: `« ${this.name.slice(0, 200)} »` } });
      this.store = store.id;
      // An administrator's collection is everybody's unless it says otherwise.
      if (here.session?.role === "administrator") {
        await call(`api/collections/${store.id}`, { method: "PATCH", json: { readers: [`user:${here.session.user}`] } });
      }
      await call(`v1/vector_stores/${store.id}/files`, { json: { file_id: uploaded.id } });
      this.step = "reading";
      await this.#wait(store.id, uploaded.id);
    } catch (error) {
      this.failure = asFailure(error);
      this.step = "failed";
    }
  }

  async #wait(store: string, file: string): Promise<void> {
    for (let turn = 0; !this.#gone; turn += 1) {
      const seen = await ask<StoreFile>(`v1/vector_stores/${store}/files/${file}`);
      if (seen.status === "completed") {
        this.step = "ready";
        return;
      }
      if (seen.status !== "in_progress") {
        this.reason = seen.last_error?.message ?? "";
        this.step = "failed";
        return;
      }
      await rest(Math.min(200 + turn * 100, 1_500));
    }
  }

  /** Takes the file away again. */
  async remove(): Promise<void> {
    this.#gone = true;
    if (this.store) await call(`v1/vector_stores/${this.store}`, { method: "DELETE" }).catch(() => undefined);
    if (this.#upload) await call(`v1/files/${this.#upload}`, { method: "DELETE" }).catch(() => undefined);
  }
}
