// Editing in the cell: a small form over the cell, in the top layer so that the table's scroller does not cut it.
// Enter sends, Escape leaves it, Tab sends what was changed and goes on to the next cell.
import { ask } from "./asking";
import { forgetCell } from "./following";

let opener: HTMLElement | null = null;
let goOnTo: HTMLElement | null = null;

function box(): HTMLElement {
  let found = document.getElementById("cell-editor");
  if (!found) {
    found = document.createElement("div");
    found.id = "cell-editor";
    found.className = "cell-editor";
    found.popover = "manual";
    document.body.append(found);
    found.addEventListener("keydown", onKey);
    found.addEventListener("click", (event) => {
      if ((event.target as Element).closest("[data-cell-cancel]")) closeCellEditor();
    });
  }
  return found;
}

export function isCellEditorOpen(): boolean {
  return opener !== null;
}

function place(): void {
  const editor = document.getElementById("cell-editor");
  if (!editor || !opener) return;
  const cell = (opener.closest("td") ?? opener).getBoundingClientRect();
  const width = editor.offsetWidth;
  const left = Math.max(8, Math.min(cell.left, window.innerWidth - width - 8));
  const below = cell.top + editor.offsetHeight < window.innerHeight - 8;
  editor.style.setProperty("left", `${left}px`);
  editor.style.setProperty("top", `${below ? cell.top : Math.max(8, cell.bottom - editor.offsetHeight)}px`);
}

export async function openCellEditor(button: HTMLElement, base: string): Promise<void> {
  const { plan, edit } = button.dataset;
  opener = button;
  goOnTo = null;
  const editor = box();
  editor.replaceChildren(); // what another cell was asked is not this one's
  await ask("get", `${base}${plan}/cell/${edit}/`, { source: editor, target: editor, swap: "innerHTML" });
  if (opener !== button) return;
  if (!editor.querySelector("form")) return closeCellEditor(); // refused or not answered: a message says which
  editor.showPopover();
  place();
  focusInput();
}

function focusInput(): void {
  const input = document.querySelector<HTMLInputElement>("#cell-value");
  input?.focus();
  if (input?.tagName === "INPUT") input.select();
}

export function closeCellEditor(): void {
  const editor = document.getElementById("cell-editor");
  const button = opener;
  opener = null;
  if (editor?.matches(":popover-open")) editor.hidePopover();
  editor?.replaceChildren();
  button?.focus();
}

function isChanged(): boolean {
  const form = document.querySelector<HTMLFormElement>("[data-cell-form]");
  const input = document.getElementById("cell-value") as HTMLInputElement | null;
  return !!form && !!input && input.value.trim() !== form.dataset["was"];
}

function neighbour(step: number): HTMLElement | null {
  const all = [...document.querySelectorAll<HTMLElement>('#plan-selection :is([data-edit="name"], [data-edit="status"], [data-edit="bid"], [data-edit="budget"])')];
  return all[all.indexOf(opener!) + step] ?? null;
}

function onKey(event: KeyboardEvent): void {
  if (event.isComposing) return; // Enter and Escape belong to the input method until the word is chosen
  if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    closeCellEditor();
  } else if (event.key === "Enter" && (event.target as Element).tagName === "SELECT") {
    event.preventDefault();
    (event.target as HTMLSelectElement).form!.requestSubmit();
  } else if (event.key === "Tab" && (event.target as Element).id === "cell-value") {
    event.preventDefault();
    const next = neighbour(event.shiftKey ? -1 : 1);
    if (isChanged()) {
      goOnTo = next;
      document.querySelector<HTMLFormElement>("[data-cell-form]")!.requestSubmit();
    } else {
      closeCellEditor();
      next?.click();
    }
  }
}

/** The change was accepted: the editor goes away, or on to the next cell. */
export function cellSent(plan: string, field: string): void {
  forgetCell(plan, field);
  const next = goOnTo;
  closeCellEditor();
  next?.click();
}

export function startCellEditor(): void {
  document.addEventListener("htmx:afterSettle", (event) => {
    if ((event.target as Element).id === "cell-editor" && opener) {
      place();
      focusInput();
    } else if ((event.target as Element).id === "cell-check") place();
  });
  document.addEventListener("pointerdown", (event) => {
    if (!opener || (event.target as Element).closest("#cell-editor")) return;
    if (!isChanged()) closeCellEditor(); // what was typed is not thrown away by a stray click
  });
  window.addEventListener("resize", place);
  document.addEventListener("scroll", place, true);
}
