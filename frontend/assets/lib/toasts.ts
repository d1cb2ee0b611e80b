// Toasts: Django messages present at load, and the HX-Trigger event
// {"toast": {"level": "success|info|warning|error", "message": "…", "action": {"label": "…", "url": "…"}}}.
interface Toast {
  level?: string;
  message: string;
  action?: { label: string; url: string };
  retry?: { label: string; run: () => void } | undefined;
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

export function showToast({ level = "info", message, action, retry }: Toast): void {
  const stack = document.getElementById("toasts");
  const template = document.getElementById("toast-template") as HTMLTemplateElement | null;
  const blank = template?.content.firstElementChild?.cloneNode(true) as HTMLElement | undefined;
  if (!stack || !blank) return;
  blank.dataset["level"] = level;
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
  stack.append(blank);
  if (level !== "error") retire(blank); // an error stays until it is dismissed
}

export function startToasts(): void {
  for (const toast of document.querySelectorAll<HTMLElement>("#toasts .toast-card")) {
    if (toast.dataset["level"] !== "error") retire(toast);
  }
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest("[data-toast-close]");
    button?.closest(".toast-card")?.remove();
  });
  document.addEventListener("toast", (event) => showToast((event as CustomEvent<Toast>).detail));
}
