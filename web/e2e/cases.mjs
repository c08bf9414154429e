// Every case of the page, in a real browser against a real server: `cargo xtask test --only page`.
import { end, run } from "./house.mjs";
import { cases as chat } from "./chat.mjs";

const failed = await run({ ...chat });
await end();
process.exitCode = failed ? 1 : 0;
