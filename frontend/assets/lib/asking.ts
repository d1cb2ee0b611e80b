// Requests that scripts make. The element that asks has one request at a time and a queue of one behind it, so each
// island asks for itself: through the page's body a dialog would wait for a slow table, and a third would be forgotten.
interface Context {
  source: Element;
  target?: Element | string;
  swap?: string;
  select?: string;
  values?: Record<string, string>;
}

/** Like htmx.ajax; a failure is told by lib/failures.ts and not thrown. Whether an answer was taken in. */
export async function ask(verb: string, path: string, context: Context): Promise<boolean> {
  try {
    // eslint-disable-next-line -- htmx's own types know fewer keys than it takes
    await window.htmx.ajax(verb as "get", path, context as never);
    return true;
  } catch {
    return false;
  }
}

/** A dialog that takes longer says so; what comes at once shows no flicker. */
const SLOW_MS = 400;

/** Into the shell's dialog, which opens when something arrives. Closing it while it loads takes the question back. */
export async function askDialog(verb: string, path: string, values?: Record<string, string>): Promise<boolean> {
  const dialog = document.getElementById("dialog") as HTMLDialogElement;
  const leave = () => window.htmx.trigger(dialog, "htmx:abort");
  const slow = window.setTimeout(() => {
    if (dialog.open) return;
    const template = document.getElementById("dialog-waits") as HTMLTemplateElement;
    dialog.replaceChildren(template.content.cloneNode(true));
    dialog.showModal();
    dialog.addEventListener("close", leave, { once: true });
  }, SLOW_MS);
  const isAnswered = await ask(verb, path, { source: dialog, target: dialog, swap: "innerHTML", ...(values ? { values } : {}) });
  window.clearTimeout(slow);
  dialog.removeEventListener("close", leave);
  return isAnswered;
}
