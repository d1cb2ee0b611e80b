// What a word means or how much a number is exactly: [data-hint] says it under the pointer, on focus and at a tap.
// A title attribute would say it to the mouse alone. Escape sends it away, and the pointer may move onto it.
const LINGER_MS = 180;

let owner: HTMLElement | null = null;
let described: Element | null = null;
let leaving = 0;

function box(): HTMLElement {
  let found = document.getElementById("hint");
  if (!found) {
    found = document.createElement("div");
    found.id = "hint";
    found.className = "hint";
    found.setAttribute("role", "tooltip");
    found.popover = "manual";
    found.addEventListener("pointerenter", () => window.clearTimeout(leaving));
    found.addEventListener("pointerleave", hideSoon);
    document.body.append(found);
  }
  return found;
}

function place(): void {
  if (!owner) return;
  if (!owner.isConnected) return hide();
  const hint = box();
  const at = owner.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.left + at.width / 2 - hint.offsetWidth / 2, window.innerWidth - hint.offsetWidth - 8));
  const isBelow = at.bottom + hint.offsetHeight + 12 < window.innerHeight;
  hint.style.setProperty("left", `${left}px`);
  hint.style.setProperty("top", `${isBelow ? at.bottom + 4 : Math.max(4, at.top - hint.offsetHeight - 4)}px`);
}

function show(element: HTMLElement): void {
  window.clearTimeout(leaving);
  if (owner === element || !element.dataset["hint"]) return;
  hide();
  owner = element;
  const hint = box();
  hint.textContent = element.dataset["hint"]!;
  if (!hint.matches(":popover-open")) hint.showPopover();
  described = element.contains(document.activeElement) ? document.activeElement : element;
  described?.setAttribute("aria-describedby", "hint");
  place();
}

function hide(): void {
  window.clearTimeout(leaving);
  described?.removeAttribute("aria-describedby");
  owner = described = null;
  const hint = document.getElementById("hint");
  if (hint?.matches(":popover-open")) hint.hidePopover();
}

function hideSoon(): void {
  window.clearTimeout(leaving);
  leaving = window.setTimeout(hide, LINGER_MS);
}

const holder = (event: Event) => (event.target as Element).closest?.<HTMLElement>("[data-hint]") ?? null;

export function startHints(): void {
  document.addEventListener("pointerover", (event) => {
    const found = holder(event);
    if (found) show(found);
    else if (owner && !(event.target as Element).closest("#hint") && !owner.contains(document.activeElement)) hideSoon();
  });
  document.addEventListener("focusin", (event) => {
    const found = holder(event);
    if (found) show(found);
    else hide();
  });
  document.addEventListener("focusout", hideSoon);
  document.addEventListener("click", (event) => {
    const found = holder(event);
    if (found) show(found); // a tap has no hover
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && owner) hide();
  });
  document.addEventListener("scroll", place, true);
  document.addEventListener("htmx:afterSwap", () => {
    if (owner && !owner.isConnected) hide();
  });
}
