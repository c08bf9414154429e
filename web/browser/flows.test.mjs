// What a colleague, an administrator and an auditor do with the page, in a real browser, against the real server.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { accessible, answers, ask, open, signIn, take, until } from "./reader.mjs";
import { browser, house, model, somebody } from "./stage.mjs";

test("a colleague signs in, asks, and sees the cited passage in its document", async () => {
  const { page, context, faults } = await open(browser, house.url);
  await page.goto("/c/anything");
  await page.waitForSelector('input[type="password"]');
  assert.match(page.url(), /\/login$/);
  assert.equal(await page.title(), "Mairie d’essai");
  await accessible(page, "sign-in");
  await page.fill('input[autocomplete="username"]', "claire");
  await page.fill('input[type="password"]', "ce n’est pas la bonne phrase");
  await page.keyboard.press("Enter");
  await page.waitForSelector('[role="alert"]');
  await signIn(page, "claire");
  await page.waitForSelector(".welcome .list button");
  await accessible(page, "first screen");
  assert.match(await page.textContent(".foot"), /Vous parlez à une machine/);
  await ask(page, "Combien de jours de télétravail par semaine ?");
  assert.match(page.url(), /\/c\/[^/]+$/);
  assert.match(await answers(page).textContent(), /Répondu ici, dans votre organisation/);
  await page.locator(".cite").first().click();
  const marked = await page.locator("aside mark").textContent();
  assert.match(marked, /télétravailler/);
  await until("the document around the passage", async () => (await page.locator("aside .text").textContent()).length > marked.length + 200);
  await accessible(page, "source");
  await page.keyboard.press("Escape");
  await page.locator("button.link", { hasText: "Preuve" }).click();
  await page.waitForSelector("dialog >> text=Vérifiée");
  await accessible(page, "proof");
  const [file] = await Promise.all([page.waitForEvent("download"), page.click("text=Télécharger la preuve")]);
  assert.match(await readFile(await file.path(), "utf8"), /c2sp\.org\/tlog-proof/);
  await page.keyboard.press("Escape");
  await page.locator("button.link", { hasText: "Pourquoi" }).click();
  await page.waitForSelector("dialog >> text=Lieux permis");
  await accessible(page, "why");
  assert.deepEqual(faults, []);
  await context.close();
});

test("an answer survives a reload and is the same in two tabs", () =>
  somebody("claire", {}, async (page, context) => {
    await take(page, "modele");
    await ask(page, "Réponds lentement", { wait: false });
    await until("the first words", async () => /Un mot/.test(await answers(page).textContent()));
    await until("the address", () => /\/c\//.test(page.url()));
    const before = (await page.locator(".prose").textContent()).length;
    await page.reload();
    await until("what was there and more", async () => (await page.locator(".prose").textContent().catch(() => "")).length > before);
    const other = await context.newPage();
    await other.goto(page.url());
    await until("the other tab", async () => (await other.locator(".prose").textContent().catch(() => "")).length > before);
    const hungUp = model.seen.hungUp;
    await page.focus("#question");
    await page.keyboard.press("Escape");
    await page.waitForSelector("text=Vous avez arrêté cette réponse");
    await until("the model to be stopped", () => model.seen.hungUp > hungUp);
    await until("the other tab to see the end", async () => (await other.locator('.round[type="submit"]').count()) === 1);
  }));

test("questions are edited and answers made again, on branches that stay", () =>
  somebody("claire", {}, async (page) => {
    await ask(page, "Combien de jours de congés par an ?");
    await page.press("#question", "ArrowUp");
    await page.keyboard.press("Control+A");
    await page.keyboard.type("Quels sont les horaires de la médiathèque ?");
    await page.keyboard.press("Enter");
    await page.waitForSelector("text=Version 2 sur 2");
    await page.waitForSelector(".line");
    await page.click('[aria-label="Refaire la réponse"]');
    await page.waitForSelector("text=Version 3 sur 3");
    await page.waitForSelector(".line");
    await page.reload();
    await page.waitForSelector("text=Version 3 sur 3");
    await page.click('[aria-label="Version précédente"]');
    await page.click('[aria-label="Version précédente"]');
    assert.deepEqual(await page.locator(".asked").allTextContents(), ["Combien de jours de congés par an ?"]);
  }));

test("conversations are searched, renamed, exported and deleted; an answer is rated", () =>
  somebody("claire", {}, async (page) => {
    await ask(page, "Comment réserver un repas à la restauration scolaire ?");
    await page.click('[aria-label="Cette réponse ne m’a pas aidé"]');
    await page.fill("#opinion", "Il manque le quotient familial.");
    await accessible(page, "opinion");
    await page.click("text=Envoyer l’avis");
    await until("the thumb", async () => (await page.locator('[aria-pressed="true"]').count()) === 1);
    await page.click('[aria-label="Exporter la conversation"]');
    const [file] = await Promise.all([page.waitForEvent("download"), page.click('[role="menuitem"]:has-text("Markdown")')]);
    assert.match(await readFile(await file.path(), "utf8"), /\*\*Sources\*\*[\s\S]*Entrée du registre/);
    await page.hover(".items li");
    await page.locator(".items .tool").first().click();
    await accessible(page, "menu");
    await page.click('[role="menuitem"]:has-text("Renommer")');
    await page.fill("dialog input", "La cantine scolaire");
    await page.keyboard.press("Enter");
    await page.waitForSelector('.items a:has-text("La cantine scolaire")');
    await page.keyboard.press("Control+k");
    await page.keyboard.type("cantine");
    await until("the one conversation", async () => (await page.locator(".items a").count()) === 1);
    await page.hover(".items li");
    await page.locator(".items .tool").first().click();
    await page.click('[role="menuitem"]:has-text("Supprimer")');
    await accessible(page, "delete");
    await page.click("dialog .danger");
    await until("an empty list", async () => (await page.locator(".items a").count()) === 0);
    assert.equal(new URL(page.url()).pathname, "/");
  }));

test("a file is asked about, and one that cannot be read says why", () =>
  somebody("claire", {}, async (page) => {
    const note = Buffer.from("# Note\n\nLa réunion est déplacée au jeudi 14 mai à 9 heures, en salle Colbert.\n");
    await page.setInputFiles('input[type="file"]', { name: "note \u202Efdp.md", mimeType: "text/markdown", buffer: note });
    await page.waitForSelector("text=La question portera sur note fdp.md");
    await accessible(page, "file");
    await ask(page, "Quand a lieu la réunion ?");
    assert.match(await answers(page).textContent(), /jeudi 14 mai/);
    await page.setInputFiles('input[type="file"]', { name: "x.exe", mimeType: "application/octet-stream", buffer: Buffer.from([77, 90, 0, 1]) });
    await page.waitForSelector(".failed >> text=N’a pas pu être lu");
  }));

test("a question that no place may see says what one can do next", () =>
  somebody("claire", {}, async (page) => {
    await take(page, "dehors");
    await ask(page, "Mon IBAN est FR76 3000 6000 0112 3456 7890 189, est-ce permis ?");
    const said = await answers(page).textContent();
    assert.match(said, /Cette question n’a pas été envoyée/);
    assert.match(said, /hors de l’Union européenne/);
    assert.match(said, /Ce que vous pouvez faire/);
    await accessible(page, "refusal");
    await page.reload();
    await until("the refusal after a reload", async () => /n’a pas été envoyée/.test(await answers(page).textContent().catch(() => "")));
    await page.locator("button", { hasText: "Modifier la question" }).last().click();
    await page.waitForSelector("textarea[id^=edit-]");
  }));

test("a model that dies in mid-answer ends in words, not in silence", () =>
  somebody("claire", {}, async (page) => {
    await take(page, "modele");
    await ask(page, "Commence puis meurt");
    assert.match(await answers(page).textContent(), /Voici le début/);
    await page.waitForSelector('.reply [role="alert"]');
    await accessible(page, "failure");
  }));

test("a session that ends in mid-answer is begun again without losing the page", () =>
  somebody("claire", {}, async (page, context) => {
    await take(page, "modele");
    await ask(page, "Réponds lentement", { wait: false });
    await until("the first words", async () => /Un mot/.test(await answers(page).textContent()));
    await context.clearCookies();
    await page.click(".sidebar .fresh");
    await page.waitForSelector("dialog >> text=Votre session est terminée");
    await accessible(page, "session over");
    await page.fill('dialog input[type="password"]', "une phrase de passe pour les essais");
    await page.keyboard.press("Enter");
    await until("the dialog to close", async () => (await page.locator("dialog").count()) === 0);
  }));

test("hostile text stays text", () =>
  somebody("claire", {}, async (page) => {
    await take(page, "modele");
    await ask(page, "Combien de jours de télétravail par semaine ? Sois hostile.");
    assert.equal(await page.evaluate(() => globalThis.hacked), undefined);
    const held = await page.locator(".prose").evaluate((prose) => prose.querySelectorAll("script, img, iframe, style, svg:not(.tool svg), [onclick], [href^='javascript']").length);
    assert.equal(held, 0);
    assert.match(await page.locator(".prose").textContent(), /<script>window\.hacked = 1<\/script>/);
    await page.locator(".prose a").first().hover();
  }));

test("reasoning is folded, formulas and code are drawn", () =>
  somebody("claire", { dark: true }, async (page) => {
    await take(page, "modele");
    await ask(page, "Combien de jours de télétravail par semaine ? Raisonne.");
    assert.equal(await page.locator("details.reasoning").getAttribute("open"), null);
    await page.waitForSelector(".prose math");
    await page.waitForSelector("pre .key");
    await accessible(page, "rich answer");
  }));

test("each role sees its rooms only, and they are accessible", async () => {
  await somebody("adele", {}, async (page) => {
    for (const room of ["setup", "documents", "users", "keys", "places", "usage", "limits", "explain", "ledger"]) {
      await page.goto(`/admin/${room}`);
      await page.waitForSelector(".room h1");
      await until(`${room} to load`, async () => (await page.locator(".room .wait").count()) === 0);
      assert.equal(await page.locator('.room [role="alert"]').count(), 0, room);
      await accessible(page, room);
    }
    await page.click("button:has-text('Vérifier le registre')");
    await page.waitForSelector("text=Aucune anomalie");
    await page.goto("/admin/explain");
    await page.fill("#text", "Mon IBAN est FR76 3000 6000 0112 3456 7890 189.");
    await page.click("button:has-text('Expliquer')");
    assert.match(await page.locator(".room mark").textContent(), /^FR76/);
  });
  await somebody("omar", {}, async (page) => {
    await page.goto("/admin/records");
    await page.waitForSelector(".room table");
    await accessible(page, "records");
    assert.equal(await page.locator("text=Lire cette réponse").count(), 0);
    await page.goto("/admin/documents");
    await page.waitForSelector("text=Cette pièce est réservée");
  });
  await somebody("dora", {}, async (page) => {
    await page.goto("/admin/records");
    await page.locator("text=Lire cette réponse").first().click();
    await page.fill("dialog input", "Demande d’accès du 21 novembre");
    await page.click("text=Inscrire et lire");
    await page.waitForSelector("dialog >> text=Question");
  });
});

test("an administrator makes an account, whose owner chooses a passphrase by the link", () =>
  somebody("adele", {}, async (page) => {
    await page.goto("/admin/users");
    await page.click("text=Créer un compte");
    await page.locator("dialog input").first().fill("nouvelle");
    await page.click('dialog button[type="submit"]');
    const link = await page.locator(".secret code").textContent();
    const { page: other, context } = await open(browser, house.url);
    await other.goto(link);
    const fields = other.locator('input[type="password"]');
    await fields.nth(0).fill("court");
    await other.keyboard.press("Enter");
    await other.waitForSelector("text=Il faut quinze caractères");
    await accessible(other, "first passphrase");
    await fields.nth(0).fill("quatre mots sans aucun rapport");
    await fields.nth(1).fill("quatre mots sans aucun rapport");
    await other.keyboard.press("Enter");
    await other.waitForSelector("#question");
    await context.close();
  }));

test("the page speaks English, is dark, and fits 390 pixels", () =>
  somebody("claire", { language: "en", width: 390, dark: true }, async (page) => {
    await ask(page, "How many days of telework a week? télétravail");
    assert.equal(await page.locator("html").getAttribute("lang"), "en");
    assert.match(await answers(page).textContent(), /Answered here, in your organisation/);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${wide} px too wide`);
    await accessible(page, "narrow and dark");
    await page.goto("/settings");
    await page.waitForSelector("h1:has-text('Settings')");
    await accessible(page, "settings");
  }));

test("who signs out leaves nothing to the next one at the same screen", () =>
  somebody("claire", {}, async (page) => {
    await ask(page, "Combien de jours de télétravail par semaine ?");
    const conversation = page.url();
    await page.click(".account .tool");
    await page.click("text=Se déconnecter");
    await page.waitForSelector('input[type="password"]');
    await signIn(page, "omar");
    await page.waitForSelector("text=Vos conversations paraîtront ici");
    assert.equal(await page.locator(".items a").count(), 0);
    await page.goto(conversation);
    await page.waitForSelector("text=Cette conversation n’existe pas, ou n’est pas la vôtre");
  }));

test("focus returns to the field, and an answer is announced once", () =>
  somebody("claire", {}, async (page) => {
    await page.evaluate(() => {
      globalThis.said = [];
      new MutationObserver(() => {
        const text = document.querySelector('[role="status"][aria-live]').textContent;
        if (text) globalThis.said.push(text);
      }).observe(document.querySelector('[role="status"][aria-live]'), { childList: true, characterData: true, subtree: true });
    });
    await ask(page, "Combien de jours de télétravail par semaine ?");
    await until("the announcement", () => page.evaluate(() => globalThis.said.length > 0));
    const said = await page.evaluate(() => globalThis.said);
    assert.equal(said.length, 1, said.join(" | "));
    assert.match(said[0], /^Réponse terminée\u00a0: \d+\u00a0mots, \d+\u00a0sources?\.$/);
    assert.equal(await page.evaluate(() => document.activeElement.id), "question");
  }));

test("the focus goes through the page in the order in which it is read, and comes back", () =>
  somebody("claire", {}, async (page) => {
    await ask(page, "Combien de jours de télétravail par semaine ?");
    const conversation = page.url();
    await page.goto(conversation);
    await page.waitForSelector(".cite");
    await page.waitForFunction(() => document.activeElement.id === "question");
    await page.locator(".skip").focus();
    const places = [".skip", ".sidebar .top, .sidebar .fresh", ".search", ".sidebar .list", ".account", ".head", ".scroll", ".question", ".prose", ".line", ".composer"];
    const reached = [".skip"];
    for (let turn = 0; turn < 60 && !reached.includes(".composer"); turn += 1) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate((all) => all.filter((one) => document.activeElement.closest(one)).at(-1) ?? null, places);
      if (at && reached.at(-1) !== at) reached.push(at);
    }
    assert.deepEqual(reached, places);
    const cite = page.locator(".cite").first();
    await cite.focus();
    await page.keyboard.press("Enter");
    await page.waitForSelector("aside mark");
    assert.ok(await page.evaluate(() => document.activeElement.closest("aside") !== null));
    await page.keyboard.press("Escape");
    assert.ok(await cite.evaluate((button) => button === document.activeElement));
    await page.keyboard.press("Tab");
    await page.locator(".scroll").focus();
    await page.keyboard.press("?");
    await page.waitForSelector("dialog >> text=Au clavier");
    await accessible(page, "help");
  }));

test("on a slow network something is seen within a second of asking", () =>
  somebody("claire", {}, async (page, context) => {
    await take(page, "modele");
    const session = await context.newCDPSession(page);
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditions", { offline: false, latency: 900, downloadThroughput: 20_000, uploadThroughput: 10_000 });
    await page.fill("#question", "Combien de jours de télétravail par semaine ?");
    await page.press("#question", "Enter");
    await page.waitForSelector(".reply .wait", { timeout: 1_000 });
    await page.waitForSelector(".reply .line", { timeout: 60_000 });
  }));

test("an answer outlives a connection that breaks", () =>
  somebody("claire", {}, async (page, context) => {
    await take(page, "modele");
    await ask(page, "Télétravail : réponds lentement", { wait: false });
    await until("the first words", async () => /Un mot/.test(await answers(page).textContent()));
    await context.setOffline(true);
    await page.waitForSelector("text=Vous êtes hors ligne");
    const before = (await page.locator(".prose").textContent()).length;
    await context.setOffline(false);
    await until("the rest", async () => (await page.locator(".prose").textContent()).length > before + 60);
    const words = await page.locator(".prose").textContent();
    assert.ok("Un mot après l’autre, sans se presser. ".repeat(40).startsWith(words.trimEnd().slice(0, before + 40)), "nothing twice, nothing lost");
    await page.focus("#question");
    await page.keyboard.press("Escape");
    await page.waitForSelector("text=Vous avez arrêté cette réponse");
  }));
