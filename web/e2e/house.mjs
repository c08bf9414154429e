// A browser in front of a running Trousseau, and what every case needs of both: people who sign in, a look at the whole screen for
// faults, and what was asked of which server.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

export const { TROUSSEAU_URL, TROUSSEAU_KEY, UPSTREAM_URL, CHROMIUM } = process.env;
export const LINKS = JSON.parse(process.env.LINKS);
export const PASSWORD = "six mots que je retiens";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const NOTHING_ELSE = "--disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";
const running = await chromium.launch({
  executablePath: CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", ...NOTHING_ELSE.split(" ")],
});
const states = new Map();
/** Who came last: whose page is looked at when a case fails. */
let last;

/** Ends the browser. */
export const end = () => running.close();

/** Somebody in front of the page. Each has cookies of its own; what goes wrong on its page is kept in `faults`. */
export class Person {
  static async enter(name, options = {}) {
    const person = new Person();
    await person.open({ ...options, storageState: states.get(name) });
    if (!states.has(name)) {
      await person.follow(LINKS[name]);
      states.set(name, await person.context.storageState());
    } else {
      await person.page.goto(`${TROUSSEAU_URL}/`);
      await person.field().waitFor();
    }
    return person;
  }

  /** Somebody whom nobody knows yet. */
  static async stranger(options = {}) {
    const person = new Person();
    await person.open(options);
    return person;
  }

  /** A session of its own, for what ends sessions. */
  static async signIn(name, options = {}) {
    const person = await Person.stranger(options);
    await person.page.goto(`${TROUSSEAU_URL}/`);
    await person.fill(name, PASSWORD);
    await person.field().waitFor();
    return person;
  }

  async open({ width = 1280, height = 860, ...options }) {
    last = this;
    this.faults = [];
    this.context = await running.newContext({ locale: "fr-FR", viewport: { width, height }, acceptDownloads: true, reducedMotion: "reduce", ...options });
    this.context.setDefaultTimeout(20_000);
    this.page = await this.tab();
  }

  /** One more tab of the same browser. */
  async tab() {
    const page = await this.context.newPage();
    page.on("pageerror", (error) => this.faults.push(`script: ${error.message}`));
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) this.faults.push(`policy: ${message.text()}`);
    });
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(TROUSSEAU_URL) && !/^(data|blob):/.test(url)) this.faults.push(`third party: ${url}`);
    });
    return page;
  }

  /** Follows a one-time link and chooses a password. */
  async follow(link) {
    await this.page.goto(`${TROUSSEAU_URL}/first?token=${link}`);
    await this.page.getByLabel("Nouvelle phrase de passe").fill(PASSWORD);
    await this.page.getByLabel("La même, une seconde fois").fill(PASSWORD);
    await this.page.getByRole("button", { name: "Choisir et se connecter" }).click();
    await this.field().waitFor();
  }

  /** Fills in the form of the door. */
  async fill(name, password) {
    const door = this.page.locator("form").last();
    const field = door.getByLabel("Nom", { exact: true });
    if (await field.count()) await field.fill(name);
    await door.getByLabel("Phrase de passe").fill(password);
    await door.getByRole("button", { name: "Se connecter" }).click();
  }

  field(page = this.page) {
    return page.getByLabel(/^(Votre question|Your question)$/);
  }

  /** Asks, and waits for the end of the answer unless told not to. */
  async ask(question, { waits = true } = {}) {
    const before = await this.answers().count();
    await this.field().fill(question);
    await this.field().press("Enter");
    await this.answers().nth(before).waitFor();
    if (waits) await this.ended();
    return this.answers().nth(before);
  }

  /** Waits until nothing is being answered. */
  async ended(page = this.page) {
    await page.getByRole("button", { name: /^(Arrêter|Stop)/ }).waitFor({ state: "detached" });
  }

  answers(page = this.page) {
    return page.getByRole("article").filter({ has: page.getByRole("heading", { name: /L’assistant a répondu|The assistant answered/ }) });
  }

  /** Goes through a route of the configuration. */
  async through(route) {
    await this.page.getByRole("button", { name: /^(Où chercher|Where to search)/ }).click();
    await this.page.getByRole("radio", { name: route }).check();
    await this.page.keyboard.press("Escape");
  }

  /** Every rule of axe on what is shown now. */
  async check(what) {
    await this.page.mouse.move(0, 0);
    await this.page.evaluate(axe);
    const { violations } = await this.page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    const told = violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).slice(0, 3).join(", ")}`);
    assert.deepEqual(told, [], `${what} has faults for those who cannot see it`);
  }

  /** Nothing scrolls sideways. */
  async fits(what) {
    const [wide, seen] = await this.page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
    assert(wide <= seen, `${what} is ${wide} wide where ${seen} are seen`);
  }

  async leave() {
    await this.context.close();
    assert.deepEqual(this.faults, [], "what went wrong on the page");
  }
}

/** Tries until it holds. */
export async function until(holds, told, seconds = 20) {
  const late = Date.now() + seconds * 1000;
  while (!(await holds())) {
    if (Date.now() > late) assert.fail(told);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Runs the cases one after the other and tells of each; `ONLY` is part of a name, `SHOTS` a folder for pictures of failures. */
export async function run(cases) {
  let failed = 0;
  for (const [name, one] of Object.entries(cases)) {
    if (process.env.ONLY && !name.includes(process.env.ONLY)) continue;
    try {
      await one();
      console.log(`ok ${name}`);
    } catch (error) {
      failed += 1;
      if (process.env.SHOTS) await last.page.screenshot({ path: `${process.env.SHOTS}/${name}.png` }).catch(() => {});
      console.log(`failed ${name}: ${String(error.message ?? error).replace(/\u001b\[\d+m/g, "").split("\n").slice(0, 6).join(" | ")}`);
    }
  }
  return failed;
}
