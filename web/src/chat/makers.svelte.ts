// Where answers may be made: the places of the routes, as the server's cards describe them. The rooms and the line under an answer
// ask here what a place is.
import type { Place, Route } from "../api/wire";
import { region } from "../app/format";
import type { Language } from "../app/preferences.svelte";
import type { Messages } from "../messages/fr";

class Makers {
  #places = $state.raw(new Map<string, Place>());

  /** Takes in what the routes say. */
  learn(routes: Route[]): void {
    this.#places = new Map(routes.flatMap((route) => route.trousseau.places).map((place) => [place.target, place]));
  }

  of(target: string | null): Place | undefined {
    return target === null ? undefined : this.#places.get(target);
  }
}

export const makers = new Makers();

/** What a place is called: its provider, where there is one. */
export function called(target: string): string {
  return makers.of(target)?.provider || target;
}

/** Where a place is, in words: « dans votre organisation », « Scaleway (France), modèle ouvert ». */
export function described(place: Place, words: Messages, language: Language): string {
  const told = words.line.place;
  const where = place.premises === "own" ? told.own : told.at(place.provider || place.target, place.region === "unknown" ? "" : region(place.region, language));
  return place.open_weights ? `${where}, ${told.open}` : where;
}
