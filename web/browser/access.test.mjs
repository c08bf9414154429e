// The page without a mouse, at 320 pixels, and with text twice as large.
import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, answers, ask, until } from "./reader.mjs";
import { somebody } from "./stage.mjs";

/** What has the focus: its role or element, and its name. */
const focused = (page) =>
  page.evaluate(() => {
    const at = document.activeElement;
    return (at.getAttribute("aria-label") || at.labels?.[0]?.textContent || at.textContent || "").replace(/\s+/g, " ").trim();
  });

/** Goes on with Tab until what has the focus has this name. */
async function reach(page, name, most = 80) {
  for (let turn = 0; turn < most; turn += 1) {
    if (name.test(await focused(page))) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`${name} is not reached by Tab`);
}

/** Nothing scrolls sideways, and nothing stands outside of what is seen. */
async function fits(page, what) {
  const found = await page.evaluate(() => {
    const wide = document.documentElement.scrollWidth - innerWidth;
    const inFrame = (node) => node.closest(".frame, pre, math, .unseen, .skip, .side:not(.listed), [inert]");
    const out = [...document.querySelectorAll("main *, dialog *, form *")].filter((node) => {
      const box = node.getBoundingClientRect();
      return box.width > 0 && box.right > innerWidth + 1 && !inFrame(node);
    });
    return { wide, out: out.slice(0, 3).map((node) => `${node.tagName}.${node.className}`) };
  });
  assert.deepEqual(found, { wide: Math.min(found.wide, 0), out: [] }, what);
}

test("everything is done by keyboard: ask, read a source, see the proof, stop, leave nothing behind", () =>
  somebody("claire", {}, async (page) => {
    await page.keyboard.type("Combien de jours de télétravail par semaine ?");
    await page.waitForSelector('.round[type="submit"]:not([disabled])');
    await page.keyboard.press("Enter");
    await answers(page).locator(".line").waitFor();
    assert.equal(await focused(page), "Votre question");
    await page.locator(".scroll").focus();
    await reach(page, /^Source 1/);
    await page.keyboard.press("Enter");
    await page.locator("aside mark").waitFor();
    await reach(page, /^Fermer$/);
    await page.keyboard.press("Enter");
    assert.match(await focused(page), /^Source 1/, "the focus comes back to the citation");
    await reach(page, /^Preuve$/);
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByText("Vérifiée").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    assert.match(await focused(page), /^Preuve$/, "the focus comes back to the button");
    await reach(page, /^Cette réponse m’a aidé$/);
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await reach(page, /^Votre question$/);
    await reach(page, /^Où chercher/);
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Où chercher" }).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    assert.equal(await focused(page), "Chercher dans vos conversations");
    await reach(page, /^Actions sur/);
    await page.keyboard.press("Enter");
    await page.getByRole("menuitem", { name: "Renommer" }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Supprimer la conversation" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  }));

test("a streamed answer never takes the focus", () =>
  somebody("claire", {}, async (page) => {
    await page.click(".scope");
    await page.click('dialog label:has-text("modele")');
    await page.keyboard.press("Escape");
    await ask(page, "Télétravail : réponds lentement", { wait: false });
    await page.focus("#search");
    await until("some words", async () => (await page.locator(".prose").textContent().catch(() => "")).length > 60);
    assert.equal(await page.evaluate(() => document.activeElement.id), "search");
    await page.focus("#question");
    await page.keyboard.press("Escape");
    await page.getByText("Vous avez arrêté cette réponse").waitFor();
  }));

const views = async (page, what) => {
  await fits(page, `${what}: first screen`);
  await ask(page, "Combien de jours de télétravail par semaine ?");
  await fits(page, `${what}: answer`);
  await accessible(page, `${what}: answer`);
  await page.locator(".cite").first().click();
  await page.locator("aside mark").waitFor();
  await fits(page, `${what}: source`);
  await page.keyboard.press("Escape");
  await answers(page).getByRole("button", { name: "Pourquoi" }).click();
  await page.getByRole("dialog").getByText("Lieux permis").waitFor();
  await fits(page, `${what}: reasons`);
  await page.keyboard.press("Escape");
  await page.goto("/settings");
  await page.getByRole("heading", { level: 1 }).waitFor();
  await fits(page, `${what}: settings`);
  await page.goto("/accessibility");
  await page.getByRole("heading", { level: 1 }).waitFor();
  await fits(page, `${what}: declaration`);
};

test("the page is used at 320 pixels", () => somebody("claire", { width: 320 }, (page) => views(page, "320 px")));

test("the page is used with text at 200 %", () =>
  somebody("claire", { text: 2 }, async (page) => {
    assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).fontSize), "32px");
    await views(page, "200 %");
  }));
