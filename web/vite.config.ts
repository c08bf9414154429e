// How the page is built: hashed names, relative addresses (the server says the base path), no source maps, nothing inline.
import { svelte, vitePreprocess } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

const server = process.env["TROUSSEAU_SERVER"] ?? "http://127.0.0.1:8642";

export default defineConfig({
  base: "./",
  plugins: [svelte({ preprocess: vitePreprocess(), compilerOptions: { runes: true } })],
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
