// The plan table: selection, keys, density, menus that search; everything else is htmx.
import "../styles/plans.css";

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
  for (const [position, row] of all.entries()) row.toggleAttribute("data-current", position === current);
  all[current]!.scrollIntoView({ block: "nearest" });
}

function startKeys(): void {
  addShortcut("j", () => moveTo(current + 1));
  addShortcut("k", () => moveTo(current - 1));
  const toggle = () => {
    const box = rows()[current]?.querySelector<HTMLInputElement>('input[name="plan"]');
    if (!box) return;
    box.checked = !box.checked;
    tick(box, false);
  };
  addShortcut("x", toggle);
  addShortcut(" ", toggle);
  addShortcut("e", () => {
    const row = rows()[current];
    const money = row?.querySelector<HTMLElement>('[data-edit="bid"], [data-edit="budget"]');
    (money ?? row?.querySelector<HTMLElement>("[data-edit]"))?.click();
  });
  addShortcut("o", () => rows()[current]?.querySelector<HTMLAnchorElement>(".fix-name a")?.click());
  addShortcut("/", () => document.getElementById("plan-q")?.focus());
}

// ---- dialogs --------------------------------------------------------------------------------------------------------
function openEditor(button: HTMLElement): void {
  const { plan, edit } = button.dataset;
  void window.htmx.ajax("get", `${table()!.dataset["base"]}${plan}/edit/${edit}/`, { target: "#dialog" });
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
    if (button.dataset["move"] === "-1") item.previousElementSibling?.before(item);
    else item.nextElementSibling?.after(item);
    button.focus();
  }
}

/** The order of the ticked columns is what the table is asked for. */
function collectColumns(form: HTMLFormElement): void {
  const chosen = [...form.querySelectorAll<HTMLInputElement>(".column-list input:checked")].map((box) => box.value);
  form.querySelector<HTMLInputElement>('input[name="cols"]')!.value = chosen.join(",");
}

function followOperator(select: HTMLSelectElement): void {
  const form = select.closest<HTMLElement>("[data-filter-form]");
  const second = form?.querySelector<HTMLElement>("[data-second-value]");
  if (!form || !second) return;
  const takes = select.value === "between" ? 2 : select.value.startsWith("is_") && select.value.endsWith("set") ? 0 : 1;
  second.hidden = takes < 2;
  second.querySelector("input")!.disabled = takes < 2;
  const first = form.querySelector<HTMLInputElement>("#filter-value")!;
  first.disabled = takes === 0;
  first.closest<HTMLElement>(".field")!.hidden = takes === 0;
}

// A change is on its way to the media: the table looks again until it has very likely arrived.
const LOOK_AGAIN_MS = [0, 2500, 7000];

function reload(): void {
  if (!table()?.matches("section")) {
    window.setTimeout(() => location.reload(), LOOK_AGAIN_MS[1]); // the page of one plan
    return;
  }
  for (const delay of LOOK_AGAIN_MS) {
    window.setTimeout(() => {
      const isBusy = delay > 0 && (document.querySelector("dialog[open]") || document.querySelector("tr[data-selected]"));
      if (table() && !isBusy) void window.htmx.ajax("get", location.href, { target: "#plan-table", swap: "outerHTML" });
    }, delay);
  }
}

/** Nothing can be sent before a preview has said that something would change. */
function followPreview(): void {
  const send = document.querySelector<HTMLButtonElement>("[data-change-send]");
  const found = document.querySelector<HTMLElement>("#change-preview [data-will-change]");
  if (send) send.disabled = !found || found.dataset["willChange"] === "0";
}

startKeys();
document.addEventListener("click", onClick);
document.addEventListener("input", (event) => {
  const input = event.target as HTMLInputElement;
  if (input.dataset?.["findIn"]) searchIn(input);
});
document.addEventListener("change", (event) => {
  const control = event.target as HTMLElement;
  if (control.id === "filter-operator") followOperator(control as HTMLSelectElement);
});
document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (form.matches("[data-columns-form]")) collectColumns(form);
  if (form.matches("[data-closes-dialog]")) form.closest("dialog")?.close();
}, true);
document.addEventListener("plans-changed", reload);
document.addEventListener("htmx:beforeRequest", (event) => {
  const { target } = (event as CustomEvent<{ target: Element }>).detail;
  if (target.id === "plan-table") target.setAttribute("aria-busy", "true");
});
document.addEventListener("htmx:afterSettle", (event) => {
  startScheduleGrids(document.getElementById("dialog") ?? document);
  followPreview();
  if (!(event.target as Element).closest?.("#plan-table")) return;
  current = lastTicked = -1;
  isEverything = false;
  showSelection();
});
startScheduleGrids();
