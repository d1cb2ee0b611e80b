// [data-auto-submit] sends its form when changed; a submitted form cannot be sent twice by a double click.
export function startForms(): void {
  document.addEventListener("change", (event) => {
    const control = event.target as HTMLInputElement;
    if (control.matches?.("[data-auto-submit]")) control.form?.requestSubmit();
  });
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (event.defaultPrevented || form.method === "get" || form.hasAttribute("data-repeatable")) return;
    const button = event.submitter;
    // After the event, so that the button's own name and value are still sent.
    window.setTimeout(() => {
      if (!event.defaultPrevented) button?.setAttribute("disabled", "");
    });
  });
  // A page restored from the back-forward cache must be usable again.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const button of document.querySelectorAll("form button[disabled]")) button.removeAttribute("disabled");
  });
}
