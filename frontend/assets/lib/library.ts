// The dialogs that files and titles are picked from: filters that ask again, a local search, pictures with a fallback.
import { ask } from "./asking";

const PAUSE_MS = 250;
let waiting: number | undefined;

const ticked = (picker: Element) => [...picker.querySelectorAll<HTMLInputElement>('input[type="checkbox"]:checked')];

function say(picker: Element): void {
  const count = picker.querySelector<HTMLElement>("[data-picked-count]");
  const number = ticked(picker).length;
  if (count) count.textContent = number ? `${count.dataset["words"]} ${number}` : "";
}

/** Files ticked under another filter stay ticked, out of sight, until their own card is shown again. */
async function show(picker: Element, address: string): Promise<void> {
  const kept = picker.querySelector<HTMLElement>("[data-kept-files]")!;
  const keep = () => {
    const held = ticked(picker).filter((box) => !kept.contains(box));
    kept.append(...held.map((box) => box.cloneNode() as HTMLInputElement));
    // A clone forgets the tick unless it is an attribute.
    for (const box of kept.querySelectorAll<HTMLInputElement>("input")) box.checked = true;
  };
  picker.addEventListener("htmx:beforeSwap", keep, { once: true });
  await ask("get", address, { source: picker.querySelector("#library-files")!, target: "#library-files", swap: "outerHTML", select: "#library-files" });
  picker.removeEventListener("htmx:beforeSwap", keep);
  for (const box of kept.querySelectorAll<HTMLInputElement>("input")) {
    const shown = [...picker.querySelectorAll<HTMLInputElement>("#library-files input")].find((one) => one.value === box.value);
    if (!shown) continue;
    shown.checked = true;
    box.remove();
  }
  say(picker);
}

export function startLibrary(): void {
  const askAgain = (filter: HTMLElement) => {
    const query = new URLSearchParams();
    for (const control of filter.querySelectorAll<HTMLInputElement | HTMLSelectElement>("[name]")) query.append(control.name, control.value);
    const picker = filter.closest("[data-material-picker]");
    if (picker) void show(picker, `${filter.dataset["url"]}?${query}`);
  };
  document.addEventListener("change", (event) => {
    const filter = (event.target as Element).closest<HTMLElement>("[data-library-filter]");
    if (filter && event.target instanceof HTMLSelectElement) askAgain(filter);
    const picker = (event.target as Element).closest<HTMLElement>("[data-material-picker]");
    if (picker) say(picker);
  });
  document.addEventListener("input", (event) => {
    const input = event.target as HTMLInputElement;
    const filter = input.closest<HTMLElement>("[data-library-filter]");
    if (filter && input.type === "search") {
      window.clearTimeout(waiting);
      waiting = window.setTimeout(() => askAgain(filter), PAUSE_MS);
    }
    const inside = input.dataset?.["findIn"];
    if (!inside) return;
    const wanted = input.value.trim().toLowerCase();
    for (const item of document.getElementById(inside)?.querySelectorAll<HTMLElement>("[data-find-item]") ?? []) {
      item.hidden = !item.textContent!.toLowerCase().includes(wanted);
    }
  });
  // A picture that cannot be had leaves its icon. Load errors do not bubble, so they are caught on the way down.
  document.addEventListener("error", (event) => {
    if (event.target instanceof HTMLImageElement && event.target.closest(".thumb")) event.target.hidden = true;
  }, true);
}
