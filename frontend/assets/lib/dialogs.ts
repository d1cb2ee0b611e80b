// <button data-dialog="id"> opens <dialog id>; [data-dialog-close] closes; hx-get into #dialog opens what arrives.
// A form with data-confirm asks first, in the shell's own dialog.
// A press beside a dialog closes it, unless something was typed, painted or ticked in it.
export function startDialogs(): void {
  let pressed: EventTarget | null = null;
  document.addEventListener("pointerdown", (event) => {
    pressed = event.target;
  }, true);
  const touch = (event: Event) => {
    const dialog = (event.target as Element).closest?.<HTMLElement>("dialog[open]");
    if (dialog && event.isTrusted) dialog.dataset["touched"] = "yes";
  };
  document.addEventListener("input", touch);
  document.addEventListener("change", touch);
  document.addEventListener("schedule-painted", (event) => {
    const dialog = (event.target as Element).closest<HTMLElement>("dialog[open]");
    if (dialog) dialog.dataset["touched"] = "yes";
  });
  document.addEventListener("close", (event) => delete (event.target as HTMLElement).dataset?.["touched"], true);
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    const opener = target.closest<HTMLElement>("[data-dialog]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset["dialog"]!) as HTMLDialogElement | null;
      dialog?.showModal();
      return;
    }
    if (target.closest("[data-dialog-close]")) {
      target.closest("dialog")?.close();
    } else if (target instanceof HTMLDialogElement && pressed === target && !target.dataset["touched"]) {
      target.close(); // a click on the backdrop; a stroke that only ended there is none
    }
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    const target = (event as CustomEvent<{ target: Element }>).detail.target;
    if (target instanceof HTMLDialogElement && target.childElementCount && !target.open) target.showModal();
  });
  document.addEventListener("dialog-close", () => {
    for (const dialog of document.querySelectorAll<HTMLDialogElement>("dialog[open]")) dialog.close();
  });

  const confirmation = document.getElementById("confirmation") as HTMLDialogElement | null;
  if (!confirmation) return;
  const ask = (question: string, label: string | undefined, goOn: () => void) => {
    confirmation.querySelector("[data-confirm-question]")!.textContent = question;
    const accept = confirmation.querySelector<HTMLButtonElement>("[data-confirm-accept]")!;
    accept.textContent = label ?? accept.dataset["label"] ?? "";
    accept.onclick = () => {
      confirmation.close();
      goOn();
    };
    confirmation.showModal();
  };
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    const question = form.dataset["confirm"];
    if (!question || form.dataset["confirmed"] === "yes") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const submitter = event.submitter;
    ask(question, form.dataset["confirmLabel"], () => {
      form.dataset["confirmed"] = "yes";
      form.requestSubmit(submitter);
      delete form.dataset["confirmed"];
    });
  }, true);
  document.addEventListener("htmx:confirm", (event) => {
    const detail = (event as CustomEvent<{ question: string | null; elt: HTMLElement; issueRequest: (skip: boolean) => void }>).detail;
    if (!detail.question) return;
    event.preventDefault();
    ask(detail.question, detail.elt.dataset["confirmLabel"], () => detail.issueRequest(true));
  });
}
