// Places that break off, and places that are full: another goes on with the answer, or whoever asks waits for a turn and sees it.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { startHouse } from "./house.mjs";
import { startModel } from "./model.mjs";
import { accessible, answers, ask, open, signIn, startBrowser, take, until } from "./reader.mjs";

const BEGUN = "Voici le début de la rép";
const REST = "onse, et la suite vient d’un autre lieu\u00a0: **deux jours**.";

let model;
let relay;
let house;
let browser;

/** A model's server that goes on with what another began: it copies the last words, as it is asked to, and writes the rest. */
async function startRelay() {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    server.asked = JSON.parse(body);
    response.writeHead(200, { "content-type": "text/event-stream" });
    const send = (delta, finish = null) =>
      response.write(`data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "relais", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`);
    for (const content of ["début de", " la ré", "p", ...REST.match(/[^]{1,7}/g)]) send({ content });
    send({}, "stop");
    response.end("data: [DONE]\n\n");
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return server;
}

const place = (name, url, more = "") => `
[[upstream]]
name = "${name}"
kind = "openai"
url = "${url}"
model = "essai"
card = { premises = "own" }
${more}`;
const route = (name, targets) => `
[[route]]
name = "${name}"
targets = ${JSON.stringify(targets)}
grounded = false
`;

before(async () => {
  model = await startModel();
  relay = await startRelay();
  const relayed = `http://127.0.0.1:${relay.address().port}/v1`;
  house = await startHouse(model.url, {
    records: [
      "incognito = true",
      place("relais", relayed),
      place("etroit", model.url, "limits = { concurrency = 1, queue = 5, wait_seconds = 60 }"),
      route("continu", ["essai", "relais"]),
      route("etroit", ["etroit"]),
    ].join("\n"),
  });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await house?.stop();
  model?.stop();
  relay?.close();
});

const WORDS = {
  fr: { mark: "suite par relais", line: /Interrompue chez «\u00a0essai\u00a0» et poursuivie chez «\u00a0relais\u00a0»/, queued: "la vôtre attend son tour", stop: "Arrêter" },
  en: { mark: "continued by relais", line: /Broken off at “essai” and continued at “relais”/, queued: "yours waits for its turn", stop: "Stop" },
};

for (const [language, words] of Object.entries(WORDS)) {
  test(`an answer that breaks off is continued elsewhere, at a mark that stays (${language})`, async () => {
    const { page, context, faults } = await open(browser, house.url, { language });
    await signIn(page, "claire");
    await take(page, "continu");
    await ask(page, "Il meurt en répondant : combien de jours ?");
    const check = async () => {
      const prose = answers(page).locator(".prose");
      await prose.getByText("deux jours").waitFor();
      const mark = prose.locator(".seam");
      assert.equal(await mark.textContent(), words.mark);
      await mark.focus();
      const whole = `${BEGUN}${words.mark}${REST.replaceAll("**", "")}`;
      assert.equal((await prose.textContent()).trim(), whole);
      assert.match(await answers(page).locator(".line").textContent(), words.line);
    };
    await check();
    // What was delivered went along, and the words that came twice were taken away.
    assert.equal(relay.asked.messages.at(-2).content, BEGUN);
    await accessible(page, "a seam");
    await page.reload();
    await check();
    await page.emulateMedia({ media: "print" });
    assert.ok(await answers(page).locator(".seam").isVisible());
    assert.deepEqual(faults, []);
    await context.close();
  });

  test(`whoever waits for a turn sees it (${language})`, async () => {
    const one = await open(browser, house.url, { language });
    const two = await open(browser, house.url, { language });
    for (const { page } of [one, two]) {
      await signIn(page, "claire");
      await take(page, "etroit");
    }
    const before = model.seen.calls;
    await ask(one.page, "Réponds lentement", { wait: false });
    await until("the first answer has begun", () => model.seen.calls > before);
    await ask(two.page, "Et moi ?", { wait: false });
    await two.page.getByText(words.queued).waitFor();
    await accessible(two.page, "a turn that is waited for");
    // When the first is stopped, it is the second's turn.
    await one.page.getByRole("button", { name: words.stop }).click();
    await answers(two.page).getByText("Deux jours").waitFor();
    await Promise.all([one.context.close(), two.context.close()]);
  });
}
