// The page's own catalogues, for tests that find things by the names that the page gives them.
import { fileURLToPath } from "node:url";
import { createServer } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The words of each language. */
export async function catalogues() {
  const server = await createServer({ root, configFile: false, appType: "custom", logLevel: "silent", server: { middlewareMode: true, hmr: false, ws: false, watch: null }, optimizeDeps: { noDiscovery: true } });
  try {
    const [{ fr }, { en }] = await Promise.all(["fr", "en"].map((language) => server.ssrLoadModule(`/src/messages/${language}.ts`)));
    return { fr, en };
  } finally {
    await server.close();
  }
}
