// What those do who keep the house: documents, accounts, keys, places, use, the ledger. Each role sees its rooms only.
import assert from "node:assert/strict";
import { PASSWORD, Person, TROUSSEAU_URL, until } from "./house.mjs";

async function as(name, act, options) {
  const person = await Person.enter(name, options);
  await act(person, (room) => enter(person, room));
  await person.leave();
}

async function enter(person, room) {
  await person.page.goto(`${TROUSSEAU_URL}/admin/${room}`);
  await person.page.getByRole("heading", { level: 1 }).waitFor();
  await person.page.waitForLoadState("networkidle");
  await person.check(`the room ${room}`);
  await person.fits(`the room ${room}`);
}

export const cases = {
  async each_role_sees_its_rooms_only() {
    const all = {
      documents: "Documents",
      users: "Comptes",
      keys: "Clés",
      places: "Lieux",
      usage: "Usage",
      explain: "Décision expliquée",
      ledger: "Registre",
      records: "Réponses",
    };
    const rooms = {
      alice: ["explain"],
      admin: ["documents", "users", "keys", "places", "usage", "explain", "ledger"],
      audit: ["users", "keys", "explain", "ledger", "records"],
      dpo: ["explain", "ledger", "records"],
    };
    for (const [name, own] of Object.entries(rooms)) {
      await as(name, async (person) => {
        for (const [room, title] of Object.entries(all)) {
          await person.page.goto(`${TROUSSEAU_URL}/admin/${room}`);
          await person.page.waitForLoadState("networkidle");
          const shown = await person.page.getByRole("main").getByRole("heading", { level: 1 }).first().innerText();
          assert.equal(shown === title, own.includes(room), `${name} came to ${shown} through the door of ${room}`);
        }
      });
    }
  },
  async every_room_can_be_used_in_the_hand_and_in_the_dark() {
    const options = { width: 390, height: 844, colorScheme: "dark" };
    await as("admin", async (_person, room) => {
      for (const name of ["documents", "users", "keys", "places", "usage", "explain", "ledger"]) await room(name);
    }, options);
    await as("dpo", async (_person, room) => room("records"), options);
  },
  async an_administrator_makes_a_collection_and_fills_it() {
    await as("admin", async (person, room) => {
      await room("documents");
      await person.page.getByRole("button", { name: "Créer une collection" }).click();
      const dialog = person.page.getByRole("dialog");
      await dialog.getByLabel(/^Nom/).fill("essais");
      await person.check("the dialog of a new collection");
      await dialog.getByRole("button", { name: "Enregistrer" }).click();
      await person.page.getByRole("rowheader", { name: "essais" }).waitFor();
      await person.page.getByLabel("Dans la collection").selectOption({ label: "essais" });
      const file = { name: "bac.txt", mimeType: "text/plain", buffer: Buffer.from("Le bac à sable ouvre à midi.\n") };
      await person.page.locator("input[type=file]").first().setInputFiles(file);
      await until(async () => (await person.page.getByRole("cell", { name: "fait" }).count()) > 0, "the file was not read");
      await person.page.getByText("bac.txt").first().waitFor();
    });
    await as("alice", async (person) => {
      const answer = await person.ask("Quand ouvre le bac à sable ?");
      await answer.getByText("midi").first().waitFor();
    });
  },
  async an_administrator_invites_somebody_who_then_comes_in() {
    let link;
    await as("admin", async (person, room) => {
      await room("users");
      await person.page.getByRole("button", { name: "Créer un compte" }).click();
      const dialog = person.page.getByRole("dialog");
      await dialog.getByLabel(/^Nom/).first().fill("denis");
      await person.check("the dialog of a new account");
      await dialog.getByRole("button", { name: /Créer/ }).click();
      const told = person.page.getByText(/first-[\w-]{20,}/).first();
      await told.waitFor();
      link = /first-[\w-]+/.exec(await told.innerText())[0];
    });
    const denis = await Person.stranger();
    await denis.page.goto(`${TROUSSEAU_URL}/first?token=${link}`);
    await denis.page.getByLabel("Nouvelle phrase de passe").fill(PASSWORD);
    await denis.page.getByLabel("La même, une seconde fois").fill(PASSWORD);
    await denis.page.getByRole("button", { name: "Choisir et se connecter" }).click();
    await denis.field().waitFor();
    await denis.leave();
  },
  async a_key_is_made_shown_once_and_revoked() {
    await as("admin", async (person, room) => {
      await room("keys");
      await person.page.getByRole("button", { name: /Créer une clé/ }).click();
      const dialog = person.page.getByRole("dialog");
      await dialog.getByLabel(/^Nom/).first().fill("portail");
      await dialog.getByRole("button", { name: /Créer/ }).click();
      const told = person.page.getByText(/trs-[\w-]{43}/).first();
      await told.waitFor();
      const key = /trs-[\w-]{43}/.exec(await told.innerText())[0];
      const models = () => fetch(`${TROUSSEAU_URL}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
      assert.equal((await models()).status, 200);
      await room("keys");
      assert.equal(await person.page.getByText(key).count(), 0, "a key is shown twice");
      await person.page.getByRole("row", { name: /portail/ }).getByRole("button", { name: /Révoquer/ }).click();
      await person.page.getByRole("dialog").getByRole("button", { name: /Révoquer/ }).click();
      await until(async () => (await models()).status === 401, "the key still opens");
    });
  },
  async a_text_is_explained() {
    await as("admin", async (person, room) => {
      await room("explain");
      await person.page.getByRole("main").getByRole("textbox").first().fill("Mon IBAN est FR76 3000 6000 0112 3456 7890 189.");
      await person.page.getByRole("button", { name: /Expliquer/ }).click();
      await person.page.locator("mark").filter({ hasText: "FR76" }).waitFor();
      await person.page.getByRole("main").getByText("Personnel").first().waitFor();
      await person.check("an explained text");
    });
  },
  async an_auditor_verifies_the_ledger_and_takes_a_proof_away() {
    await as("audit", async (person, room) => {
      await room("ledger");
      await person.page.getByRole("button", { name: /Vérifier/ }).click();
      await person.page.getByText(/aucune anomalie|Vérifié|intact/i).first().waitFor();
      await person.page.getByText(/^main\/\d+$/).first().click();
      const proof = person.page.getByRole("main").getByRole("link", { name: /preuve/i }).first();
      const [file] = await Promise.all([person.page.waitForEvent("download"), proof.click()]);
      assert.match(file.suggestedFilename(), /proof|preuve/);
    });
  },
  async a_data_protection_officer_reads_a_record_for_a_reason() {
    await as("dpo", async (person, room) => {
      await room("records");
      await person.page.getByRole("button", { name: /Lire/ }).first().click();
      const dialog = person.page.getByRole("dialog");
      await dialog.getByRole("textbox").fill("Demande d’accès du 21 novembre");
      await person.check("the dialog of a reason");
      await dialog.getByRole("button", { name: "Inscrire et lire" }).click();
      await dialog.getByText(/Question/).first().waitFor();
    });
  },
};
