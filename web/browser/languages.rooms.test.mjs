// What those do who keep the house, once in each language: rooms, tables and dialogs are found by the names of the page's catalogue.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { accessible, ask } from "./reader.mjs";
import { somebody } from "./stage.mjs";
import { catalogues } from "./words.mjs";

let all;
before(async () => (all = await catalogues()));

const ROOMS = {
  adele: ["setup", "documents", "users", "keys", "places", "usage", "limits", "explain", "ledger"],
  dora: ["explain", "ledger", "records"],
};

for (const language of ["fr", "en"]) {
  const dialog = (page) => page.getByRole("dialog");
  const button = (page, name) => page.getByRole("button", { name });
  const keeper = (what, who, doing) => test(`${language}: ${what}`, () => somebody(who, { language }, (page) => doing(page, all[language].rooms, all[language])));
  const enter = async (page, rooms, room) => {
    await page.goto(`/admin/${room}`);
    await page.getByRole("heading", { name: rooms.names[room], level: 1, exact: true }).waitFor();
    await page.getByText(rooms.leads[room]).waitFor();
    await page.waitForLoadState("networkidle");
  };

  for (const [who, names] of Object.entries(ROOMS)) {
    keeper(`every room of ${who} says its name and what it is for`, who, async (page, rooms) => {
      for (const room of names) {
        await enter(page, rooms, room);
        assert.deepEqual(await page.locator("nav.doors a").allInnerTexts(), names.map((name) => rooms.names[name]));
        await accessible(page, `the room ${room} in ${language}`);
      }
    });
  }

  keeper("a collection is made and filled", "adele", async (page, rooms, words) => {
    await enter(page, rooms, "documents");
    await button(page, rooms.documents.add).click();
    await dialog(page).getByLabel(rooms.documents.name).fill(`classeur-${language}`);
    await button(dialog(page), words.common.save).click();
    await page.getByRole("rowheader", { name: `classeur-${language}` }).waitFor();
    await page.getByLabel(rooms.documents.into).selectOption({ label: `classeur-${language}` });
    const file = { name: `clef-${language}.txt`, mimeType: "text/plain", buffer: Buffer.from("La clef est chez le gardien.\n") };
    await page.locator("input[type=file]").first().setInputFiles(file);
    await page.getByRole("row", { name: new RegExp(`clef-${language}\\.txt.*${rooms.documents.states.succeeded}`) }).first().waitFor();
  });

  keeper("a key is made and revoked", "adele", async (page, rooms) => {
    await enter(page, rooms, "keys");
    await button(page, rooms.keys.add).click();
    await dialog(page).getByLabel(rooms.keys.name).fill(`cle-${language}`);
    await button(dialog(page), rooms.keys.add).click();
    await page.getByText(rooms.keys.once).waitFor();
    await enter(page, rooms, "keys");
    const row = page.getByRole("row", { name: new RegExp(`cle-${language}`) });
    await row.getByText(rooms.keys.valid).waitFor();
    await button(row, rooms.keys.revoke).click();
    await dialog(page).getByText(rooms.keys.sure(`cle-${language}`)).waitFor();
    await button(dialog(page), rooms.keys.revoke).click();
    await row.getByText(rooms.keys.revoked).waitFor();
  });

  keeper("a decision is explained for a pasted text", "adele", async (page, rooms) => {
    await enter(page, rooms, "explain");
    await page.getByLabel(rooms.explain.text, { exact: true }).fill("Mon IBAN est FR76 3000 6000 0112 3456 7890 189.");
    await button(page, rooms.explain.run).click();
    await page.getByRole("heading", { name: rooms.explain.found }).waitFor();
    await page.locator("mark", { hasText: "FR76" }).waitFor();
    await page.getByText(rooms.explain.route("dehors")).waitFor();
    await page.getByText(rooms.explain.maynot).first().waitFor();
  });

  keeper("a rule of the organisation is named, and its line", "adele", async (page, rooms, words) => {
    await enter(page, rooms, "explain");
    await page.getByLabel(rooms.explain.text, { exact: true }).fill("Mot de passe : Xk9mPq2vLw8Tz");
    await button(page, rooms.explain.run).click();
    const told = page.getByText(words.reasons["field-not-met"]).first();
    await told.waitFor();
    assert.match(await told.textContent(), new RegExp(words.byRule("secrets-ici", 0).replace(/[[\]]/g, "\\$&").replace("0", "\\d+")));
  });

  keeper("a place is withdrawn and let in again", "adele", async (page, rooms) => {
    await enter(page, rooms, "places");
    await page.getByText(rooms.withdrawals.none).waitFor();
    await button(page, rooms.withdrawals.add).click();
    await dialog(page).getByLabel(rooms.withdrawals.kind).selectOption("country");
    await dialog(page).getByLabel(rooms.withdrawals.name, { exact: true }).fill("us");
    await accessible(page, `the dialog of a withdrawal in ${language}`);
    await button(dialog(page), rooms.withdrawals.withdraw).click();
    const row = page.getByRole("row", { name: new RegExp(`${rooms.withdrawals.kinds.country} US.*ailleurs`) });
    await row.waitFor();
    await accessible(page, `a withdrawal in ${language}`);
    await button(row, rooms.withdrawals.lift).click();
    await dialog(page).getByText("ailleurs", { exact: false }).waitFor();
    await button(dialog(page), rooms.withdrawals.lift).click();
    await page.getByText(rooms.withdrawals.none).waitFor();
  });

  keeper("limits say how far they are used", "adele", async (page, rooms) => {
    await ask(page, "Combien de jours de télétravail par semaine ?");
    await enter(page, rooms, "limits");
    const budget = page.getByRole("region", { name: rooms.limits.budgets }).last().getByRole("row", { name: /mairie/ });
    await budget.getByText(rooms.limits.states.free).waitFor();
    await page.getByRole("region", { name: rooms.limits.rates }).last().getByRole("row", { name: /mairie/ }).first().waitFor();
    await page.getByLabel(rooms.limits.of).selectOption("key");
    assert.equal(await page.getByRole("row", { name: /mairie/ }).count(), 0);
  });

  keeper("an auditor verifies the ledger", "omar", async (page, rooms) => {
    await enter(page, rooms, "ledger");
    await button(page, rooms.ledger.verify).click();
    await page.getByText(rooms.ledger.sound(0).split(/[:\u00a0\u202f ]/)[0], { exact: false }).first().waitFor();
  });

  keeper("what one has used oneself stands in the settings", "claire", async (page, rooms) => {
    await ask(page, "Combien de jours de télétravail par semaine ?");
    await page.goto("/settings");
    await page.getByRole("heading", { name: rooms.usage.mine }).waitFor();
  });
}
