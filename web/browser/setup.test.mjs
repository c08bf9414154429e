// A new house set up on the page, from the first collection to a place that is tried and added; what is told when a place does not
// answer; and what an administrator sees of cost, cards and a configuration that changed.
import assert from "node:assert/strict";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { PASSPHRASE, serve } from "./house.mjs";
import { accessible, ask, open } from "./reader.mjs";
import { browser, house, model, somebody } from "./stage.mjs";

/** An administrator at a step of the setup. */
const keeper = (options, step, doing) =>
  somebody("adele", options, async (page, context) => {
    await page.goto(`/admin/setup?step=${step}`);
    await page.waitForSelector("main h2");
    await accessible(page, `the setup's step ${step}`);
    const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= seen, `the step ${step} is ${wide} wide where ${seen} are seen`);
    await doing(page, context);
  });

const WORDS = {
  fr: {
    url: "Adresse du serveur", name: "Nom du lieu", model: "Modèle", key: "Clé du serveur", try: "Essayer", add: "Ajouter ce lieu",
    refused: "refuse la clé", unknown: "ne connaît pas ce modèle", nobody: "Personne ne répond à cette adresse", ready: "Ce lieu répond.", added: "est en service",
  },
  en: {
    url: "Address of the server", name: "Name of the place", model: "Model", key: "Key of the server", try: "Try it", add: "Add this place",
    refused: "refuses the key", unknown: "does not know this model", nobody: "Nobody answers at this address", ready: "This place answers.", added: "is in service",
  },
};

async function describe(page, words, { url, name, model: wanted, key }) {
  await page.getByLabel(words.url).fill(url);
  await page.getByLabel(words.name).fill(name);
  await page.getByLabel(words.model, { exact: true }).fill(wanted);
  await page.getByLabel(words.key).fill(key);
  await page.getByRole("button", { name: words.try, exact: true }).click();
}

test("the first collection is made and filled, step by step, and a step can be left out", () =>
  keeper({}, "account", async (page) => {
    await page.getByRole("button", { name: /Continuer/ }).click();
    await page.getByLabel("Nom de la collection").fill("Ressources humaines");
    await page.getByLabel("Certains groupes seulement").check();
    await page.getByLabel(/^Groupes/).fill("rh");
    await page.getByRole("button", { name: "Créer une collection" }).click();
    await page.getByText("« Ressources humaines » est créée").waitFor();
    await page.getByLabel("Étiquette de ces documents").selectOption("personal");
    await accessible(page, "the first collection");
    const file = { name: "conges.txt", mimeType: "text/plain", buffer: Buffer.from("Les congés se demandent quinze jours avant.\n") };
    await page.locator("input[type=file]").first().setInputFiles(file);
    await page.getByText("1 sur 1 envoyés").waitFor();
    await page.getByRole("button", { name: "Continuer" }).click();
    await page.getByRole("heading", { name: "Un lieu qui répond" }).waitFor();
    // A place is there already in this house: what is left out is told as done or as left.
    await page.getByRole("button", { name: /Continuer|Passer cette étape/ }).click();
    await page.getByRole("link", { name: "Poser une première question" }).waitFor();
    await accessible(page, "the end of the setup");
    const listed = JSON.parse(house.run("--json", "documents"));
    assert.ok(listed.documents.some((one) => one.label.class === "personal"), "the label of the documents was not kept");
  }));

for (const language of ["fr", "en"]) {
  test(`a place is tried until it answers, then added and asked (${language})`, () =>
    keeper({ language, ...(language === "en" ? { width: 390, dark: true } : {}) }, "place", async (page) => {
      const words = WORDS[language];
      const name = `essai-${language}`;
      const { url, key } = model.keyed;
      await describe(page, words, { url: "http://127.0.0.1:9/v1", name, model: "petit", key });
      await page.getByText(words.nobody).first().waitFor();
      await describe(page, words, { url, name, model: "petit", key: "sk-faux" });
      await page.getByText(words.refused).first().waitFor();
      assert.equal(await page.getByText("sk-faux").count(), 0, "a key is shown");
      await describe(page, words, { url, name, model: "énorme", key });
      await page.getByText(words.unknown).first().waitFor();
      await accessible(page, "a place that does not know its model");
      await page.getByRole("button", { name: "petit" }).click();
      await page.getByRole("button", { name: words.try, exact: true }).click();
      await page.getByText(words.ready).first().waitFor();
      await accessible(page, "a place that answers");
      await page.getByRole("button", { name: words.add }).click();
      await page.getByText(words.added).first().waitFor();
      await accessible(page, "a place that was added");
      await page.goto("/admin/places");
      await page.getByRole("heading", { name }).waitFor();
    }));
}

test("what was added answers colleagues at once, and its key is in no file but its own", async () => {
  await somebody("claire", {}, async (page) => {
    await ask(page, "Combien de jours de télétravail par semaine ?");
    assert.match(await page.locator(".reply .line").last().textContent(), /essai-(fr|en)|organisation/);
  });
  const text = await readFile(join(house.data, "trousseau.toml"), "utf8");
  assert.match(text, /secrets\/essai-fr\.key/);
  assert.ok(!text.includes(model.keyed.key));
  assert.equal((await readFile(join(house.data, "secrets/essai-fr.key"), "utf8")).trim(), model.keyed.key);
});

test("where the file may not be written, the page says what to write and what to type", () =>
  keeper({}, "place", async (page) => {
    const told = { written: false, file: "/etc/trousseau/trousseau.toml", key_file: "/etc/trousseau/secrets/vllm.key", block: '[[upstream]]\nname = "vllm"\n', route: "documents", targets: ["vllm", "local"] };
    await page.route("**/api/upstreams", (route) => (route.request().method() === "POST" ? route.fulfill({ json: told }) : route.continue()));
    await describe(page, WORDS.fr, { url: model.keyed.url, name: "vllm", model: "petit", key: model.keyed.key });
    await page.getByRole("button", { name: WORDS.fr.add }).click();
    await page.getByText("n’a pas le droit d’écrire").first().waitFor();
    for (const text of ["trousseau reload", 'targets = ["vllm", "local"]', "/etc/trousseau/secrets/vllm.key"]) await page.getByText(text).first().waitFor();
    await accessible(page, "a place for somebody else to add");
  }));

test("a configuration that changed is taken up, and one with faults tells all of them", () =>
  somebody("adele", {}, async (page) => {
    const file = join(house.data, "trousseau.toml");
    const text = await readFile(file, "utf8");
    await page.goto("/admin/places");
    const button = page.getByRole("button", { name: "Relire la configuration" });
    await writeFile(file, `${text}\n[[route]]\nname = "x"\ntargets = ["absent", "perdu"]\n`);
    await button.click();
    const alert = page.getByRole("alert");
    await alert.getByText(/absent/).waitFor();
    await alert.getByText(/perdu/).waitFor();
    await accessible(page, "a configuration with faults");
    const price = 'seat = "US", price = { input = 1.0, output = 3.0, currency = "EUR" }, evidence = [{ source = "https://ailleurs.example/prix", date = 2026-11-02, confidence = "official" }]';
    await writeFile(file, text.replace('seat = "US"', price));
    await button.click();
    await page.getByText("Pris en compte").first().waitFor();
    await page.getByText("upstream.ailleurs").waitFor();
    const place = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "ailleurs" }) });
    await place.getByText(/^Fiche/).click();
    await place.getByText(/1,00.€ par million de jetons lus/).waitFor();
    await place.getByText("source officielle").first().waitFor();
    assert.ok((await place.getByText("inconnu", { exact: true }).count()) > 5);
    await place.getByText(/étiquettes fermées/).click();
    await place.getByText(/établir ce fait/).first().waitFor();
    await accessible(page, "a place with its card");
  }));

test("use has figures, plots and a file for a spreadsheet; everybody sees the own", async () => {
  await somebody("adele", {}, async (page) => {
    await page.goto("/admin/usage");
    await page.getByRole("img", { name: /Jetons par jour/ }).waitFor();
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: /CSV/ }).click()]);
    const text = await readFile(await file.path(), "utf8");
    assert.match(text, /^day,questions,.*unpriced_tokens/);
    // No card of this house names a price for it: that is unknown, and not 0.
    await page.getByRole("cell", { name: "inconnu" }).first().waitFor();
    await page.locator("form select").selectOption("user");
    await page.getByRole("button", { name: "Afficher" }).click();
    await page.getByRole("rowheader", { name: "claire" }).waitFor();
    await accessible(page, "use by account");
  });
  await somebody("claire", {}, async (page) => {
    await page.goto("/settings");
    await page.getByRole("heading", { name: "Mon usage ce mois-ci" }).waitFor();
    await page.getByText("jetons n’ont pas de prix connu").waitFor();
    await accessible(page, "the settings with the own use");
    await page.goto("/admin/setup");
    await page.getByText("réservée à").waitFor();
  });
});

test("an empty house is set up on the page alone, from the first code to a written answer", async () => {
  const data = await mkdtemp(join(tmpdir(), "trousseau-empty-"));
  const bare = await serve(data);
  const { page, context, faults } = await open(browser, bare.url, {});
  try {
    const { link } = JSON.parse(bare.run("--json", "users", "first"));
    await page.goto("/");
    await page.getByLabel("Code à usage unique").fill(link);
    await page.getByLabel("Votre nom de connexion").fill("nadia");
    for (const field of await page.locator('input[type="password"]').all()) await field.fill(PASSPHRASE);
    await page.getByRole("button", { name: "Choisir et se connecter" }).click();
    await page.getByRole("heading", { name: "Votre compte" }).waitFor();
    await page.getByRole("button", { name: "Continuer" }).click();
    await page.getByLabel("Nom de la collection").fill("Guides");
    await page.getByRole("button", { name: "Créer une collection" }).click();
    const file = { name: "bac.txt", mimeType: "text/plain", buffer: Buffer.from("Le bac à sable ouvre à midi.\n") };
    await page.locator("input[type=file]").first().setInputFiles(file);
    await page.getByText("1 sur 1 envoyés").waitFor();
    await page.getByRole("button", { name: "Continuer" }).click();
    // Nothing was there: the step can be left out, and come back to.
    await page.getByRole("button", { name: "Passer cette étape" }).click();
    await page.getByText("Un lieu peut être ajouté à tout moment").waitFor();
    await page.goto("/admin/places");
    await page.getByRole("link", { name: "Ajouter un lieu" }).click();
    await describe(page, WORDS.fr, { url: model.keyed.url, name: "vllm", model: "grand", key: model.keyed.key });
    await page.getByRole("button", { name: WORDS.fr.add }).click();
    await page.getByText("« vllm » est en service.").first().waitFor();
    assert.match(await readFile(join(data, "trousseau.toml"), "utf8"), /targets = \["vllm", "local"\]/);
    await page.goto("/");
    await ask(page, "Quand ouvre le bac à sable ?");
    assert.match(await page.locator(".reply").last().textContent(), /Deux jours/);
    assert.deepEqual(faults, []);
  } finally {
    await context.close();
    await bare.stop();
  }
});
