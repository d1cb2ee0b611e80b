// The plan table: selection, keys, density, menus that search; everything else is htmx.
import "../styles/plans.css";

import { ask, askDialog } from "../lib/asking";
import { cellSent, isCellEditorOpen, openCellEditor, startCellEditor } from "../lib/cell_editor";
import { follow, followCell, followMany, writeCells, type Sent } from "../lib/following";
import { returnToPlace, watchPlace } from "../lib/place";
import { startScheduleGrids } from "../lib/schedule_grid";
import { addShortcut } from "../lib/shortcuts";

const table = () => document.getElementById("plan-table");
const boxes = () => [...document.querySelectorAll<HTMLInputElement>('#plan-selection input[name="plan"]')];
const rows = () => [...document.querySelectorAll<HTMLTableRowElement>("#plan-selection tbody tr")];

let current = -1;
let lastTicked = -1;
let isEverything = false;

// ---- selection ------------------------------------------------------------------------------------------------------
function showSelection(): void {
  const all = boxes();
  const ticked = all.filter((box) => box.checked).length;
  if (ticked < all.length) isEverything = false;
  for (const row of rows()) row.toggleAttribute("data-selected", row.querySelector<HTMLInputElement>('input[name="plan"]')!.checked);
  const page = document.querySelector<HTMLInputElement>("[data-check-page]");
  if (page) {
    page.checked = ticked > 0 && ticked === all.length;
    page.indeterminate = ticked > 0 && ticked < all.length;
  }
  const bar = document.querySelector<HTMLElement>("[data-bulk-bar]");
  const form = document.getElementById("plan-selection") as HTMLFormElement | null;
  if (!bar || !form) return;
  const total = Number(form.dataset["total"]);
  const number = isEverything ? total : ticked;
  bar.hidden = number === 0;
  bar.querySelector("[data-bulk-count]")!.textContent = `${number.toLocaleString(document.documentElement.lang)} ${bar.dataset["one"]}`;
  bar.querySelector<HTMLElement>("[data-select-all]")!.hidden = isEverything || ticked < all.length || total <= all.length;
  for (const [name, value] of Object.entries({ scope: "all", expected: String(total), query: form.dataset["query"]! })) {
    form.querySelector(`input[type="hidden"][name="${name}"]`)?.remove();
    if (!isEverything) continue;
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    form.append(input);
  }
}

function tick(box: HTMLInputElement, withShift: boolean): void {
  const all = boxes();
  const index = all.indexOf(box);
  if (withShift && lastTicked >= 0) {
    const [from, to] = [Math.min(index, lastTicked), Math.max(index, lastTicked)];
    for (const between of all.slice(from, to + 1)) between.checked = box.checked;
  }
  lastTicked = index;
  showSelection();
}

function selectAll(on: boolean): void {
  for (const box of boxes()) box.checked = on;
  isEverything = false;
  showSelection();
}

// ---- the row under the keyboard --------------------------------------------------------------------------------------
function moveTo(index: number): void {
  const all = rows();
  if (!all.length) return;
  current = Math.max(0, Math.min(all.length - 1, index));
  markCurrent();
  (document.activeElement as HTMLElement | null)?.blur(); // the row has the keys now, not what was focused before
  all[current]!.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** Left and right along the row: the focused cell says its exact value. */
function moveAlong(step: number): boolean {
  const row = rows()[current];
  if (!row) return false;
  const cells = [...row.cells];
  const now = cells.findIndex((cell) => cell.contains(document.activeElement));
  const next = cells[now < 0 ? 1 : Math.max(0, Math.min(cells.length - 1, now + step))]!;
  next.tabIndex = -1;
  next.focus();
  return true;
}

function markCurrent(): void {
  for (const [position, row] of rows().entries()) row.toggleAttribute("data-current", position === current);
}

function startKeys(): void {
  addShortcut("j", () => moveTo(current + 1));
  addShortcut("k", () => moveTo(current - 1));
  addShortcut("ArrowRight", () => moveAlong(1));
  addShortcut("ArrowLeft", () => moveAlong(-1));
  const toggle = () => {
    const box = rows()[current]?.querySelector<HTMLInputElement>('input[name="plan"]');
    if (!box) return false;
    box.checked = !box.checked;
    tick(box, false);
    return true;
  };
  addShortcut("x", toggle);
  addShortcut(" ", toggle);
  addShortcut("e", () => {
    const row = rows()[current];
    const money = row?.querySelector<HTMLElement>('[data-edit="bid"], [data-edit="budget"]');
    (money ?? row?.querySelector<HTMLElement>("[data-edit]"))?.click();
  });
  const open = () => {
    const link = rows()[current]?.querySelector<HTMLAnchorElement>(".fix-name a");
    link?.click();
    return !!link;
  };
  addShortcut("o", open);
  addShortcut("Enter", open);
  addShortcut("Escape", () => {
    const isSelected = isEverything || boxes().some((box) => box.checked);
    if (isSelected) selectAll(false);
    return isSelected;
  });
  addShortcut("/", () => document.getElementById("plan-q")?.focus());
}

// ---- dialogs --------------------------------------------------------------------------------------------------------
function openEditor(button: HTMLElement): void {
  const { plan, edit } = button.dataset;
  const base = table()!.dataset["base"]!;
  if (edit === "note") {
    void askDialog("get", `${base}${plan}/note/`);
    return;
  }
  if (edit === "labels") {
    void askDialog("post", `${base}labels/`, { plan: plan! });
    return;
  }
  if (button.closest(".plan-grid") && edit !== "schedule") {
    void openCellEditor(button, base);
    return;
  }
  void askDialog("get", `${base}${plan}/edit/${edit}/`);
}

function searchIn(input: HTMLInputElement): void {
  const wanted = input.value.trim().toLocaleLowerCase();
  const list = document.getElementById(input.dataset["findIn"]!);
  for (const item of list?.querySelectorAll<HTMLElement>(":scope > li, :scope > .menu-item, :scope > label") ?? []) {
    item.hidden = !item.textContent!.toLocaleLowerCase().includes(wanted);
  }
}

function onClick(event: MouseEvent): void {
  const target = event.target as HTMLElement;
  const button = target.closest<HTMLElement>("button");
  const row = target.closest<HTMLTableRowElement>("#plan-selection tbody tr");
  if (row) {
    current = rows().indexOf(row);
    markCurrent();
  }
  if (target instanceof HTMLInputElement && target.name === "plan") tick(target, event.shiftKey);
  else if (target.matches("[data-check-page]")) selectAll((target as HTMLInputElement).checked);
  else if (!button) return;
  else if (button.dataset["edit"]) openEditor(button);
  else if (button.hasAttribute("data-select-none")) selectAll(false);
  else if (button.hasAttribute("data-select-all")) {
    isEverything = true;
    showSelection();
  } else if (button.hasAttribute("data-density-toggle")) {
    const dense = table()!.dataset["density"] === "dense";
    table()!.dataset["density"] = dense ? "roomy" : "dense";
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `density=${dense ? "roomy" : "dense"}; path=/; max-age=31536000; samesite=lax${secure}`;
  } else if (button.dataset["move"]) {
    const item = button.closest("li")!;
    const side = button.dataset["move"] === "-1" ? "previousElementSibling" : "nextElementSibling";
    let other = item[side] as HTMLElement | null;
    while (other?.hidden) other = other[side] as HTMLElement | null; // what the search hides is no step
    if (side === "previousElementSibling") other?.before(item);
    else other?.after(item);
    button.focus();
  }
}

// Columns are dragged into their order; the buttons beside them do the same for the keyboard.
let dragged: HTMLElement | null = null;
function startColumnDrag(): void {
  document.addEventListener("dragstart", (event) => {
    dragged = (event.target as Element).closest?.<HTMLElement>(".column-list li") ?? null;
    dragged?.classList.add("is-dragged");
  });
  document.addEventListener("dragover", (event) => {
    const over = (event.target as Element).closest?.<HTMLElement>(".column-list li");
    if (!dragged || !over) return;
    event.preventDefault();
    const { top, height } = over.getBoundingClientRect();
    if (event.clientY > top + height / 2) over.after(dragged);
    else over.before(dragged);
  });
  document.addEventListener("dragend", () => {
    dragged?.classList.remove("is-dragged");
    dragged = null;
  });
}

/** The order of the ticked columns is what the table is asked for. */
function collectColumns(form: HTMLFormElement): void {
  const chosen = [...form.querySelectorAll<HTMLInputElement>(".column-list input:checked")].map((box) => box.value);
  form.querySelector<HTMLInputElement>('input[name="cols"]')!.value = chosen.join(",");
}

/** Only the inputs of the chosen way are shown. */
function followKind(select: HTMLSelectElement): void {
  for (const part of select.closest("[data-kinds]")!.querySelectorAll<HTMLElement>("[data-kind]")) {
    part.hidden = part.dataset["kind"] !== select.value;
  }
}

function followOperator(select: HTMLSelectElement): void {
  const form = select.closest<HTMLElement>("[data-filter-form]");
  const second = form?.querySelector<HTMLElement>("[data-second-value]");
  if (!form || !second) return;
  const takes = select.value === "between" ? 2 : select.value.startsWith("is_") && select.value.endsWith("set") ? 0 : 1;
  second.hidden = takes < 2;
  second.querySelector("input")!.disabled = takes < 2;
  const first = form.querySelector<HTMLInputElement>("#filter-value");
  if (!first) return;
  first.disabled = takes === 0;
  first.closest<HTMLElement>(".field")!.hidden = takes === 0;
}

// The table is asked again without losing what is ticked; while somebody edits or reads a dialog it waits.
let kept: { ids: Set<string>; isEverything: boolean; row: string; cell: number } | null = null;
const WAIT_MS = 1500;
let waiting: number | undefined;

function reload(): void {
  const isBusy = table()?.getAttribute("aria-busy") === "true";
  if (isBusy || document.querySelector("dialog[open]") || isCellEditorOpen()) {
    window.clearTimeout(waiting);
    waiting = window.setTimeout(reload, WAIT_MS);
    return;
  }
  if (!table()?.matches("section")) {
    location.reload(); // the page of one plan
    return;
  }
  void ask("get", location.href, { source: table()!, target: table()!, swap: "outerHTML" });
}

/** As it stands when the answer arrives: what was ticked while it was on its way counts too. */
function keepSelection(): void {
  const row = rows()[current];
  kept = {
    ids: new Set(boxes().filter((box) => box.checked).map((box) => box.value)),
    isEverything,
    row: row?.dataset["row"] ?? "",
    cell: row ? [...row.cells].findIndex((cell) => cell.contains(document.activeElement)) : -1,
  };
}

// Of two questions to the table only the later is answered, whichever answer comes first.
let asking: XMLHttpRequest | null = null;

function startTableRequests(): void {
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { target, xhr } = (event as CustomEvent<{ target: Element; xhr: XMLHttpRequest }>).detail;
    if (target.id !== "plan-table") return;
    target.setAttribute("aria-busy", "true");
    const earlier = asking;
    asking = xhr;
    earlier?.abort();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const { target, xhr } = (event as CustomEvent<{ target: Element; xhr: XMLHttpRequest }>).detail;
    if (target.id !== "plan-table" || asking !== xhr) return;
    asking = null;
    table()?.setAttribute("aria-busy", "false");
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, requestConfig } = (event as CustomEvent<{ target: Element; requestConfig: { elt: Element } }>).detail;
    if (target.id === "plan-table" && requestConfig.elt === target) keepSelection();
  });
}

function restoreSelection(): void {
  if (!kept) return;
  for (const box of boxes()) box.checked = kept.ids.has(box.value);
  isEverything = kept.isEverything;
  current = rows().findIndex((row) => row.dataset["row"] === kept!.row);
  markCurrent();
  const cell = rows()[current]?.cells[kept.cell];
  if (document.activeElement === document.body) cell?.querySelector<HTMLElement>("button, a, input")?.focus({ preventScroll: true });
  kept = null;
}

async function onChanged(event: Event): Promise<void> {
  const url = (event as CustomEvent<{ follow?: string }>).detail?.follow;
  if (url && table()?.matches("section")) await followMany(url);
  else if (url) await follow(url);
  else await Promise.resolve(); // what came with this event is heard first: a view's new address
  reload();
}

async function onCellSent(event: Event): Promise<void> {
  const sent = (event as CustomEvent<Sent>).detail;
  cellSent(String(sent.plan), sent.field);
  if (await followCell(sent)) reload();
}

/** Nothing can be sent before a preview of just this has said that something would change. */
let isPreviewOld = false;
/** How often something was changed, and after how many changes each question was sent. */
let edits = 0;
const sentAfter = new WeakMap<XMLHttpRequest, number>();
const PREVIEWED = '[hx-target="#change-preview"]:not(form)';

function followPreview(): void {
  const send = document.querySelector<HTMLButtonElement>("[data-change-send]");
  const found = document.querySelector<HTMLElement>("#change-preview [data-will-change]");
  if (send) send.disabled = isPreviewOld || !found || found.dataset["willChange"] === "0";
  document.getElementById("change-preview")?.classList.toggle("is-old", isPreviewOld);
}

function onPreviewedInput(event: Event): void {
  const control = event.target as HTMLElement;
  if (!control.closest(PREVIEWED)) return;
  // A text's change event comes when it is left, mostly for the button: what was typed has been asked about already.
  if (event.type === "change" && control.matches("input:not([type=checkbox], [type=radio], [type=hidden]), textarea")) return;
  isPreviewOld = true;
  edits += 1;
  followPreview();
}

/** What was typed while the dialog came in, before htmx heard of it, is asked about now. */
function askAgain(): void {
  if (isPreviewOld) document.querySelector(PREVIEWED)?.dispatchEvent(new Event("change", { bubbles: true }));
}

startKeys();
watchPlace("#plan-table");
document.addEventListener("click", onClick);
document.addEventListener("input", (event) => {
  const input = event.target as HTMLInputElement;
  if (input.dataset?.["findIn"]) searchIn(input);
});
document.addEventListener("change", (event) => {
  const control = event.target as HTMLElement;
  if (control.id === "filter-operator") followOperator(control as HTMLSelectElement);
  if (control.hasAttribute("data-kind-choice")) followKind(control as HTMLSelectElement);
});
document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (form.matches("[data-columns-form]")) collectColumns(form);
  if (form.matches("[data-closes-dialog]")) form.closest("dialog")?.close();
}, true);
document.addEventListener("plans-changed", (event) => void onChanged(event));
document.addEventListener("cell-sent", (event) => void onCellSent(event));
document.addEventListener("input", onPreviewedInput);
document.addEventListener("change", onPreviewedInput);
document.addEventListener("htmx:beforeRequest", (event) => {
  const { target, xhr } = (event as CustomEvent<{ target: Element; xhr: XMLHttpRequest }>).detail;
  if (target.id === "change-preview") sentAfter.set(xhr, edits);
});
document.addEventListener("htmx:beforeSwap", (event) => {
  if ((event as CustomEvent<{ target: Element }>).detail.target.id === "dialog") isPreviewOld = false;
});
document.addEventListener("htmx:afterSettle", (event) => {
  const { id } = event.target as Element;
  if (id === "change-preview") isPreviewOld = sentAfter.get((event as CustomEvent<{ xhr: XMLHttpRequest }>).detail.xhr) !== edits;
  if (id === "dialog") askAgain();
  startScheduleGrids(document.getElementById("dialog") ?? document);
  followPreview();
  const operator = document.querySelector<HTMLSelectElement>("#filter-operator");
  if (operator) followOperator(operator);
  if (!(event.target as Element).closest?.("#plan-table")) return;
  returnToPlace(() => [...document.querySelectorAll<HTMLElement>(".chip-edit")].at(-1) ?? document.getElementById("add-filter"));
  current = lastTicked = -1;
  isEverything = false;
  restoreSelection();
  showSelection();
  writeCells();
});
startScheduleGrids();
startCellEditor();
startColumnDrag();
startTableRequests();
document.addEventListener("view-shown", (event) => {
  const address = new URL(location.href);
  address.searchParams.set("v", String((event as CustomEvent<{ id: number }>).detail.id));
  history.replaceState(history.state, "", address);
});
