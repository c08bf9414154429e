// What a colleague does: asks, reads, checks a source, goes on, comes back.
import assert from "node:assert/strict";
import { PASSWORD, Person, TROUSSEAU_URL, UPSTREAM_URL, until } from "./house.mjs";

const TELEWORK = "Combien de jours de télétravail par semaine ?";

async function with_person(name, options, act) {
  const person = await Person.enter(name, options);
  await act(person);
  await person.leave();
}

const alice = (act, options = {}) => with_person("alice", options, act);

export const cases = {
  async a_colleague_follows_a_link_and_is_invited_to_ask() {
    await alice(async (person) => {
      await person.page.getByRole("heading", { level: 1, name: /Que cherchez-vous/ }).waitFor();
      const invited = person.page.getByRole("main").getByRole("button", { name: /^Que dit/ });
      await invited.first().waitFor();
      await person.check("the first screen");
      await invited.first().click();
      await person.field().press("Enter");
      await person.answers().first().waitFor();
      await person.ended();
      await person.answers().first().getByText(/source/).first().waitFor();
    });
  },
  async an_answer_cites_and_the_passage_is_shown_in_its_document() {
    await alice(async (person) => {
      const answer = await person.ask(TELEWORK);
      await answer.getByText("deux jours par semaine").first().waitFor();
      await answer.getByText("Répondu ici, dans votre organisation").waitFor();
      await answer.getByText("Interne").waitFor();
      await person.check("an answer");
      await answer.getByRole("button", { name: /^Source 1/ }).first().click();
      const sources = person.page.getByRole("complementary", { name: "Sources" });
      await sources.locator("mark").first().waitFor();
      assert.match(await sources.locator("mark").first().innerText(), /télétravailler/);
      await sources.getByText("Ce passage est celui du document actuel.").waitFor();
      await person.check("the sources");
    });
  },
  async the_line_under_an_answer_says_where_why_and_proves_it() {
    await alice(async (person) => {
      const answer = await person.ask(TELEWORK);
      await answer.getByRole("button", { name: /Pourquoi/ }).click();
      const why = person.page.getByRole("dialog");
      await why.getByText("local").first().waitFor();
      await person.check("the reasons");
      await person.page.keyboard.press("Escape");
      await answer.getByRole("button", { name: "Preuve" }).click();
      const proof = person.page.getByRole("dialog");
      await proof.getByText("Vérifiée").waitFor();
      await person.check("the proof");
      const [file] = await Promise.all([person.page.waitForEvent("download"), proof.getByText("Télécharger la preuve").click()]);
      assert.match(file.suggestedFilename(), /proof|preuve/);
    });
  },
  async stopping_stops_the_model() {
    await alice(async (person) => {
      await person.through("libre");
      const answer = await person.ask("compte lent", { waits: false });
      await answer.getByText("3 4 5").waitFor();
      await person.page.getByRole("button", { name: /^Arrêter/ }).click();
      await answer.getByText("Vous avez arrêté cette réponse.").waitFor();
      await until(async () => (await (await fetch(UPSTREAM_URL)).json()).broken, "the model was not stopped");
    });
  },
  async a_stream_survives_a_reload_and_a_second_tab_sees_it() {
    await alice(async (person) => {
      await person.through("libre");
      const answer = await person.ask("compte lent", { waits: false });
      await answer.getByText("3 4 5").waitFor();
      await person.page.waitForURL(/\/c\//);
      await person.page.reload();
      await person.answers().getByText("8 9 10").waitFor();
      const tab = await person.tab();
      await tab.goto(person.page.url());
      await person.answers(tab).getByText("28 29 30").waitFor();
      await person.answers().getByText("0 1 2 3 4 5 6 7 8 9 10 11 12").waitFor();
      await tab.getByRole("button", { name: /^Arrêter/ }).click();
      await person.ended();
    });
  },
  async a_question_is_edited_and_an_answer_made_again_in_branches() {
    await alice(async (person) => {
      await person.through("libre");
      const answer = await person.ask("Bonjour");
      await answer.getByText("Bonjour à vous.").waitFor();
      await answer.getByRole("button", { name: "Refaire la réponse" }).click();
      await person.page.getByText("2 sur 2").first().waitFor();
      await person.ended();
      await person.page.getByRole("button", { name: "Version précédente" }).first().click();
      await person.page.getByText("1 sur 2").first().waitFor();
      await person.page.reload();
      await person.page.getByText("sur 2").first().waitFor();
    });
  },
  async a_refused_question_says_what_one_can_do() {
    await alice(async (person) => {
      await person.through("public");
      const answer = await person.ask("Mon IBAN est FR76 3000 6000 0112 3456 7890 189");
      await answer.getByText("Cette question n’a pas été envoyée").waitFor();
      await answer.getByText("Ce que vous pouvez faire").waitFor();
      await person.check("a refusal");
    });
  },
  async an_answer_that_breaks_is_never_shown_as_whole() {
    await alice(async (person) => {
      await person.through("libre");
      const answer = await person.ask("coupe");
      await answer.getByText("Voici le début").waitFor();
      await answer.getByText("interrompue").waitFor();
    });
  },
  async a_model_that_is_down_is_told() {
    await alice(async (person) => {
      await person.through("libre");
      const answer = await person.ask("panne");
      await answer.getByText("Aucun lieu n’a pu répondre").waitFor();
    });
  },
  async hostile_markdown_does_nothing() {
    await alice(async (person) => {
      await person.through("libre");
      let asked = 0;
      person.page.on("dialog", () => (asked += 1));
      const answer = await person.ask("hostile");
      await answer.getByText("fin des essais").waitFor();
      assert.equal(await answer.locator("img, iframe, script, svg[onload], form, style").count(), 0);
      for (const link of await answer.getByRole("link").all()) {
        assert.match(await link.getAttribute("href"), /^(https?:|mailto:)/);
      }
      assert.equal(asked, 0);
    });
  },
  async conversations_are_found_renamed_and_deleted() {
    await alice(async (person) => {
      await person.through("libre");
      await person.ask("Bonjour zibeline");
      const list = person.page.getByRole("navigation").first();
      await list.getByRole("button", { name: /Actions sur « Bonjour zibeline »/ }).click();
      await person.page.getByRole("menuitem", { name: "Renommer" }).click();
      await person.page.getByRole("dialog").getByLabel("Titre").fill("Martre");
      await person.page.getByRole("dialog").getByRole("button", { name: "Enregistrer" }).click();
      await list.getByRole("link", { name: "Martre" }).waitFor();
      await person.page.keyboard.press("Control+k");
      await person.page.keyboard.type("zibeline");
      await list.getByRole("link", { name: "hostile" }).waitFor({ state: "detached" });
      await list.getByRole("link", { name: "Martre" }).waitFor();
      await list.getByRole("button", { name: /Actions sur « Martre »/ }).click();
      await person.page.getByRole("menuitem", { name: "Supprimer" }).click();
      await person.page.getByRole("dialog").getByRole("button", { name: "Supprimer la conversation" }).click();
      await list.getByRole("link", { name: "Martre" }).waitFor({ state: "detached" });
    });
  },
  async an_opinion_is_kept() {
    await alice(async (person) => {
      const answer = await person.ask(TELEWORK);
      await answer.getByRole("button", { name: "Cette réponse ne m’a pas aidé" }).click();
      await person.page.getByLabel(/Commentaire/).fill("Trop long");
      await person.page.getByRole("button", { name: "Envoyer l’avis" }).click();
      await person.page.getByText("Avis enregistré").first().waitFor();
      await person.page.reload();
      const kept = person.answers().first().getByRole("button", { name: "Cette réponse ne m’a pas aidé" });
      await until(async () => (await kept.getAttribute("aria-pressed")) === "true", "the opinion was lost");
    });
  },
  async a_file_is_asked_about() {
    await alice(async (person) => {
      const text = "La piscine de Montclair ferme en août pour travaux.\n";
      const file = { name: "piscine.txt", mimeType: "text/plain", buffer: Buffer.from(text) };
      await person.page.locator("input[type=file]").setInputFiles(file);
      await person.page.getByText("La question portera sur piscine.txt").waitFor();
      const answer = await person.ask("Quand ferme la piscine de Montclair ?");
      await answer.getByText("août").first().waitFor();
    });
  },
  async everything_is_said_in_english_too() {
    await (await Person.enter("claire")).leave();
    const person = await Person.stranger();
    await person.page.goto(`${TROUSSEAU_URL}/`);
    await person.page.getByRole("button", { name: "English" }).click();
    await person.check("the door in English");
    await person.page.getByLabel("Name", { exact: true }).fill("claire");
    await person.page.getByLabel("Passphrase").fill(PASSWORD);
    await person.page.getByRole("button", { name: "Sign in" }).click();
    await person.page.getByRole("heading", { level: 1, name: /What are you looking for/ }).waitFor();
    await person.check("the first screen in English");
    const answer = await person.ask("How many days of telework a week?");
    await answer.getByText("organisation").first().waitFor();
    assert.equal(await person.page.locator("html").getAttribute("lang"), "en");
    await person.leave();
  },
  async it_can_be_used_in_the_hand_and_in_the_dark() {
    for (const width of [390, 320]) {
      await alice(
        async (person) => {
          const answer = await person.ask(TELEWORK);
          await person.fits("an answer");
          await person.check("an answer in the hand");
          await answer.getByRole("button", { name: /^Source 1/ }).first().click();
          await person.page.locator("mark").first().waitFor();
          await person.fits("the sources");
          await person.check("the sources in the hand");
        },
        { width, height: 844, colorScheme: "dark" },
      );
    }
  },
  async a_session_that_ends_in_mid_answer_is_taken_up_again() {
    await (await Person.enter("claire")).leave();
    const person = await Person.signIn("claire");
    await person.through("libre");
    const answer = await person.ask("compte lent", { waits: false });
    await answer.getByText("3 4 5").waitFor();
    // Signed out everywhere, from another browser.
    const other = await Person.signIn("claire");
    const status = await other.page.evaluate(async () => {
      const { csrf } = await (await fetch("api/auth/session")).json();
      return (await fetch("api/auth/logout-everywhere", { method: "POST", headers: { "x-csrf-token": csrf } })).status;
    });
    assert(status < 300, `signing out everywhere: ${status}`);
    await person.page.getByText("Votre session est terminée").waitFor();
    await person.fill("claire", PASSWORD);
    await person.page.getByText("Votre session est terminée").waitFor({ state: "detached" });
    await answer.getByText("0 1 2 3").waitFor();
    await person.leave();
    await other.context.close();
  },
  async keys_alone_are_enough() {
    await alice(async (person) => {
      await person.field().focus();
      await person.page.keyboard.type("Bonjour");
      await person.page.keyboard.press("Shift+Enter");
      await person.page.keyboard.type("encore");
      assert.equal(await person.field().inputValue(), "Bonjour\nencore");
      await person.through("libre");
      await person.field().focus();
      await person.field().fill("compte lent");
      await person.page.keyboard.press("Enter");
      await person.answers().first().getByText("2 3 4").waitFor();
      const focused = await person.page.evaluate(() => document.activeElement?.id);
      assert.equal(focused, "question", "the stream took the focus away");
      await person.page.keyboard.press("Escape");
      await person.ended();
      await person.page.keyboard.press("Control+k");
      assert.match(await person.page.evaluate(() => document.activeElement?.getAttribute("type") ?? ""), /search|text/);
    });
  },
  async an_answer_is_announced_once_when_it_ends() {
    await alice(async (person) => {
      await person.page.evaluate(() => {
        window.said = [];
        const listen = (region) =>
          new MutationObserver(() => window.said.push(region.textContent.trim())).observe(region, { childList: true, subtree: true, characterData: true });
        document.querySelectorAll("[aria-live]:not([aria-live=off]), [role=status]").forEach(listen);
      });
      await person.ask(TELEWORK);
      await until(async () => (await person.page.evaluate(() => window.said)).some((one) => one.includes("Réponse terminée")), "nothing was announced");
      const ends = (await person.page.evaluate(() => window.said)).filter((one) => one.includes("Réponse terminée"));
      assert.equal(new Set(ends).size, 1);
      const live = await person.answers().first().locator("[aria-live]:not([aria-live=off])").count();
      assert.equal(live, 0, "an answer is read out as it comes");
    });
  },
};
