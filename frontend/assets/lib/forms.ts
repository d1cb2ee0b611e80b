// [data-auto-submit] sends its form when changed; a submitted form cannot be sent twice by a double click.
// A form that something was typed into is sent only when the server answers and knows us: a page that the browser
// leaves for an error or for the sign-in has forgotten what was typed.
import { fetchPiece } from "./failures";
import { freshen } from "./form_token";

const TYPED = "textarea, select, input:not([type=hidden], [type=submit], [type=search])";

function holdsTyping(form: HTMLFormElement): boolean {
  return Boolean(form.querySelector(TYPED));
}

async function sendWhenAnswered(form: HTMLFormElement, submitter: HTMLElement | null, address: string): Promise<void> {
  const isConfirmed = form.dataset["confirmed"] === "yes"; // what was confirmed once is not asked for again
  form.dataset["asking"] = "yes";
  const isAnswered = (await fetchPiece(address)) !== null;
  delete form.dataset["asking"];
  if (!isAnswered || !form.isConnected) return;
  form.dataset["answered"] = "yes";
  if (isConfirmed) form.dataset["confirmed"] = "yes";
  form.requestSubmit(submitter);
  delete form.dataset["answered"];
  delete form.dataset["confirmed"];
}

function onSubmit(event: SubmitEvent): void {
  const form = event.target as HTMLFormElement;
  if (event.defaultPrevented || form.method === "get" || form.hasAttribute("data-repeatable")) return;
  const address = document.body.dataset["alive"];
  if (address && holdsTyping(form) && form.dataset["answered"] !== "yes") {
    event.preventDefault();
    if (!form.dataset["asking"]) void sendWhenAnswered(form, event.submitter, address);
    return;
  }
  freshen(form);
  const button = event.submitter;
  // After the event, so that the button's own name and value are still sent.
  window.setTimeout(() => {
    if (!event.defaultPrevented) button?.setAttribute("disabled", "");
  });
}

export function startForms(): void {
  document.addEventListener("change", (event) => {
    const control = event.target as HTMLInputElement;
    if (control.matches?.("[data-auto-submit]")) control.form?.requestSubmit();
  });
  document.addEventListener("submit", onSubmit);
  // A page restored from the back-forward cache must be usable again.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const button of document.querySelectorAll("form button[disabled]")) button.removeAttribute("disabled");
  });
}
