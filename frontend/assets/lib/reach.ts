// Messages stay in reach: beside an open dialog everything is inert and dim, so they move into it while it is open.
const MESSAGES = ["toasts", "signed-out", "connection-lost"];

/** Puts the messages where they can be read and pressed now. */
export function bringInReach(): void {
  const place = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
  for (const id of MESSAGES) {
    const message = document.getElementById(id);
    if (message && message.parentElement !== place) place.append(message);
  }
}

/** Before a dialog closes or is filled anew, they go back to the page. */
function takeOut(event: Event): void {
  if (!(event.target instanceof HTMLDialogElement)) return;
  for (const id of MESSAGES) {
    const message = document.getElementById(id);
    if (message && event.target.contains(message)) document.body.append(message);
  }
}

export function startReach(): void {
  document.addEventListener("close", takeOut, true);
  document.addEventListener("htmx:beforeSwap", takeOut);
}
