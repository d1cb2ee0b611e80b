// The search box of the shell: `/` or Ctrl-K focuses it, arrows walk the results, Escape leaves.
import { addShortcut } from "./shortcuts";

export function startSearch(): void {
  const input = document.getElementById("search") as HTMLInputElement | null;
  const results = document.getElementById("search-results");
  if (!input || !results) return;

  const setOpen = (open: boolean) => {
    results.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    if (!open) input.removeAttribute("aria-activedescendant");
  };
  const options = () => [...results.querySelectorAll<HTMLElement>('[role="option"]')];
  const select = (step: number) => {
    const all = options();
    if (!all.length) return;
    const now = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const next = all[(now + step + all.length) % all.length]!;
    for (const option of all) option.setAttribute("aria-selected", String(option === next));
    input.setAttribute("aria-activedescendant", next.id);
    next.scrollIntoView({ block: "nearest" });
  };

  addShortcut("/", (event) => {
    event.preventDefault();
    input.focus();
    input.select();
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // Enter takes a word of the input method, not a result
    if (event.key === "Escape") {
      setOpen(false);
      input.blur();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      select(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      const chosen = options().find((option) => option.getAttribute("aria-selected") === "true");
      if (!chosen) return;
      event.preventDefault();
      chosen.click();
    }
  });
  input.addEventListener("input", () => {
    if (!input.value.trim()) setOpen(false);
  });
  input.addEventListener("focus", () => {
    if (input.value.trim() && options().length) setOpen(true);
  });
  results.addEventListener("htmx:afterSwap", () => setOpen(document.activeElement === input));
  document.addEventListener("click", (event) => {
    if (!(event.target as Element).closest("[data-search]")) setOpen(false);
  });
}
