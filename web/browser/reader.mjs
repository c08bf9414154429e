// A browser and somebody at it: Debian's Chromium, one context a person, and what each page must never do.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { PASSPHRASE } from "./house.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const ARGUMENTS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
];
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];

export function startBrowser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGUMENTS });
}

/** Opens a page; `faults` holds what must stay empty: errors, refusals of the policy, requests elsewhere. */
export async function open(browser, url, { language = "fr", width = 1280, dark = false, text = 1 } = {}) {
  const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme: dark ? "dark" : "light", reducedMotion: "reduce", baseURL: url });
  await context.addInitScript((chosen) => {
    if (!localStorage.getItem("trousseau")) localStorage.setItem("trousseau", JSON.stringify({ language: chosen }));
  }, language);
  const page = await context.newPage();
  // As a reader's own setting does: the page's sizes stand on the browser's.
  if (text !== 1) {
    const session = await context.newCDPSession(page);
    await session.send("Page.setFontSizes", { fontSizes: { standard: 16 * text, fixed: 13 * text } });
  }
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (said) => {
    if (/Content.Security.Policy/i.test(said.text())) faults.push(said.text());
  });
  context.on("request", (request) => {
    if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url())) faults.push(`request to ${request.url()}`);
  });
  return { page, context, faults };
}

export async function signIn(page, name) {
  await page.goto("/login");
  await page.fill('input[autocomplete="username"]', name);
  await page.fill('input[type="password"]', PASSPHRASE);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#question");
}

/** Asks, and waits for the line under the answer unless told otherwise. */
export async function ask(page, question, { wait = true } = {}) {
  await page.fill("#question", question);
  await page.waitForSelector('.round[type="submit"]:not([disabled])');
  await page.press("#question", "Enter");
  if (!wait) return;
  await page.waitForFunction((text) => [...document.querySelectorAll(".asked")].at(-1)?.textContent === text, question);
  await page.waitForFunction(() => [...document.querySelectorAll(".reply")].at(-1)?.querySelector(".line"), null, { timeout: 60_000 });
}

/** Waits until something holds. */
export async function until(what, holds) {
  for (let turn = 0; turn < 150; turn += 1) {
    if (await holds()) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  assert.fail(`${what} did not come about`);
}

/** The last answer of the page. */
export const answers = (page) => page.locator(".reply").last();

/** Chooses a route for the next questions. */
export async function take(page, route) {
  await page.click(".scope");
  await page.click(`dialog label:has-text("${route}")`);
  await page.keyboard.press("Escape");
}

/** No violation of accessibility on what is shown, once colours have stopped changing. */
export async function accessible(page, what) {
  await page.waitForFunction(() => !document.getAnimations().some((one) => one instanceof CSSTransition && one.playState === "running"));
  await page.evaluate(axe);
  const found = await page.evaluate(async (rules) => {
    const { violations } = await globalThis.axe.run(document, { runOnly: rules });
    return violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).join(", ")}`);
  }, RULES);
  assert.deepEqual(found, [], what);
}
