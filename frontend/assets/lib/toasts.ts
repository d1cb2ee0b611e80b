// Toasts: Django messages present at load, and the HX-Trigger event
// {"toast": {"level": "success|info|warning|error", "message": "…", "action": {"label": "…", "url": "…"}}}.
// An action is posted in place; "link" only leads somewhere. {"undo-later": {url, message}} posts again by itself.
import { ask } from "./asking";
import { bringInReach } from "./reach";

interface Toast {
  level?: string;
  message: string;
  action?: { label: string; url: string };
  retry?: { label: string; run: () => void } | undefined;
  link?: { label: string; url: string } | undefined;
  about?: string; // what it speaks of: a new message takes the place of the old one
}

const LIFETIME_MS = 8000;

function retire(toast: HTMLElement): void {
  let timer = window.setTimeout(() => toast.remove(), LIFETIME_MS);
  // Someone who is reading, or about to press undo, is not hurried.
  const hold = () => window.clearTimeout(timer);
  const release = () => {
    hold();
    timer = window.setTimeout(() => toast.remove(), LIFETIME_MS / 2);
  };
  toast.addEventListener("pointerenter", hold);
  toast.addEventListener("focusin", hold);
  toast.addEventListener("pointerleave", release);
  toast.addEventListener("focusout", release);
}

/** What was said of something is over. */
export function dropToasts(about: string): void {
  for (const toast of document.querySelectorAll<HTMLElement>("#toasts .toast-card")) {
    if (toast.dataset["about"] === about) toast.remove();
  }
}

export function showToast({ level = "info", message, action, link, retry, about }: Toast): void {
  const stack = document.getElementById("toasts");
  const template = document.getElementById("toast-template") as HTMLTemplateElement | null;
  const blank = template?.content.firstElementChild?.cloneNode(true) as HTMLElement | undefined;
  if (!stack || !blank) return;
  blank.dataset["level"] = level;
  if (about) {
    dropToasts(about);
    blank.dataset["about"] = about;
  }
  blank.querySelector("[data-toast-message]")!.textContent = message;
  const form = blank.querySelector<HTMLFormElement>("[data-toast-action]")!;
  if (retry) {
    const button = form.querySelector("button")!;
    button.textContent = retry.label;
    button.type = "button";
    button.addEventListener("click", () => {
      blank.remove();
      retry.run();
    });
  } else if (action) {
    form.action = action.url;
    form.querySelector("button")!.textContent = action.label;
  } else {
    form.remove();
  }
  if (link) {
    const way = document.createElement("a");
    way.href = link.url;
    way.textContent = link.label;
    blank.querySelector("[data-toast-message]")!.append(" ", way);
  }
  stack.append(blank);
  bringInReach();
  if (level !== "error") retire(blank); // an error stays until it is dismissed
}

// A change that is still on its way cannot be taken back yet; it is asked again until it has arrived.
const ASK_AGAIN_MS = 1500;
const MOST_ASKS = 200;
const asked = new Map<string, number>();

/** Each from an element of its own, so that two undos never wait for or forget one another. */
async function post(url: string): Promise<void> {
  const source = document.createElement("span");
  document.getElementById("toasts")!.append(source);
  await ask("post", url, { source, target: source, swap: "none" });
  source.remove();
}

function askLater({ url, message }: { url: string; message: string }): void {
  const count = (asked.get(url) ?? 0) + 1;
  asked.set(url, count);
  if (count === 1) showToast({ message });
  if (count < MOST_ASKS) window.setTimeout(() => void post(url), ASK_AGAIN_MS);
}

export function startToasts(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (!form.matches("[data-toast-action]")) return;
    event.preventDefault();
    form.closest(".toast-card")?.remove();
    asked.delete(new URL(form.action).pathname);
    void post(form.action);
  });
  document.addEventListener("undo-later", (event) => askLater((event as CustomEvent).detail));
  for (const toast of document.querySelectorAll<HTMLElement>("#toasts .toast-card")) {
    if (toast.dataset["level"] !== "error") retire(toast);
  }
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest("[data-toast-close]");
    button?.closest(".toast-card")?.remove();
  });
  document.addEventListener("toast", (event) => showToast((event as CustomEvent<Toast>).detail));
}
