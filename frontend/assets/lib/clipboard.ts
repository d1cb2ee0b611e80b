// <button data-copy="text" data-copied-text="Copied">: copies, and says so to eyes and screen readers.
/** Browsers offer their clipboard only to secure pages; on an intranet's plain http a selection is copied instead. */
async function copy(text: string, near: Element): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    near.after(area); // inside an open dialog: the rest of the page is inert
    area.select();
    const isCopied = document.execCommand("copy");
    area.remove();
    return isCopied;
  }
}

export function startClipboard(): void {
  document.addEventListener("click", async (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-copy]");
    if (!button) return;
    if (!(await copy(button.dataset["copy"]!, button))) return;
    button.focus();
    const live = button.querySelector("[data-copy-status]");
    if (live) live.textContent = button.dataset["copiedText"] ?? "";
    button.classList.add("is-copied");
    window.setTimeout(() => {
      button.classList.remove("is-copied");
      if (live) live.textContent = "";
    }, 2000);
  });
}
