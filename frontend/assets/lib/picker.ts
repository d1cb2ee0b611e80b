// [data-picker]: a search box whose finds become chips with hidden inputs. The options come as HTML from data-url.
// Keys: arrows walk, Enter takes, Escape closes, Backspace in an empty box takes the last chip away.
// data-tree: values are division codes; a province takes the place of its cities and a city that of its province.
import { fetchPiece } from "./failures";

const PAUSE_MS = 150;

interface Finder {
  input: HTMLInputElement;
  list: HTMLElement;
  picker: HTMLElement;
}

let waiting: number | undefined;
let onPicked: () => void = () => undefined;

function finderOf(target: EventTarget | null): Finder | null {
  const picker = (target as Element | null)?.closest<HTMLElement>("[data-picker]");
  const input = picker?.querySelector<HTMLInputElement>('[role="combobox"]');
  const list = picker?.querySelector<HTMLElement>('[role="listbox"]');
  return picker && input && list ? { picker, input, list } : null;
}

function setOpen({ input, list }: Finder, open: boolean): void {
  list.hidden = !open;
  input.setAttribute("aria-expanded", String(open));
  if (!open) input.removeAttribute("aria-activedescendant");
}

function options(list: HTMLElement): HTMLElement[] {
  return [...list.querySelectorAll<HTMLElement>('[role="option"]')];
}

async function find(finder: Finder): Promise<void> {
  const query = new URLSearchParams({ q: finder.input.value });
  for (const box of document.querySelectorAll<HTMLElement>('[name="account"]:checked')) {
    query.append("media", box.dataset["media"] ?? "");
  }
  const asked = finder.input.value;
  const found = await fetchPiece(`${finder.picker.dataset["url"]}?${query}`);
  if (found === null || finder.input.value !== asked || document.activeElement !== finder.input) return;
  finder.list.innerHTML = found;
  options(finder.list).forEach((option, index) => {
    option.id = `${finder.list.id}-${index}`;
  });
  select(finder, 0);
  setOpen(finder, true);
}

function select(finder: Finder, index: number): void {
  const all = options(finder.list);
  const chosen = all[(index + all.length) % Math.max(1, all.length)];
  for (const option of all) option.setAttribute("aria-selected", String(option === chosen));
  if (!chosen) return;
  finder.input.setAttribute("aria-activedescendant", chosen.id);
  chosen.scrollIntoView({ block: "nearest" });
}

function selected(list: HTMLElement): number {
  return options(list).findIndex((option) => option.getAttribute("aria-selected") === "true");
}

function take(finder: Finder, option: HTMLElement): void {
  const { picker, input } = finder;
  const value = option.dataset["value"]!;
  const chips = picker.querySelector<HTMLElement>("[data-picked-list]")!;
  const taken = [...chips.querySelectorAll<HTMLInputElement>("input")];
  if (picker.hasAttribute("data-tree")) {
    for (const other of taken) if (isInside(other.value, value) || isInside(value, other.value)) other.closest("[data-picked-chip]")!.remove();
  }
  if (!taken.some((other) => other.value === value && other.isConnected)) {
    const template = picker.querySelector<HTMLTemplateElement>("template[data-picked]")!;
    const chip = template.content.firstElementChild!.cloneNode(true) as HTMLElement;
    chip.querySelector("input")!.value = value;
    chip.querySelector("[data-picked-text]")!.textContent = option.dataset["label"]!;
    const remove = chip.querySelector("button")!;
    remove.setAttribute("aria-label", `${remove.getAttribute("aria-label")} ${option.dataset["label"]}`);
    chips.append(chip);
  }
  input.value = "";
  setOpen(finder, false);
  input.focus();
  onPicked();
}

/** 440300 is inside 440000. */
function isInside(city: string, province: string): boolean {
  return city !== province && province.endsWith("0000") && city.slice(0, 2) === province.slice(0, 2);
}

export function startPickers(changed: () => void): void {
  onPicked = changed;
  document.addEventListener("input", (event) => {
    const finder = finderOf(event.target);
    if (!finder || event.target !== finder.input) return;
    window.clearTimeout(waiting);
    waiting = window.setTimeout(() => void find(finder), PAUSE_MS);
  });
  document.addEventListener("focusin", (event) => {
    const finder = finderOf(event.target);
    if (finder && event.target === finder.input) void find(finder);
    for (const list of document.querySelectorAll<HTMLElement>('.picker-list:not([hidden])')) {
      const other = finderOf(list)!;
      if (other.picker !== finder?.picker) setOpen(other, false);
    }
  });
  document.addEventListener("keydown", (event) => {
    const finder = finderOf(event.target);
    if (!finder || event.target !== finder.input || event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (finder.list.hidden) void find(finder);
      else select(finder, selected(finder.list) + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      const option = options(finder.list)[selected(finder.list)];
      if (option && !finder.list.hidden) take(finder, option);
    } else if (event.key === "Escape" && !finder.list.hidden) {
      event.preventDefault();
      setOpen(finder, false);
    } else if (event.key === "Backspace" && !finder.input.value) {
      finder.picker.querySelector("[data-picked-list]")?.lastElementChild?.remove();
      onPicked();
    }
  });
  document.addEventListener("pointerdown", (event) => {
    const option = (event.target as Element).closest<HTMLElement>(".picker-option");
    const finder = finderOf(option);
    if (!option || !finder) return;
    event.preventDefault(); // keeps the focus in the box
    take(finder, option);
  });
  document.addEventListener("click", (event) => {
    const chip = (event.target as Element).closest("[data-remove-picked]")?.closest("[data-picked-chip]");
    if (!chip) return;
    const finder = finderOf(chip);
    chip.remove();
    finder?.input.focus();
    onPicked();
  });
}
