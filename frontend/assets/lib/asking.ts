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

/** Into the shell's dialog, which opens when something arrives. */
export function askDialog(verb: string, path: string, values?: Record<string, string>): Promise<boolean> {
  const dialog = document.getElementById("dialog")!;
  return ask(verb, path, { source: dialog, target: dialog, swap: "innerHTML", ...(values ? { values } : {}) });
}
