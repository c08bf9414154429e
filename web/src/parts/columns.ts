// On a narrow screen a row of a table is a plate of lines, and each line is named by its column: the names are those of the table's head.

/** Writes the name of its column on every cell, as long as the table is there; for `{@attach}`. */
export function columns(table: HTMLTableElement): () => void {
  const name = () => {
    const heads = [...table.querySelectorAll("thead th")].map((head) => head.textContent.trim());
    for (const row of table.tBodies[0]?.rows ?? []) {
      [...row.cells].forEach((cell, at) => {
        const said = cell.colSpan === 1 ? (heads[at] ?? "") : "";
        if (cell.dataset["column"] !== said) cell.dataset["column"] = said;
      });
    }
  };
  name();
  const watch = new MutationObserver(name);
  watch.observe(table, { subtree: true, childList: true, characterData: true });
  return () => watch.disconnect();
}
