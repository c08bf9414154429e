// Measures the page: the first view on a slowed processor, frames while a very long answer streams, memory after many answers,
// 2,000 conversations. `node browser/figures.mjs` prints JSON; it is no test.
import { startHouse } from "./house.mjs";
import { startModel } from "./model.mjs";
import { ask, open, signIn, startBrowser, take } from "./reader.mjs";

const round = (value) => Math.round(value * 10) / 10;
const figures = {};
const model = await startModel();
const house = await startHouse(model.url);
const browser = await startBrowser();

async function firstView() {
  const { page, context } = await open(browser, house.url);
  await signIn(page, "claire");
  const session = await context.newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  let bytes = 0;
  let requests = 0;
  const static_ = new Set();
  session.on("Network.responseReceived", ({ requestId, response }) => {
    if (!/\/(api|v1)\//.test(new URL(response.url).pathname)) static_.add(requestId);
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (!static_.has(requestId)) return;
    bytes += encodedDataLength;
    requests += 1;
  });
  const started = performance.now();
  await page.goto("/");
  await page.waitForSelector("#question");
  await page.type("#question", "a");
  figures.first_view = { milliseconds_to_typed_letter_at_4x_slower: round(performance.now() - started), bytes, requests };
  await context.close();
}

async function longAnswer() {
  const { page, context } = await open(browser, house.url);
  await signIn(page, "claire");
  await take(page, "modele");
  await page.evaluate(() => {
    globalThis.frames = [];
    let last = performance.now();
    const tick = (now) => (globalThis.frames.push(now - last), (last = now), requestAnimationFrame(tick));
    requestAnimationFrame(tick);
  });
  const started = performance.now();
  await ask(page, "Combien de jours de télétravail par semaine ? Réponse très long.");
  const seconds = (performance.now() - started) / 1000;
  const frames = await page.evaluate(() => globalThis.frames);
  const sorted = [...frames].sort((a, b) => a - b);
  figures.long_answer = {
    characters: (await page.locator(".prose").textContent()).length,
    seconds: round(seconds),
    frames_per_second: round(frames.length / seconds),
    frame_ms_median: round(sorted[Math.floor(sorted.length / 2)]),
    frame_ms_99th: round(sorted[Math.floor(sorted.length * 0.99)]),
    frame_ms_longest: round(sorted.at(-1)),
  };
  await context.close();
}

async function manyAnswers() {
  const { page, context } = await open(browser, house.url);
  await signIn(page, "claire");
  const session = await context.newCDPSession(page);
  const heap = async () => {
    await session.send("HeapProfiler.collectGarbage");
    return round((await session.send("Runtime.getHeapUsage")).usedSize / 1e6);
  };
  const before = await heap();
  for (let at = 0; at < 200; at += 1) await ask(page, `Combien de jours de télétravail par semaine ? Question ${at}`);
  figures.after_200_answers = { heap_megabytes_before: before, heap_megabytes_after: await heap(), elements: await page.evaluate(() => document.querySelectorAll("*").length) };
  await context.close();
}

async function manyConversations() {
  const { page, context } = await open(browser, house.url);
  await signIn(page, "adele");
  await page.evaluate(async () => {
    const { csrf } = await (await fetch("/api/auth/session")).json();
    const headers = { "content-type": "application/json", "x-csrf-token": csrf };
    const one = async (at) => {
      const made = await (await fetch("/api/conversations", { method: "POST", headers })).json();
      const body = { model: "default", messages: [{ role: "user", content: `Question numéro ${at} sur le télétravail` }], trousseau: { conversation: made.id } };
      await (await fetch("/v1/chat/completions", { method: "POST", headers, body: JSON.stringify(body) })).text();
    };
    for (let at = 0; at < 2000; at += 4) await Promise.all([at, at + 1, at + 2, at + 3].map(one));
  });
  const started = performance.now();
  await page.goto("/");
  await page.waitForSelector(".items a");
  const shown = performance.now() - started;
  const search = performance.now();
  await page.fill("#search", "1234");
  await page.waitForFunction(() => document.querySelectorAll(".items a").length === 1);
  figures.two_thousand_conversations = { milliseconds_to_list: round(shown), milliseconds_to_found: round(performance.now() - search) };
  await context.close();
}

const parts = { firstView, longAnswer, manyAnswers, manyConversations };
try {
  for (const name of process.argv.length > 2 ? process.argv.slice(2) : Object.keys(parts)) await parts[name]();
} finally {
  await browser.close();
  await house.stop();
  model.stop();
}
console.log(JSON.stringify(figures, null, 2));
