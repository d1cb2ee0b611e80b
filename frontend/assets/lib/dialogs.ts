// <button data-dialog="id"> opens <dialog id>; [data-dialog-close] closes; hx-get into #dialog opens what arrives.
// A form with data-confirm asks first, in the shell's own dialog.
export function startDialogs(): void {
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
    } else if (target instanceof HTMLDialogElement) {
      target.close(); // a click on the backdrop
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
