// Prints what the page weighs, brotli-compressed, and fails past its limits: 150 kB for the first view, 500 kB in all.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const FIRST = 150_000;
const ALL = 500_000;
const dist = process.argv[2] ?? "dist";
const weigh = (path) => statSync(existsSync(`${path}.br`) ? `${path}.br` : path).size;
const index = readFileSync(join(dist, "index.html"), "utf8");
const named = [...index.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, path]) => path);
const first = weigh(join(dist, "index.html")) + named.reduce((sum, path) => sum + weigh(join(dist, path)), 0);
const assets = readdirSync(join(dist, "assets")).filter((name) => !/\.(br|gz)$/.test(name));
const all = weigh(join(dist, "index.html")) + assets.reduce((sum, name) => sum + weigh(join(dist, "assets", name)), 0);
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
console.log(`first view: ${kilobytes(first)} in ${named.length + 1} requests (at most ${kilobytes(FIRST)})`);
console.log(`in all: ${kilobytes(all)} in ${assets.length + 1} files (at most ${kilobytes(ALL)})`);
for (const [name, size] of assets.map((name) => [name, weigh(join(dist, "assets", name))]).sort((a, b) => b[1] - a[1]).slice(0, 6)) {
  console.log(`  ${kilobytes(size)} ${name}`);
}
if (first > FIRST || all > ALL) process.exit(1);
