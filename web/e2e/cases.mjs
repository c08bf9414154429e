// Every case of the page, in a real browser against a real server: `cargo xtask test --only page`.
import { end, run } from "./house.mjs";
import { cases as chat } from "./chat.mjs";
import { cases as rooms } from "./rooms.mjs";

const failed = await run({ ...chat, ...rooms });
await end();
process.exitCode = failed ? 1 : 0;
