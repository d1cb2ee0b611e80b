// The builder: blocks that are added, copied and removed; files picked into creatives; a draft that is never lost.
import "../styles/builder.css";

import { startAmounts } from "../lib/amounts";
import { ask, askDialog } from "../lib/asking";
import { startCorrections } from "../lib/corrections";
import { fetchPiece } from "../lib/failures";
import { startLibrary } from "../lib/library";
import { startPickers } from "../lib/picker";
import { startScheduleGrids } from "../lib/schedule_grid";
import { startTitles } from "../lib/titles";

const form = document.querySelector<HTMLFormElement>("[data-builder]");

function newKey(): string {
  return crypto.getRandomValues(new Uint32Array(2)).reduce((text, part) => text + part.toString(36), "").slice(0, 10);
}

function renamed(block: HTMLElement, key: string): HTMLElement {
  const old = block.dataset["key"]!;
  const from = (text: string) => text.replace(`.${old}.`, `.${key}.`).replace(`-${old}-`, `-${key}-`);
  block.dataset["key"] = key;
  const elements = [...block.querySelectorAll<HTMLElement>("*")];
  for (const template of block.querySelectorAll("template")) elements.push(...template.content.querySelectorAll<HTMLElement>("*"));
  for (const element of elements) {
    for (const attribute of ["name", "id", "for", "data-name", "aria-describedby", "aria-controls"]) {
      const value = element.getAttribute(attribute);
      if (value) element.setAttribute(attribute, from(value));
    }
    if (element instanceof HTMLInputElement && element.type === "hidden" && element.value === old) element.value = key;
  }
  return block;
}

let checkTitles: () => void = () => undefined;
/** How often something was changed, and after how many changes each question was sent. */
let changes = 0;
const sentAfter = new WeakMap<XMLHttpRequest, number>();

/** Until the rows are counted anew, the number on the button is of something else. */
function showCounted(isOld: boolean): void {
  document.getElementById("builder-preview")?.classList.toggle("is-old", isOld);
  const button = document.querySelector<HTMLButtonElement>("#builder-promise button.btn-primary");
  if (button && isOld) button.disabled = true; // the counted promise brings its own button
}

function changed(): void {
  changes += 1;
  checkTitles();
  showCounted(true);
  form?.querySelector(".builder-body")?.dispatchEvent(new Event("builder-changed"));
  form?.setAttribute("data-dirty", "yes");
}

function addBlock(sort: string): void {
  const template = form!.querySelector<HTMLTemplateElement>(`template[data-block="${sort}"]`)!;
  const block = renamed(template.content.firstElementChild!.cloneNode(true) as HTMLElement, newKey());
  form!.querySelector(`[data-blocks="${sort}"]`)!.append(block);
  startScheduleGrids(block);
  block.querySelector<HTMLInputElement>(".block-name")?.focus();
  changed();
}

function copyBlock(block: HTMLElement): void {
  const copy = block.cloneNode(true) as HTMLElement;
  // cloneNode copies attributes, not what was typed since.
  const typed = block.querySelectorAll<HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>("input, select, textarea");
  const fresh = copy.querySelectorAll<HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>("input, select, textarea");
  typed.forEach((control, index) => {
    const target = fresh[index]!;
    target.value = control.value;
    if (control instanceof HTMLInputElement) (target as HTMLInputElement).checked = control.checked;
  });
  const schedule = copy.querySelector<HTMLElement>("[data-schedule]");
  if (schedule) delete schedule.dataset["started"];
  block.after(renamed(copy, newKey()));
  startScheduleGrids(copy);
  const name = copy.querySelector<HTMLInputElement>(".block-name");
  if (name) {
    name.value = name.value && `${name.value} 2`;
    name.select();
  }
  changed();
}

function addMaterial(block: HTMLElement, account: string, kind: string, id: string, cover: string, image = ""): void {
  const list = block.querySelector<HTMLElement>("[data-materials]")!;
  const value = [account, kind, id, cover].join("|");
  if ([...list.querySelectorAll("input")].some((input) => input.value === value)) return;
  const template = block.querySelector<HTMLTemplateElement>("template[data-material]")!;
  const chip = template.content.firstElementChild!.cloneNode(true) as HTMLElement;
  const input = chip.querySelector("input")!;
  input.name = list.dataset["name"]!;
  input.value = value;
  chip.querySelector("[data-material-text]")!.textContent = account ? `${id.slice(0, 24)} @${account}` : id;
  const picture = chip.querySelector("img")!;
  if (image) picture.src = image;
  picture.hidden = !image;
  list.append(chip);
}

let picking: HTMLElement | null = null;

function chosenAccounts(): URLSearchParams {
  const boxes = [...form!.querySelectorAll<HTMLInputElement>('[name="account"]:checked')];
  return new URLSearchParams(boxes.map((box) => ["account", box.value]));
}

/** A saved audience comes as a block of the page. */
async function useAudience(url: string): Promise<void> {
  const found = await fetchPiece(url);
  if (found === null) return;
  const holder = document.createElement("template");
  holder.innerHTML = found.trim();
  form!.querySelector('[data-blocks="audience"]')!.append(holder.content);
  for (const dialog of document.querySelectorAll<HTMLDialogElement>("dialog[open]")) dialog.close();
  changed();
}

function onClick(event: MouseEvent): void {
  const target = event.target as Element;
  const button = target.closest<HTMLElement>("button");
  if (!button) return;
  const block = button.closest<HTMLElement>(".block");
  if (button.dataset["add"]) addBlock(button.dataset["add"]);
  else if (button.hasAttribute("data-copy-block")) copyBlock(block!);
  else if (button.hasAttribute("data-remove-block")) {
    block!.remove();
    changed();
  } else if (button.hasAttribute("data-remove-material")) {
    button.closest("[data-material-chip]")!.remove();
    changed();
  } else if (button.hasAttribute("data-add-material")) {
    const of = (name: string) => block!.querySelector<HTMLInputElement | HTMLSelectElement>(`[data-adder="${name}"]`)!;
    if (!of("id").value.trim()) return of("id").focus();
    addMaterial(block!, of("account").value, of("kind").value, of("id").value.trim(), of("cover").value.trim());
    of("id").value = of("cover").value = "";
    of("id").focus();
    changed();
  } else if (button.hasAttribute("data-pick-materials") || button.hasAttribute("data-pick-titles")) {
    picking = block;
    void askDialog("get", `${button.dataset["url"]}?${chosenAccounts()}`);
  } else if (button.hasAttribute("data-use-audience")) {
    void useAudience(button.dataset["url"]!);
  } else if (button.hasAttribute("data-save-audience")) {
    void ask("post", button.dataset["url"]!, { source: form!, swap: "none", values: { save_audience: block!.dataset["key"]! } });
  } else if (button.hasAttribute("data-check-all")) {
    const boxes = [...button.closest("fieldset")!.querySelectorAll<HTMLInputElement>("input:not(:disabled)")];
    const on = boxes.some((box) => !box.checked);
    for (const box of boxes) box.checked = on;
    changed();
  } else if (button.dataset["insert"]) {
    const input = document.getElementById(button.dataset["into"]!) as HTMLInputElement;
    input.setRangeText(button.dataset["insert"], input.selectionStart ?? input.value.length, input.selectionEnd ?? input.value.length, "end");
    input.focus();
    changed();
  } else if (button.dataset["exclude"]) {
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name: "exclusion", value: button.dataset["exclude"] });
    document.getElementById("exclusions")!.append(input);
    changed();
  } else if (button.hasAttribute("data-include-all")) {
    document.getElementById("exclusions")!.replaceChildren();
    changed();
  }
}

/** What was ticked in a dialog becomes chips of the creative, or lines of the title set, that asked for it. */
function onPicked(event: SubmitEvent): void {
  const picker = event.target as HTMLFormElement;
  if (!picker.matches("[data-material-picker], [data-title-picker]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const ticked = [...picker.querySelectorAll<HTMLInputElement>('input[type="checkbox"]:checked')];
  const titles = picking?.querySelector("textarea");
  if (picker.matches("[data-title-picker]") && titles) {
    const lines = titles.value.split("\n").filter((line) => line.trim());
    titles.value = [...lines, ...ticked.map((box) => box.value).filter((text) => !lines.includes(text))].join("\n");
    titles.dispatchEvent(new Event("input", { bubbles: true }));
  } else {
    for (const box of ticked) {
      const [account, kind, id, cover] = box.value.split("|") as [string, string, string, string];
      if (picking) addMaterial(picking, account, kind, id, cover, box.dataset["image"]);
    }
  }
  picker.closest("dialog")?.close();
  changed();
}

function keepDraft(): void {
  const leave = () => {
    if (form!.dataset["dirty"] === "yes" && form!.dataset["sent"] !== "yes") {
      navigator.sendBeacon(form!.dataset["draftUrl"]!, new FormData(form!));
    }
  };
  window.addEventListener("pagehide", leave);
  form!.addEventListener("submit", () => {
    form!.dataset["sent"] = "yes";
  });
}

if (form) {
  startScheduleGrids();
  startPickers(changed);
  startLibrary();
  startAmounts(form, changed);
  startCorrections(document.getElementById("overrides")!, changed);
  checkTitles = startTitles(form);
  document.addEventListener("click", onClick);
  document.addEventListener("submit", onPicked, true);
  form.addEventListener("input", (event) => {
    if (!(event.target as Element).closest("[data-adder], [data-not-a-setting]")) changed();
  });
  form.addEventListener("change", (event) => {
    if (!(event.target as Element).closest("[data-adder], [data-half-hours], [data-not-a-setting]")) changed();
  });
  form.addEventListener("keydown", (event) => {
    // Enter in a text field must not create a thousand plans.
    if (event.key === "Enter" && (event.target as Element).matches("input:not([type=submit])")) event.preventDefault();
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { target, xhr } = (event as CustomEvent<{ target: Element; xhr: XMLHttpRequest }>).detail;
    if (target.id === "builder-preview") sentAfter.set(xhr, changes);
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    // An answer to what stood there before the last change counts something else, and its button would send it.
    const { xhr } = (event as CustomEvent<{ xhr: XMLHttpRequest }>).detail;
    if ((event.target as Element).id === "builder-preview") showCounted(sentAfter.get(xhr) !== changes);
  });
  keepDraft();
}

// The upload's preview is corrected like the builder's; another file starts without corrections.
const corrections = document.getElementById("corrections");
const file = document.getElementById("upload-file");
if (corrections && file) {
  file.addEventListener("change", () => corrections.replaceChildren(), true);
  startCorrections(corrections, () => file.dispatchEvent(new Event("corrected")));
}
