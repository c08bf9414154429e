// Builds the page into a temporary folder and compares it with what is committed in dist/: `node check-fresh.mjs`.
// The same sources and the same lock file give the same bytes; .br and .gz are compared by what they unpack to.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync, gunzipSync } from "node:zlib";

const web = fileURLToPath(new URL("./", import.meta.url));
const fresh = mkdtempSync(join(tmpdir(), "trousseau-page-"));

function run(...command) {
  const done = spawnSync(process.execPath, command, { cwd: web, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`${command.join(" ")} failed:\n${done.stdout}${done.stderr}`);
}

function contents(root, folder = root) {
  const found = new Map();
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) for (const [key, value] of contents(root, path)) found.set(key, value);
    else found.set(relative(root, path), unpacked(name, readFileSync(path)));
  }
  return found;
}

function unpacked(name, bytes) {
  if (name.endsWith(".br")) return brotliDecompressSync(bytes);
  return name.endsWith(".gz") ? gunzipSync(bytes) : bytes;
}

try {
  run("node_modules/vite/bin/vite.js", "build", "--outDir", fresh, "--emptyOutDir", "--logLevel", "error");
  run("scripts/compress.mjs", fresh);
  const [built, committed] = [contents(fresh), contents(join(web, "dist"))];
  const names = new Set([...built.keys(), ...committed.keys()]);
  const differing = [...names].filter((name) => !built.get(name)?.equals(committed.get(name) ?? Buffer.alloc(0))).sort();
  if (differing.length > 0) {
    console.error(`web/dist is not what web/ builds: run \`npm run build\` in web/ and commit it\n  ${differing.join("\n  ")}`);
    process.exitCode = 1;
  } else {
    console.log(`web/dist is fresh: ${names.size} files`);
  }
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
