// What happens to a conversation: reasoning that is kept, a model that is still loading, a question that is not kept, a session that
// somebody else ends, and a list of two thousand.
import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, answers, ask, open, signIn, take, until } from "./reader.mjs";
import { PASSPHRASE, startHouse } from "./house.mjs";
import { browser, house, model, somebody } from "./stage.mjs";

const fold = (page) => answers(page).locator("details.reasoning");

test("reasoning is there after a reload, folded, with how long it took", () =>
  somebody("claire", {}, async (page) => {
    await take(page, "modele");
    await ask(page, "Combien de jours de télétravail par semaine ? Raisonne.");
    assert.match(await fold(page).locator("summary").textContent(), /^Raisonnement, \d+,\d\u00a0s$/);
    await page.reload();
    await fold(page).locator("summary", { hasText: /^Raisonnement, \d+,\d\u00a0s$/ }).waitFor();
    assert.equal(await fold(page).getAttribute("open"), null);
    await fold(page).locator("summary").click();
    await page.getByText("Je cherche d’abord la charte, puis le nombre de jours.").waitFor();
    assert.match(await fold(page).textContent(), /ni la réponse, ni une preuve/);
    await accessible(page, "reasoning");
  }));

test("reasoning that never ended says so", () =>
  somebody("claire", {}, async (page) => {
    await take(page, "modele");
    await ask(page, "Télétravail : médite.");
    await page.reload();
    await fold(page).locator("summary", { hasText: "trace coupée" }).click();
    await page.getByText("Le modèle s’est arrêté avant d’avoir répondu.").waitFor();
  }));

test("a model that is still loading is said to be, and answers once it has loaded", () =>
  somebody("claire", {}, async (page) => {
    await take(page, "modele");
    await ask(page, "Combien de jours de télétravail par semaine ? Charge.", { wait: false });
    await page.locator(".reply .wait", { hasText: "Le modèle se charge en mémoire" }).waitFor();
    await answers(page).locator(".line").waitFor();
    assert.match(await answers(page).textContent(), /par semaine/);
  }));

test("a question that is not kept is in no list, in no search and gone after a reload", () =>
  somebody("lea", {}, async (page) => {
    await ask(page, "Combien de jours de congés par an ?");
    await page.goto("/");
    await page.getByRole("button", { name: "Ne pas conserver cette conversation" }).click();
    await page.getByText("Rien de cette conversation n’est conservé").first().waitFor();
    await accessible(page, "a conversation that is not kept");
    await ask(page, "Combien de jours de télétravail par semaine ?");
    assert.equal(new URL(page.url()).pathname, "/");
    assert.match(await answers(page).textContent(), /Non conservée/);
    assert.equal(await answers(page).getByRole("button", { name: "Cette réponse m’a aidé" }).count(), 0);
    // What it stands on is read in its document, for no record holds it.
    await page.locator(".cite").first().click();
    await page.locator("aside mark").waitFor();
    await page.keyboard.press("Escape");
    await ask(page, "Et combien de jours de congés ?");
    assert.equal(await page.locator(".asked").count(), 2);
    assert.deepEqual(await page.locator(".items a").allTextContents(), ["Combien de jours de congés par an ?"]);
    await page.keyboard.press("Control+k");
    await page.keyboard.type("télétravail");
    await page.getByText("Rien ne contient ces mots").waitFor();
    assert.doesNotMatch(house.run("records", "export", "--subject", "lea"), /télétravail/);
    await page.fill("#search", "");
    await page.locator(".sidebar .fresh").click();
    await page.locator(".welcome").waitFor();
    assert.equal(await page.locator(".asked").count(), 0);
    assert.equal(await page.getByText("Rien de cette conversation").count(), 0, "the next one is kept");
  }));

test("a house that keeps nothing has a page all the same", async () => {
  const forgetful = await startHouse(model.url, { records: "retention_days = 0" });
  const { page, context, faults } = await open(browser, forgetful.url);
  try {
    await signIn(page, "claire");
    await page.getByText("Aucune conversation n’est conservée ici.").waitFor();
    await ask(page, "Combien de jours de télétravail par semaine ?");
    await ask(page, "Et combien de jours de congés ?");
    assert.equal(await page.locator(".line", { hasText: "Non conservée" }).count(), 2);
    await page.goto("/settings");
    await page.getByText("Vos questions et leurs réponses ne sont pas conservées.").waitFor();
    assert.deepEqual(faults, []);
  } finally {
    await context.close();
    await forgetful.stop();
  }
});

/** Signs in again in the dialog that asks for it. */
async function again(page) {
  await page.fill('dialog input[type="password"]', PASSPHRASE);
  await page.keyboard.press("Enter");
}

/** What was written is still there, and the conversation goes on. */
async function goesOn(page) {
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByText("Votre session s’est terminée pendant cette réponse").waitFor();
  assert.match(await answers(page).locator(".prose").textContent(), /^Un mot/);
  assert.equal(await page.locator(".asked").count(), 1);
  await take(page, "default");
  await ask(page, "Combien de jours de télétravail par semaine ?");
  assert.equal(await page.locator(".asked").count(), 2);
}

test("whoever signs out everywhere ends an answer elsewhere: what was written stays", () =>
  somebody("remi", {}, async (page) => {
    await take(page, "modele");
    await ask(page, "Télétravail : réponds lentement", { wait: false });
    await until("the first words", async () => /Un mot/.test(await answers(page).textContent()));
    const { page: other, context } = await open(browser, house.url);
    await signIn(other, "remi");
    await other.goto("/settings");
    await other.getByRole("button", { name: "Se déconnecter de tous les appareils" }).click();
    await other.waitForSelector('input[autocomplete="username"]');
    await context.close();
    await page.getByRole("dialog", { name: "Votre session est terminée" }).waitFor();
    assert.match(await answers(page).textContent(), /Un mot/);
    await accessible(page, "a session that was ended");
    await again(page);
    await goesOn(page);
  }));

test("an account that is disabled in mid-answer comes in again once it is enabled", () =>
  somebody("remi", {}, async (page) => {
    await take(page, "modele");
    await ask(page, "Télétravail : réponds lentement", { wait: false });
    await until("the first words", async () => /Un mot/.test(await answers(page).textContent()));
    house.run("users", "disable", "remi");
    await page.getByRole("dialog", { name: "Votre session est terminée" }).waitFor();
    await again(page);
    await page.locator('dialog [role="alert"]').waitFor();
    assert.match(await answers(page).textContent(), /Un mot/);
    house.run("users", "enable", "remi");
    await again(page);
    await goesOn(page);
  }));

test("two thousand conversations are listed as one scrolls, and searched", () =>
  somebody("lea", {}, async (page, context) => {
    const { csrf } = await (await context.request.get("/api/auth/session")).json();
    const headers = { "x-csrf-token": csrf };
    const post = async (path, data) => {
      const made = await context.request.post(path, { headers, data });
      assert.ok(made.ok(), await made.text());
      return made.json();
    };
    const numbers = Array.from({ length: 2_000 }, (_, number) => number);
    const some = async () => {
      for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
        const { id } = await post("/api/conversations");
        const messages = [{ role: "user", content: `Dossier numéro${number} : combien de jours de congés ?` }];
        await post("/v1/chat/completions", { model: "direct", messages, trousseau: { conversation: id } });
      }
    };
    await Promise.all(Array.from({ length: 8 }, some));
    await page.goto("/");
    const items = page.locator(".items a");
    await items.first().waitFor();
    assert.ok((await items.count()) <= 80, "the first view reads a page of the list");
    await until("the whole list", async () => {
      await page.locator(".sidebar .list").evaluate((list) => list.scrollTo(0, list.scrollHeight));
      return (await items.count()) >= 2_000;
    });
    await page.keyboard.press("Control+k");
    await page.keyboard.type("numero1234");
    await until("the one that was searched", async () => (await items.count()) === 1);
    await items.first().click();
    await page.getByText("Dossier numéro1234 : combien de jours de congés ?").first().waitFor();
  }));
