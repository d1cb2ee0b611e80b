// Where the keyboard is when an island is replaced. htmx finds the same element again by its id; when that is gone (a
// removed filter, a dialog's form), the reader would begin anew at the top of the page.
let isByKey = false;

/** Remember whether the last thing done in the island, or in the dialog, was done by the keyboard. */
export function watchPlace(island: string): void {
  document.addEventListener("keydown", (event) => {
    isByKey = (event.target as Element).closest?.(`${island}, #dialog`) != null;
  }, true);
  document.addEventListener("pointerdown", () => (isByKey = false), true);
}

/** After the island was replaced: to the nearest place, if the old one is gone. */
export function returnToPlace(nearest: () => HTMLElement | null | undefined): void {
  if (isByKey && document.activeElement === document.body) nearest()?.focus({ preventScroll: true });
  isByKey = false;
}
