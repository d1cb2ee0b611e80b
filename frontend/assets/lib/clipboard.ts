// <button data-copy="text" data-copied-text="Copied">: copies, and says so to eyes and screen readers.
export function startClipboard(): void {
  document.addEventListener("click", async (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset["copy"]!);
    const live = button.querySelector("[data-copy-status]");
    if (live) live.textContent = button.dataset["copiedText"] ?? "";
    button.classList.add("is-copied");
    window.setTimeout(() => {
      button.classList.remove("is-copied");
      if (live) live.textContent = "";
    }, 2000);
  });
}
