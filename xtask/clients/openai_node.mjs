// The `openai` package for JavaScript against a running Trousseau.
import assert from "node:assert/strict";
import OpenAI, { toFile } from "openai";

const { TROUSSEAU_URL, TROUSSEAU_KEY, UPSTREAM_URL } = process.env;
const client = new OpenAI({ baseURL: `${TROUSSEAU_URL}/v1`, apiKey: TROUSSEAU_KEY, maxRetries: 0, timeout: 30_000 });
const said = (content) => [{ role: "user", content }];
const ask = (content, more = {}) => client.chat.completions.create({ model: "libre", messages: said(content), ...more });
const tools = [{ type: "function", function: { name: "meteo", parameters: { type: "object", properties: { ville: { type: "string" } } } } }];

const cases = {
  async lists_its_routes() {
    const names = [];
    for await (const model of client.models.list()) names.push(model.id);
    assert(names.includes("libre") && names.includes("documents"), names.join());
  },
  async answers() {
    const answer = await ask("Bonjour");
    assert.equal(answer.choices[0].message.content, "Bonjour à vous.");
    assert.equal(answer.usage.total_tokens, 12);
    assert(answer.trousseau.entry);
  },
  async streams() {
    let text = "";
    for await (const chunk of await ask("Bonjour", { stream: true })) text += chunk.choices[0]?.delta?.content ?? "";
    assert.equal(text.trim(), "Bonjour à vous.");
  },
  async calls_tools() {
    const stream = client.chat.completions.stream({ model: "libre", messages: said("outil"), tools });
    const { message } = (await stream.finalChatCompletion()).choices[0];
    assert.equal(message.tool_calls[0].function.arguments, '{"ville":"Lyon"}');
  },
  async responds() {
    const answer = await client.responses.create({ model: "libre", input: "Bonjour" });
    assert.equal(answer.output_text, "Bonjour à vous.");
    assert(answer.trousseau.entry);
    const stream = client.responses.stream({ model: "libre", input: "Bonjour", previous_response_id: answer.id });
    const kinds = [];
    for await (const event of stream) kinds.push(event.type);
    assert.equal(kinds.at(-1), "response.completed");
    assert.equal((await stream.finalResponse()).output_text.trim(), "Bonjour à vous.");
    await assert.rejects(client.responses.create({ model: "libre", input: "x", background: true }), OpenAI.BadRequestError);
  },
  async responds_with_tools() {
    const flat = [{ type: "function", strict: false, ...tools[0].function }];
    const answer = await client.responses.create({ model: "libre", input: "outil", tools: flat });
    const call = answer.output.find((item) => item.type === "function_call");
    const output = [{ type: "function_call_output", call_id: call.call_id, output: "20 degrés" }];
    const follow = await client.responses.create({ model: "libre", input: output, previous_response_id: answer.id, tools: flat });
    assert.equal(follow.output_text, "Il fait beau (20 degrés).");
  },
  async tells_of_another_place_in_the_stream() {
    const stream = client.responses.stream({ model: "reprise", input: "Bonjour" });
    let [before, seam] = ["", null];
    for await (const event of stream) {
      if (event.trousseau?.seam) seam = event.trousseau.seam;
      else if (event.type === "response.output_text.delta" && !seam) before += event.delta;
    }
    assert.deepEqual([seam.from, seam.to, before], ["cut", "mock", "Il est midi. "]);
    assert.match((await stream.finalResponse()).output_text, /^Il est midi\..*Bonjour à vous\.\s*$/s);
  },
  async gives_responses_back_until_they_are_deleted() {
    const answer = await client.responses.create({ model: "libre", input: "Bonjour" });
    const back = await client.responses.retrieve(answer.id);
    assert.deepEqual([back.id, back.output_text, back.status], [answer.id, "Bonjour à vous.", "completed"]);
    await client.responses.delete(answer.id);
    await assert.rejects(client.responses.retrieve(answer.id), OpenAI.NotFoundError);
  },
  async embeds() {
    const answer = await client.embeddings.create({ model: "vecteurs", input: ["un", "quatre"] });
    assert.deepEqual(answer.data.map((vector) => [...vector.embedding]), [[2, 0.5], [6, 0.5]]);
  },
  async tells_errors_by_type() {
    await assert.rejects(ask("Bonjour", { model: "gpt-4o" }), OpenAI.NotFoundError);
    await assert.rejects(ask("trop long"), OpenAI.BadRequestError);
    await assert.rejects(ask("panne"), OpenAI.InternalServerError);
    const stranger = new OpenAI({ baseURL: `${TROUSSEAU_URL}/v1`, apiKey: "trs-inconnu", maxRetries: 0 });
    await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError);
  },
  async stops_the_model_when_cancelled() {
    const stream = await ask("lent", { stream: true });
    for await (const _ of stream) break;
    stream.controller.abort();
    for (let tries = 0; tries < 100; tries++) {
      if ((await (await fetch(UPSTREAM_URL)).json()).broken) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.fail("the upstream still streams");
  },
  async keeps_files_and_searches_them() {
    const text = "La piscine de Montclair ferme en août pour travaux.\n";
    const store = await client.vectorStores.create({ name: "sport" });
    const file = await toFile(Buffer.from(text), "piscine.txt");
    const attached = await client.vectorStores.files.uploadAndPoll(store.id, file);
    assert.equal(attached.status, "completed");
    const hits = await client.vectorStores.search(store.id, { query: "fermeture de la piscine" });
    assert.match(hits.data[0].content[0].text, /août/);
    assert((await client.vectorStores.delete(store.id)).deleted);
  },
};

let failed = false;
for (const [name, run] of Object.entries(cases)) {
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (error) {
    failed = true;
    console.error(error);
    console.log(`failed ${name}: ${String(error).replaceAll("\n", " ").slice(0, 300)}`);
  }
}
process.exit(failed ? 1 : 0);
