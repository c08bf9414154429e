// How the page is built: hashed names, relative addresses (the server says the base path), no source maps, nothing inline.
import { readdirSync, readFileSync } from "node:fs";
import { svelte, vitePreprocess } from "@sveltejs/vite-plugin-svelte";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const server = process.env["TROUSSEAU_SERVER"] ?? "http://127.0.0.1:8642";

/** What is built into the page, with the licence of each. */
const BUILT_IN = ["svelte", "marked", "highlight.js", "temml"];

function licences(): Plugin {
  return {
    name: "licences",
    apply: "build",
    generateBundle() {
      const told = BUILT_IN.map((name) => {
        const folder = new URL(`node_modules/${name}/`, import.meta.url);
        const { version } = JSON.parse(readFileSync(new URL("package.json", folder), "utf8")) as { version: string };
        const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
        if (!file) throw new Error(`${name} has no licence file`);
        return `${name} ${version}\n\n${readFileSync(new URL(file, folder), "utf8").trim()}\n`;
      });
      this.emitFile({ type: "asset", fileName: "licences.txt", source: told.join(`\n${"-".repeat(78)}\n\n`) });
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [svelte({ preprocess: vitePreprocess(), compilerOptions: { runes: true } }), licences()],
  build: {
    target: "es2022",
    sourcemap: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        entryFileNames: "assets/[name]-[hash].js",
        chunkFileNames: "assets/[name]-[hash].js",
        assetFileNames: "assets/[name]-[hash][extname]",
      },
    },
  },
  server: {
    proxy: Object.fromEntries(["/api", "/v1"].map((path) => [path, { target: server, changeOrigin: false }])),
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
