// The same figures of Open WebUI, where it is installed: `OPEN_WEBUI=/path/to/open-webui node browser/open-webui.mjs` starts it on
// an empty folder before the same model, and prints JSON. `figures.mjs` gives ours. It is no test.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startModel } from "./model.mjs";
import { startBrowser } from "./reader.mjs";

const round = (value) => Math.round(value * 10) / 10;
const figures = {};

/** A free port. */
function port() {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port: free } = server.address();
      server.close(() => done(free));
    });
  });
}

const folder = await mkdtemp(join(tmpdir(), "open-webui-"));
const model = await startModel();
const at = await port();
const url = `http://127.0.0.1:${at}`;
const started = performance.now();
// Alone: no network, no embedding model, no second model call for titles, tags and follow-ups.
const server = spawn(process.env.OPEN_WEBUI ?? "open-webui", ["serve", "--host", "127.0.0.1", "--port", String(at)], {
  cwd: folder,
  stdio: "ignore",
  env: {
    ...process.env,
    DATA_DIR: folder, WEBUI_SECRET_KEY: "bench", WEBUI_AUTH: "False", OFFLINE_MODE: "true", HF_HUB_OFFLINE: "1",
    ENABLE_OLLAMA_API: "False", OPENAI_API_BASE_URL: model.url, OPENAI_API_KEY: "none", BYPASS_EMBEDDING_AND_RETRIEVAL: "true",
    ENABLE_TITLE_GENERATION: "False", ENABLE_TAGS_GENERATION: "False", ENABLE_FOLLOW_UP_GENERATION: "False", ENABLE_AUTOCOMPLETE_GENERATION: "False",
    ANONYMIZED_TELEMETRY: "False", DO_NOT_TRACK: "true",
  },
});
const resident = () => round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))[1]) / 1024);
const browser = await startBrowser();

async function context() {
  const made = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce", baseURL: url });
  const page = await made.newPage();
  await page.goto("/");
  await page.waitForSelector("#chat-input");
  // The news of its version stand over the page until they are put away.
  const news = page.getByRole("button", { name: "Okay, Let's Go!" });
  await news.click({ timeout: 10_000 }).catch(() => undefined);
  return { page, made };
}

async function ask(page, question, limit) {
  const before = model.seen.calls;
  await page.click("#chat-input");
  await page.keyboard.insertText(question);
  await page.keyboard.press("Enter");
  const until = performance.now() + limit;
  while (model.seen.calls === before) {
    if (performance.now() > until) throw new Error("the question did not reach the model");
    await page.waitForTimeout(20);
  }
  // The button that stops an answer is there while one comes.
  await page.waitForFunction(() => !document.querySelector("#message-input-container [aria-label='Stop'], #stop-response-button"), null, { timeout: limit });
}

async function firstView() {
  const { page, made } = await context();
  const session = await made.newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  let bytes = 0;
  let requests = 0;
  session.on("Network.loadingFinished", ({ encodedDataLength }) => ((bytes += encodedDataLength), (requests += 1)));
  const from = performance.now();
  await page.goto("/");
  await page.waitForSelector("#chat-input");
  await page.click("#chat-input");
  await page.keyboard.type("a");
  await page.waitForFunction(() => document.querySelector("#chat-input")?.textContent.includes("a"));
  figures.first_view = { milliseconds_to_typed_letter_at_4x_slower: round(performance.now() - from), bytes, requests };
  await made.close();
}

async function longAnswer() {
  const { page, made } = await context();
  await page.evaluate(() => {
    globalThis.frames = [];
    let last = performance.now();
    const tick = (now) => (globalThis.frames.push(now - last), (last = now), requestAnimationFrame(tick));
    requestAnimationFrame(tick);
  });
  const from = performance.now();
  let ended = "whole";
  await ask(page, "Combien de jours de télétravail par semaine ? Réponse très long.", 180_000).catch((error) => (ended = error.message.split("\n")[0]));
  const seconds = (performance.now() - from) / 1000;
  const frames = await page.evaluate(() => globalThis.frames);
  const sorted = [...frames].sort((a, b) => a - b);
  figures.long_answer = { ended, seconds: round(seconds), frames_per_second: round(frames.length / seconds), frame_ms_median: round(sorted[sorted.length >> 1]), frame_ms_longest: round(sorted.at(-1)) };
  await made.close();
}

async function manyAnswers() {
  const { page, made } = await context();
  const session = await made.newCDPSession(page);
  const heap = async () => {
    await session.send("HeapProfiler.collectGarbage");
    return round((await session.send("Runtime.getHeapUsage")).usedSize / 1e6);
  };
  const before = await heap();
  for (let asked = 0; asked < 200; asked += 1) await ask(page, `Combien de jours de télétravail par semaine ? Question ${asked}`, 60_000);
  figures.after_200_answers = { heap_megabytes_before: before, heap_megabytes_after: await heap(), elements: await page.evaluate(() => document.querySelectorAll("*").length) };
  await made.close();
}

async function accessibility() {
  const { page, made } = await context();
  await ask(page, "Combien de jours de télétravail par semaine ?", 60_000);
  await page.waitForTimeout(1_000);
  await page.evaluate(readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"));
  const found = await page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] });
    return violations.map((one) => [one.id, one.nodes.length]);
  });
  figures.axe_after_an_answer = Object.fromEntries(found);
  await made.close();
}

try {
  for (;;) {
    const alive = await fetch(`${url}/health`).then((answer) => answer.ok, () => false);
    if (alive) break;
    if (performance.now() - started > 300_000) throw new Error("Open WebUI did not start within five minutes");
    await new Promise((done) => setTimeout(done, 100));
  }
  figures.server = { seconds_to_first_200: round((performance.now() - started) / 1000), resident_megabytes: resident() };
  const parts = { firstView, accessibility, longAnswer, manyAnswers };
  for (const name of process.argv.length > 2 ? process.argv.slice(2) : Object.keys(parts)) await parts[name]();
  figures.server.resident_megabytes_after = resident();
} finally {
  console.log(JSON.stringify(figures, null, 2));
  await browser.close();
  server.kill();
  model.stop();
  await rm(folder, { recursive: true, force: true });
}
