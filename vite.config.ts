import { readdirSync } from "node:fs";
import { resolve } from "node:path";

import { defineConfig } from "vite";

const entryDirectory = resolve(import.meta.dirname, "frontend/assets/entries");

// Every file in entries/ is one entry point; a page asks for it with {% vite_asset %}.
const entries = readdirSync(entryDirectory)
  .filter((name) => name.endsWith(".ts"))
  .map((name) => resolve(entryDirectory, name));

export default defineConfig({
  // Relative addresses, so that STATIC_URL may be anything.
  base: "./",
  publicDir: false,
  build: {
    outDir: "frontend/static/build",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    // data: scripts and fonts would need holes in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      input: entries,
      // htmx holds an eval that `allowEval: false` never reaches and the content security policy forbids.
      checks: { eval: false },
    },
  },
});
