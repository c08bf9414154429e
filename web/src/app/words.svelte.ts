// The words of the interface in the language that the reader chose.
import { en } from "../messages/en";
import { fr, type Messages } from "../messages/fr";
import { preferences } from "./preferences.svelte";

const CATALOGUES: Record<"fr" | "en", Messages> = { fr, en };

/** The present catalogue; read it where it is shown, so that a change of language shows at once. */
export function words(): Messages {
  return CATALOGUES[preferences.language];
}
