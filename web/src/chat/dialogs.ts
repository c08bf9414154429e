// The two questions that the list of conversations asks.
export { default as RemoveDialog } from "./RemoveDialog.svelte";
export { default as RenameDialog } from "./RenameDialog.svelte";
