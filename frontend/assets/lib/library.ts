// The dialogs that files and titles are picked from: filters that ask again, a local search, pictures with a fallback.
const PAUSE_MS = 250;
let waiting: number | undefined;

export function startLibrary(): void {
  const ask = (filter: HTMLElement) => {
    const query = new URLSearchParams();
    for (const control of filter.querySelectorAll<HTMLInputElement | HTMLSelectElement>("[name]")) query.append(control.name, control.value);
    void window.htmx.ajax("get", `${filter.dataset["url"]}?${query}`, { target: "#library-files", swap: "outerHTML", select: "#library-files" });
  };
  document.addEventListener("change", (event) => {
    const filter = (event.target as Element).closest<HTMLElement>("[data-library-filter]");
    if (filter && event.target instanceof HTMLSelectElement) ask(filter);
    const picker = (event.target as Element).closest<HTMLElement>("[data-material-picker]");
    const count = picker?.querySelector("[data-picked-count]");
    if (count) count.textContent = String(picker!.querySelectorAll('input[type="checkbox"]:checked').length || "");
  });
  document.addEventListener("input", (event) => {
    const input = event.target as HTMLInputElement;
    const filter = input.closest<HTMLElement>("[data-library-filter]");
    if (filter && input.type === "search") {
      window.clearTimeout(waiting);
      waiting = window.setTimeout(() => ask(filter), PAUSE_MS);
    }
    const inside = input.dataset?.["findIn"];
    if (!inside) return;
    const wanted = input.value.trim().toLowerCase();
    for (const item of document.getElementById(inside)?.querySelectorAll<HTMLElement>("[data-find-item]") ?? []) {
      item.hidden = !item.textContent!.toLowerCase().includes(wanted);
    }
  });
  // A picture that cannot be had leaves its icon. Load errors do not bubble, so they are caught on the way down.
  document.addEventListener("error", (event) => {
    if (event.target instanceof HTMLImageElement && event.target.closest(".thumb")) event.target.hidden = true;
  }, true);
}
