// Computes the contrast of every pair of colours that the page sets on each other, after WCAG 2.1, from tokens.css.
// `node scripts/contrast.mjs` prints the table that stands in DESIGN.md and fails where a pair is below what it needs.
// `--check` also fails when DESIGN.md says something else.
import { readFileSync } from "node:fs";

const web = new URL("../", import.meta.url);
const css = readFileSync(new URL("src/style/tokens.css", web), "utf8");

/** What is set on what, and the least contrast it needs: 4.5 for text, 3 for edges of controls and for focus. */
const PAIRS = [
  ["ink", ["paper", "surface", "sunk", "accent-soft", "brass-soft", "danger-soft"], 4.5],
  ["ink-soft", ["paper", "surface", "sunk", "accent-soft", "brass-soft", "danger-soft"], 4.5],
  ["accent", ["paper", "surface", "sunk", "accent-soft"], 4.5],
  ["accent-strong", ["paper", "surface", "sunk", "accent-soft"], 4.5],
  ["on-accent", ["accent", "accent-strong"], 4.5],
  ["brass", ["paper", "surface", "sunk", "brass-soft"], 4.5],
  ["danger", ["paper", "surface", "sunk", "danger-soft"], 4.5],
  ["on-danger", ["danger"], 4.5],
  ["code-key", ["surface", "sunk"], 4.5],
  ["code-string", ["surface", "sunk"], 4.5],
  ["code-number", ["surface", "sunk"], 4.5],
  ["code-note", ["surface", "sunk"], 4.5],
  ["code-name", ["surface", "sunk"], 4.5],
  ["line-strong", ["paper", "surface", "sunk"], 3],
];

function colours(block) {
  return Object.fromEntries([...block.matchAll(/--([a-z-]+):\s*(#[0-9a-f]{6});/g)].map(([, name, hex]) => [name, hex]));
}

function luminance(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

const [light, system, dark] = css.split(/\n(?=@media|:root\[)/).map(colours);
if (JSON.stringify(system) !== JSON.stringify(dark)) {
  console.error("the dark colours stand twice in tokens.css and differ");
  process.exit(1);
}
let low = 0;
const rows = ["| On | Colour | Light | Dark | Needs |", "| --- | --- | --- | --- | --- |"];
for (const [name, grounds, least] of PAIRS) {
  for (const ground of grounds) {
    const figures = [light, dark].map((set) => contrast(set[name], set[ground]));
    low += figures.filter((figure) => figure < least).length;
    const shown = figures.map((figure) => (Math.floor(figure * 10) / 10).toFixed(1) + (figure < least ? " !" : ""));
    rows.push(`| ${ground} | ${name} | ${shown[0]} | ${shown[1]} | ${least} |`);
  }
}
const table = rows.join("\n");
if (process.argv.includes("--check")) {
  if (!readFileSync(new URL("DESIGN.md", web), "utf8").includes(table)) {
    console.error("the contrasts in DESIGN.md are not those of tokens.css: put in what scripts/contrast.mjs prints");
    process.exit(1);
  }
} else {
  console.log(table);
}
if (low > 0) {
  console.error(`${low} pairs are below what they need`);
  process.exit(1);
}
