// What a colleague does, once in each language: everything is found by the name that the page's catalogue gives it, so that what
// is missing, or stands in the other language, is not found.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, test } from "node:test";
import { accessible, answers, ask, open, signIn, take, until } from "./reader.mjs";
import { browser, house, model, somebody } from "./stage.mjs";
import { catalogues } from "./words.mjs";

let all;
before(async () => (all = await catalogues()));

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
/** A name that begins like this, whatever follows. */
const begins = (text) => new RegExp(`^${escaped(text)}`);

for (const language of ["fr", "en"]) {
  const options = { language };
  const button = (page, name) => page.getByRole("button", { name, exact: typeof name === "string" });
  const dialog = (page, name) => page.getByRole("dialog", { name });
  const closed = (page) => dialog(page).waitFor({ state: "detached" });
  const flow = (what, doing, who = "claire") => test(`${language}: ${what}`, () => somebody(who, options, (page, context) => doing(page, all[language], context)));

  test(`${language}: signing in, a wrong passphrase, the declaration of accessibility`, async () => {
    const words = all[language];
    const { page, context, faults } = await open(browser, house.url, options);
    await page.goto("/");
    await page.getByRole("heading", { name: words.login.title, level: 1 }).waitFor();
    assert.equal(await page.locator("html").getAttribute("lang"), language);
    await page.getByRole("link", { name: words.accessibility.mention.none }).click();
    await page.getByRole("heading", { name: words.accessibility.title, level: 1 }).waitFor();
    await page.getByText(words.accessibility.recourseTold).waitFor();
    await accessible(page, "declaration");
    await page.goBack();
    await page.getByLabel(words.login.user, { exact: true }).fill("claire");
    await page.getByLabel(words.login.password, { exact: true }).fill("ce n’est pas la bonne phrase");
    await button(page, words.login.enter).click();
    await page.getByRole("alert").waitFor();
    await signIn(page, "claire");
    await page.getByText(words.chat.notice).waitFor();
    assert.deepEqual(faults, []);
    await context.close();
  });

  flow("an answer, its source, its proof and its reasons", async (page, words) => {
    await ask(page, "Combien de jours de télétravail par semaine ?");
    await answers(page).getByText(words.line.made.local).waitFor();
    await button(page, begins(words.markdown.source(1, ""))).first().click();
    const panel = page.getByRole("complementary", { name: words.source.panel });
    await panel.getByText(words.source.states.current).waitFor();
    // Documents are French: who hears the page in English hears them in French.
    assert.equal(await panel.locator(".text").getAttribute("lang"), "fr");
    assert.equal(await page.locator(".prose").getAttribute("lang"), "fr");
    await panel.getByRole("button", { name: words.common.close }).click();
    await answers(page).getByRole("button", { name: words.line.proof }).click();
    await dialog(page, words.proof.title).getByText(words.proof.verified).waitFor();
    await page.keyboard.press("Escape");
    await answers(page).getByRole("button", { name: words.line.why }).click();
    await dialog(page, words.line.title).getByText(words.line.could).waitFor();
    await page.keyboard.press("Escape");
    await closed(page);
  });

  flow("a question is edited and answered again, on branches", async (page, words) => {
    await ask(page, "Combien de jours de congés par an ?");
    await page.locator(".question").hover();
    await button(page, words.chat.edit).first().click();
    await page.getByLabel(words.chat.editing, { exact: true }).last().fill("Quels sont les horaires de la médiathèque ?");
    await button(page, words.chat.resend).click();
    await page.getByText(words.chat.branch(2, 2)).waitFor();
    await answers(page).locator(".line").waitFor();
    await button(page, words.chat.regenerate).click();
    await page.getByText(words.chat.branch(3, 3)).waitFor();
    await answers(page).locator(".line").waitFor();
    await button(page, words.chat.previous).click();
    await page.getByText(words.chat.branch(2, 3)).waitFor();
  });

  flow("conversations are rated, exported, renamed, searched and deleted", async (page, words) => {
    const word = language === "fr" ? "quotient" : "canteen";
    await ask(page, `Comment réserver un repas à la restauration scolaire ? ${word}`);
    await button(page, words.feedback.down).click();
    await page.getByLabel(words.feedback.comment).fill("Il manque le tarif.");
    await button(page, words.feedback.send).click();
    await closed(page);
    for (const [item, holds] of [[words.chat.exportMarkdown, `**${words.markdown.footnote}**`], [words.chat.exportJson, "trousseau-conversation/1"]]) {
      await button(page, words.chat.export).click();
      const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: item }).click()]);
      assert.ok((await readFile(await file.path(), "utf8")).includes(holds), item);
    }
    const act = async (name) => {
      await page.locator(".items li").first().hover();
      await button(page, begins(words.nav.actions("").slice(0, 7))).first().click();
      await page.getByRole("menuitem", { name }).click();
    };
    await act(words.nav.rename);
    await dialog(page, words.rename.title).getByLabel(words.rename.label).fill(`Titre ${word}`);
    await button(page, words.common.save).click();
    await page.getByRole("link", { name: `Titre ${word}` }).waitFor();
    await page.getByLabel(words.nav.search).fill(`titre ${word}`);
    await until("the one conversation", async () => (await page.locator(".items a").count()) === 1);
    await act(words.nav.delete);
    await dialog(page, words.remove.title).getByRole("button", { name: words.remove.confirm }).click();
    await page.getByText(words.nav.nothing).waitFor();
  });

  flow("an answer is stopped, one fails, one is refused, one reasons", async (page, words) => {
    await take(page, "modele");
    await ask(page, "Télétravail : réponds lentement", { wait: false });
    await until("the first words", async () => /Un mot/.test(await answers(page).textContent()));
    await button(page, words.chat.stop).click();
    await page.getByText(words.chat.stopped).waitFor();
    await ask(page, "Télétravail : une panne ?", { wait: false });
    await page.getByText(words.refusal.failed).waitFor();
    await page.getByText(words.refusal.tried("essai", words.refusal.attempts["model-unavailable"])).waitFor();
    await page.reload();
    await page.locator("#question").waitFor();
    await ask(page, "Combien de jours de télétravail ? Raisonne.");
    await answers(page).getByText(begins(words.chat.reasoning)).first().waitFor();
    model.seen.loading = 0;
    await ask(page, "Combien de jours de télétravail ? Charge.", { wait: false });
    await page.locator(".reply .wait", { hasText: words.chat.loadingModel }).waitFor();
    await until("the answer", async () => (await page.locator(".reply .line").count()) === (await page.locator(".reply").count()));
    await take(page, "dehors");
    await ask(page, "Mon IBAN est FR76 3000 6000 0112 3456 7890 189, est-ce permis ?");
    await answers(page).getByText(words.refusal.title).waitFor();
    await answers(page).getByText(words.refusal.steps.remove).waitFor();
  });

  flow("a file is asked about, and taken away", async (page, words) => {
    const buffer = Buffer.from("La réunion est déplacée au jeudi 14 mai à 9 heures, en salle Colbert.\n");
    await page.setInputFiles('input[type="file"]', { name: "note.md", mimeType: "text/markdown", buffer });
    await page.getByText(words.file.about("note.md")).waitFor();
    await button(page, words.chat.detach("note.md")).click();
    await until("the file to go", async () => (await page.getByText(words.file.about("note.md")).count()) === 0);
  });

  flow("where to search, what is not kept, a new conversation", async (page, words) => {
    await button(page, begins(words.chat.scope)).click();
    await dialog(page, words.chat.scope).getByLabel("interne", { exact: true }).check();
    await button(page, words.common.close).last().click();
    await closed(page);
    await button(page, words.chat.unkeep).click();
    await page.locator(".unkept", { hasText: words.chat.unkept }).waitFor();
    await page.getByRole("link", { name: words.nav.fresh }).first().click();
    await page.locator(".unkept").waitFor({ state: "detached" });
  });

  flow("settings, help and leaving", async (page, words) => {
    const choose = async (name) => {
      await button(page, begins(words.nav.account)).click();
      await page.getByRole("menuitem", { name }).click();
    };
    await choose(words.nav.settings);
    await page.getByRole("heading", { name: words.settings.title, level: 1 }).waitFor();
    await page.getByText(words.settings.machineTold).waitFor();
    await page.goto("/");
    await choose(words.nav.help);
    await dialog(page, words.help.title).getByRole("link", { name: words.accessibility.mention.none }).click();
    await page.getByRole("heading", { name: words.accessibility.title, level: 1 }).waitFor();
    await accessible(page, "declaration, signed in");
    await choose(words.nav.leave);
    await page.getByRole("heading", { name: words.login.title, level: 1 }).waitFor();
  });
}
