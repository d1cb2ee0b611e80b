// Keys that work on every page; a page adds its own with addShortcut. None fires while somebody types.
// An action that answers false leaves the key to the browser.
type Action = (event: KeyboardEvent) => void | boolean;

const actions = new Map<string, Action>();
let pending = "";

export function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement && /^(checkbox|radio|button|submit)$/.test(target.type)) return false;
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Keys that a focused control answers itself: no shortcut takes Space from a button or Enter from a link. */
function belongsToControl(event: KeyboardEvent): boolean {
  const within = (selector: string) => !!(event.target as Element).closest?.(selector);
  if (event.key.startsWith("Arrow")) return within("input, details[open], [role=tablist], [role=grid]");
  return (event.key === " " || event.key === "Enter") && within("a[href], button, summary, input, [role=button]");
}

export function addShortcut(keys: string, action: Action): void {
  actions.set(keys, action);
}

export function startShortcuts(): void {
  addShortcut("?", () => (document.getElementById("shortcut-help") as HTMLDialogElement | null)?.showModal());
  for (const link of document.querySelectorAll<HTMLAnchorElement>("a[data-shortcut]")) {
    addShortcut(link.dataset["shortcut"]!, () => link.click());
  }
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      const search = actions.get("/");
      if (search) search(event);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || belongsToControl(event)) return;
    if (document.querySelector("dialog[open]")) return;
    const sequence = pending ? `${pending} ${event.key}` : event.key;
    pending = "";
    const action = actions.get(sequence);
    if (action) {
      if (action(event) !== false) event.preventDefault();
    } else if ([...actions.keys()].some((keys) => keys.startsWith(`${event.key} `))) {
      pending = event.key;
      window.setTimeout(() => (pending = ""), 1200);
    }
  });
}
