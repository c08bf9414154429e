// What those do who keep the house (documents, keys, the ledger), in the hand and in the dark; a model that is down; a hurried hand; a very long answer.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { accessible, ask, take } from "./reader.mjs";
import { house, somebody } from "./stage.mjs";

/** Somebody who goes through the rooms. */
const keeper = (name, options, doing) => somebody(name, options, (page) => doing(page, (room) => enter(page, room)));

async function enter(page, room) {
  await page.goto(`/admin/${room}`);
  await page.waitForSelector("main h1");
  await page.waitForLoadState("networkidle");
  await accessible(page, `the room ${room}`);
  const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= seen, `the room ${room} is ${wide} wide where ${seen} are seen`);
}

const dialog = (page) => page.getByRole("dialog");

const DOORS = {
  claire: ["explain"],
  adele: ["setup", "documents", "users", "keys", "places", "usage", "limits", "explain", "ledger"],
  omar: ["users", "keys", "limits", "explain", "ledger", "records"],
  dora: ["explain", "ledger", "records"],
};

for (const [name, rooms] of Object.entries(DOORS)) {
  test(`${name} finds the doors of the own role, and is told whose the others are`, () =>
    somebody(name, {}, async (page) => {
      await page.goto("/admin/explain");
      await page.locator("nav.doors a").first().waitFor();
      const links = await page.locator("nav.doors a").evaluateAll((all) => all.map((one) => one.pathname));
      assert.deepEqual(links, rooms.map((room) => `/admin/${room}`));
      const asked = [];
      page.on("request", (request) => asked.push(new URL(request.url()).pathname));
      for (const room of new Set(Object.values(DOORS).flat())) {
        if (rooms.includes(room)) continue;
        asked.length = 0;
        await page.goto(`/admin/${room}`);
        await page.getByText("Cette pièce est réservée à").waitFor();
        const meant = ["/api/collections", "/api/users", "/api/keys", "/api/upstreams", "/api/usage", "/api/records/metadata"];
        assert.deepEqual(asked.filter((path) => meant.includes(path)), [], `the room ${room} was asked for`);
      }
    }));
}

test("every room fits the hand and the dark", async () => {
  const options = { width: 390, dark: true };
  await keeper("adele", options, async (_page, room) => {
    for (const name of ["setup", "documents", "users", "keys", "places", "usage", "limits", "explain", "ledger"]) await room(name);
  });
  await keeper("dora", options, async (_page, room) => room("records"));
});

test("a collection is made and filled, and whoever may read it asks about it", async () => {
  await keeper("adele", {}, async (page, room) => {
    await room("documents");
    await page.getByRole("button", { name: "Créer une collection" }).click();
    await dialog(page).getByLabel(/^Nom/).fill("essais");
    await accessible(page, "the dialog of a new collection");
    await dialog(page).getByRole("button", { name: "Enregistrer" }).click();
    await page.getByRole("rowheader", { name: "essais" }).waitFor();
    await page.getByLabel("Dans la collection").selectOption({ label: "essais" });
    const file = { name: "bac.txt", mimeType: "text/plain", buffer: Buffer.from("Le bac à sable ouvre à midi.\n") };
    await page.locator("input[type=file]").first().setInputFiles(file);
    await page.getByRole("row", { name: /bac\.txt.*fait/ }).first().waitFor();
  });
  await keeper("claire", {}, async (page) => {
    await ask(page, "Quand ouvre le bac à sable ?");
    assert.match(await page.locator(".reply").last().textContent(), /midi/);
  });
});

test("a key is shown once, opens, and opens no more once it is revoked", () =>
  keeper("adele", {}, async (page, room) => {
    await room("keys");
    await page.getByRole("button", { name: /Créer une clé/ }).click();
    await dialog(page).getByLabel(/^Nom/).first().fill("portail");
    await accessible(page, "the dialog of a new key");
    await dialog(page).getByRole("button", { name: /Créer/ }).click();
    const told = await page.getByText(/trs-[\w-]{43}/).first().innerText();
    const key = /trs-[\w-]{43}/.exec(told)[0];
    const opens = async () => (await fetch(`${house.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).status;
    assert.equal(await opens(), 200);
    await room("keys");
    assert.equal(await page.getByText(key).count(), 0, "a key is shown twice");
    await page.getByRole("row", { name: /portail/ }).getByRole("button", { name: /Révoquer/ }).click();
    await dialog(page).getByRole("button", { name: /Révoquer/ }).click();
    await dialog(page).waitFor({ state: "detached" });
    assert.equal(await opens(), 401);
  }));

test("an auditor verifies the ledger and takes a proof away", async () => {
  await keeper("claire", {}, async (page) => ask(page, "Combien de jours de télétravail par semaine ?"));
  await keeper("omar", {}, async (page, room) => {
    await room("ledger");
    await page.getByRole("button", { name: /Vérifier/ }).click();
    await page.getByText(/Aucune anomalie/).waitFor();
    await page.getByText(/^main\/\d+$/).first().click();
    const proof = page.getByRole("main").getByRole("link", { name: /preuve/i }).first();
    const [file] = await Promise.all([page.waitForEvent("download"), proof.click()]);
    assert.match(await readFile(await file.path(), "utf8"), /c2sp\.org\/tlog-proof/);
  });
});

test("a model that is down is told in plain words", () =>
  keeper("claire", {}, async (page) => {
    await take(page, "modele");
    await ask(page, "Combien de jours de télétravail par semaine ? Une panne.", { wait: false });
    await page.getByText("Aucun lieu n’a pu répondre").waitFor();
    await page.getByText("« essai » ne répond pas.").waitFor();
  }));

test("a line is broken with the keyboard, and what is sent too soon is sent as soon as it can be", () =>
  keeper("claire", {}, async (page) => {
    await page.focus("#question");
    await page.keyboard.type("Combien de jours");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("de télétravail par semaine ?");
    assert.equal(await page.inputValue("#question"), "Combien de jours\nde télétravail par semaine ?");
    await page.route("**/v1/models", async (route) => {
      await new Promise((done) => setTimeout(done, 1500));
      await route.continue();
    });
    await page.goto("/");
    await page.fill("#question", "Combien de jours de télétravail par semaine ?");
    await page.press("#question", "Enter");
    await page.locator(".reply .line").waitFor();
  }));

test("an answer of a hundred thousand tokens comes whole", () =>
  keeper("claire", {}, async (page) => {
    await take(page, "modele");
    await ask(page, "Une réponse très long.");
    assert.equal((await page.locator(".prose").textContent()).length, 350_000);
  }));
