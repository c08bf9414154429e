// What lies on the desk while one asks: the draft, the route, the collections, a file. It stays when the view changes.
import { ask } from "../api/client";
import type { Place, Route, Store } from "../api/wire";
import { preferences } from "../app/preferences.svelte";
import { plainName } from "../markdown/links";
import type { Attachment } from "./attachment.svelte";
import { makers } from "./makers.svelte";
import type { Asking } from "./thread.svelte";

export interface Choice {
  /** What a question calls it. */
  id: string;
  /** What the vector stores call it. */
  store: string;
  name: string;
  documents: number;
}

interface List<Item> {
  data: Item[];
  has_more: boolean;
  last_id: string | null;
}

/** The name by which a question names a collection: plain ones have their own, a file's has its id. */
function nameOf(store: Store): string {
  return store.name.startsWith("«") || store.name === "" ? store.id : store.name;
}

export class Desk {
  draft = $state("");
  routes = $state.raw<string[]>([]);
  /** The places that may answer for each route. */
  places = $state.raw(new Map<string, Place[]>());
  route = $state("");
  /** The route of those who choose none. */
  usual = $state("");
  stores = $state.raw<Choice[]>([]);
  /** The chosen collections; none means all. */
  collections = $state.raw<string[]>([]);
  attachment = $state<Attachment | null>(null);
  loaded = $state(false);

  async load(): Promise<void> {
    const [routes, stores] = await Promise.all([ask<{ data: Route[] }>("v1/models"), this.#stores()]);
    makers.learn(routes.data);
    this.places = new Map(routes.data.map((route) => [route.id, route.trousseau.places]));
    this.routes = routes.data.map((route) => route.id);
    const kept = preferences.route;
    this.usual = this.routes.find((name) => name === "default") ?? this.routes[0] ?? "";
    this.route = kept && this.routes.includes(kept) ? kept : this.usual;
    // A file's collection belongs to its question, not to the choice.
    this.stores = stores
      .filter((store) => !store.name.startsWith("«"))
      .map((store) => ({ id: nameOf(store), store: store.id, name: plainName(store.name) || store.id, documents: store.file_counts.completed }));
    this.loaded = true;
  }

  async #stores(): Promise<Store[]> {
    const all: Store[] = [];
    let after = "";
    for (let page = 0; page < 20; page += 1) {
      const list = await ask<List<Store>>(`v1/vector_stores?limit=100${after}`);
      all.push(...list.data);
      if (!list.has_more || !list.last_id) break;
      after = `&after=${encodeURIComponent(list.last_id)}`;
    }
    return all;
  }

  /** What goes with a question. */
  asking(): Asking {
    const file = this.attachment?.step === "ready" ? this.attachment.store : null;
    const collections = file ? [file] : this.collections.length > 0 ? this.collections : null;
    return { route: this.route, collections };
  }

  choose(route: string): void {
    this.route = route;
    preferences.choose({ route });
  }
}
