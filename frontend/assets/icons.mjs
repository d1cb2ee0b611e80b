// Writes icons.svg, the sprite of the icons that the pages use: `npm run icons` after changing the list.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const source = resolve(here, "../../node_modules/@tabler/icons/icons/outline");
const names = readFileSync(resolve(here, "icons.txt"), "utf8").split("\n").filter(Boolean);

const symbols = names.map((name) => {
  const body = readFileSync(resolve(source, `${name}.svg`), "utf8")
    .replace(/^[\s\S]*?<svg[^>]*>/, "")
    .replace(/<\/svg>\s*$/, "")
    .replace(/\s*\n\s*/g, "");
  return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">${body}</symbol>`;
});
writeFileSync(
  resolve(here, "icons.svg"),
  `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`,
);
