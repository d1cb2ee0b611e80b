// Islands with data-poll ask the server every few seconds; a tab that nobody looks at does not.
export function startPolling(): void {
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt } = (event as CustomEvent<{ elt: HTMLElement }>).detail;
    if (document.hidden && elt.hasAttribute("data-poll")) event.preventDefault();
  });
}
