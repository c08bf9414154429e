// A whole Trousseau for the browser tests: a data folder, the sample documents, three people, the real server.
// `TROUSSEAU_BIN` names the program, else the debug build of this repository.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const program = process.env.TROUSSEAU_BIN ?? join(root, "target/debug/trousseau");
export const PASSPHRASE = "une phrase de passe pour les essais";

const PEOPLE = [
  ["claire", "--display", "Claire", "--clearance", "internal"],
  ["adele", "--display", "Adèle", "--role", "administrator", "--clearance", "personal", "--group", "rh"],
  ["omar", "--display", "Omar", "--role", "auditor"],
  ["lea", "--display", "Léa", "--clearance", "internal"],
  ["remi", "--display", "Rémi", "--clearance", "internal"],
  ["dora", "--display", "Dora", "--role", "data-protection-officer"],
];

const configuration = (model, records) => `
[page]
name = "Mairie d’essai"

[records]
${records}

[[collection]]
name = "public"
label = "public"

[[collection]]
name = "interne"
label = "internal"

[[upstream]]
name = "essai"
kind = "openai"
url = "${model}"
model = "essai"
card = { premises = "own" }

[[upstream]]
name = "ailleurs"
kind = "openai"
url = "https://ailleurs.example/v1"
model = "grand"
card = { provider = "Ailleurs", premises = "network", seat = "US", inference_region = "US", us_law = true, chinese_law = false }

[[upstream]]
name = "local"
kind = "extractive"

[[route]]
name = "default"
targets = ["local"]

[[route]]
name = "modele"
targets = ["essai", "ailleurs"]

[[route]]
name = "direct"
targets = ["essai"]
grounded = false

[[route]]
name = "dehors"
targets = ["ailleurs"]

[[limit]]
name = "mairie"
requests_per_minute = 100000
budget = { tokens = 500000000, per = "month" }

[[policy.rule]]
name = "secrets-ici"
class = "restricted"
require_card = { premises = "own" }
`;

const env = { ...process.env, TROUSSEAU_LANG: "fr" };
const commands = (data) => (...command) => execFileSync(program, ["--data", data, ...command], { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

/** The server over a data folder, which goes with it. */
export async function serve(data) {
  const server = spawn(program, ["--data", data, "serve", "--listen", "127.0.0.1:0"], { env, stdio: ["ignore", "pipe", "pipe"] });
  const url = await new Promise((done, fail) => {
    let told = "";
    const read = (piece) => {
      told += piece;
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(told);
      if (found) done(found[0]);
    };
    server.stdout.on("data", read);
    server.stderr.on("data", read);
    server.on("exit", (code) => fail(new Error(`the server ended with ${code}: ${told}`)));
  });
  const stop = async () => {
    const ended = new Promise((done) => server.once("exit", done));
    server.kill("SIGTERM");
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
  return { url, data, run: commands(data), stop };
}

/** Starts it. */
export async function startHouse(model, { records = "incognito = true" } = {}) {
  const data = mkdtempSync(join(tmpdir(), "trousseau-browser-"));
  writeFileSync(join(data, "trousseau.toml"), configuration(model, records));
  const run = commands(data);
  for (const collection of ["public", "interne"]) run("ingest", join(root, "samples/fr", collection), "--collection", collection);
  const served = await serve(data);
  const { url } = served;
  for (const [name, ...rest] of PEOPLE) {
    const { link } = JSON.parse(run("--json", "users", "create", name, ...rest));
    const made = await fetch(`${url}/api/auth/first`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token: link, password: PASSPHRASE }),
    });
    if (!made.ok) throw new Error(`${name} could not choose a passphrase: ${await made.text()}`);
  }
  return served;
}
