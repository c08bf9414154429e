// Loaded before Portkey, which otherwise listens on every address, and whose streams fail: it changes the headers of
// what fetch gives it, which are immutable (Portkey-AI/gateway, issues 1389 and 1550).
"use strict";

const { Server } = require("node:net");

const { listen } = Server.prototype;
Server.prototype.listen = function (first, ...rest) {
  const where = typeof first === "object" && first !== null ? first : { port: first };
  const done = rest.filter((argument) => typeof argument === "function");
  return listen.call(this, { ...where, host: "127.0.0.1" }, ...done);
};

const { fetch: ask, Response } = globalThis;
globalThis.fetch = async (...request) => {
  const answer = await ask(...request);
  return new Response(answer.body, answer);
};
