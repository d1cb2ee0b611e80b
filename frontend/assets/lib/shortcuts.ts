// Keys that work on every page; a page adds its own with addShortcut. None fires while somebody types.
type Action = (event: KeyboardEvent) => void;

const actions = new Map<string, Action>();
let pending = "";

export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
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
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const sequence = pending ? `${pending} ${event.key}` : event.key;
    pending = "";
    const action = actions.get(sequence);
    if (action) {
      event.preventDefault();
      action(event);
    } else if ([...actions.keys()].some((keys) => keys.startsWith(`${event.key} `))) {
      pending = event.key;
      window.setTimeout(() => (pending = ""), 1200);
    }
  });
}
