// Copies a text and says so. Without HTTPS browsers refuse their clipboard; then the old way is taken.
import { announcer } from "../app/announcer.svelte";
import { words } from "../app/words.svelte";

export async function copy(text: string): Promise<boolean> {
  const done = await navigator.clipboard?.writeText(text).then(
    () => true,
    () => false,
  );
  const copied = done || copyByHand(text);
  if (copied) announcer.say(words().common.copied);
  return copied;
}

function copyByHand(text: string): boolean {
  const field = document.createElement("textarea");
  const focused = document.activeElement as HTMLElement | null;
  field.value = text;
  field.className = "unseen";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  focused?.focus();
  return done;
}
