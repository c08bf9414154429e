// What the panel of sources says of a cited document: as it is now, as it was, and what is not shown any more.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { accessible, ask } from "./reader.mjs";
import { house, somebody } from "./stage.mjs";

const folder = mkdtempSync(join(tmpdir(), "trousseau-cited-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const SENTENCE = "La passerelle du zibelin ouvre à neuf heures, le mardi et le jeudi.";
const aside = (page) => page.getByRole("complementary", { name: "Sources" });

/** Puts a document into the collection that everybody reads, or some do. */
function put(name, text, ...options) {
  const path = join(folder, name);
  writeFileSync(path, text);
  house.run("ingest", path, "--collection", "public", ...options);
}

/** Somebody asks about a document; something happens to it; the source is opened again. */
const cited = (name, happens, seen) =>
  somebody("claire", {}, async (page) => {
    put(name, `# Passerelle\n\n${SENTENCE}\n`);
    await ask(page, "Quand ouvre la passerelle du zibelin ?");
    await happens();
    await page.reload();
    await page.locator(".cite").first().click();
    await seen(page);
    await accessible(page, `a source: ${name}`);
    house.run("documents", "delete", documentNamed(name));
  });

function documentNamed(name) {
  const { documents } = JSON.parse(house.run("--json", "documents", "--collection", "public"));
  return documents.find((one) => JSON.stringify(one).includes(name)).document;
}

test("a document that is as it was says so, with the passage marked in it", () =>
  cited("actuel.md", () => undefined, async (page) => {
    await aside(page).getByText("Ce passage est celui du document actuel.").waitFor();
    assert.match(await aside(page).locator("mark").textContent(), /neuf heures/);
  }));

test("a document that was replaced says so, and shows the passage as it was", () =>
  cited("remplace.md", () => put("remplace.md", "# Passerelle\n\nLa passerelle du zibelin est fermée.\n"), async (page) => {
    await aside(page).getByText("Le document a été remplacé depuis.").waitFor();
    assert.match(await aside(page).locator("mark").textContent(), /neuf heures/);
    assert.doesNotMatch(await aside(page).textContent(), /fermée/);
  }));

test("a document that was deleted says so, and shows the passage that the record keeps", () =>
  somebody("claire", {}, async (page) => {
    put("supprime.md", `# Passerelle\n\n${SENTENCE}\n`);
    await ask(page, "Quand ouvre la passerelle du zibelin ?");
    house.run("documents", "delete", documentNamed("supprime.md"));
    await page.reload();
    await page.locator(".cite").first().click();
    await aside(page).getByText("Le document a été supprimé depuis.").waitFor();
    assert.match(await aside(page).locator("mark").textContent(), /neuf heures/);
    await accessible(page, "a source that was deleted");
  }));

test("a document that was closed to its reader says so, and shows nothing of it", () =>
  cited("ferme.md", () => put("ferme.md", `# Passerelle\n\n${SENTENCE}\n`, "--reader", "group:rh"), async (page) => {
    await aside(page).getByText("Vous ne pouvez plus lire ce document.").waitFor();
    assert.equal(await aside(page).locator("mark").count(), 0);
    assert.doesNotMatch(await aside(page).textContent(), /neuf heures/);
  }));
