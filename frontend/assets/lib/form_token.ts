// The forms' protection token changes whenever somebody signs in, in whichever tab. The cookie has the newest, so a page
// that stayed open over a sign-in goes on working; X-Person tells the server who looks at it, and another person's
// sign-in is refused there instead of acting in their name.
const FIELD = "csrfmiddlewaretoken";

function newest(): string {
  const name = document.body.dataset["tokenCookie"] ?? "";
  const found = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

/** Headers of a request that a script makes. */
export function tokenHeaders(): Record<string, string> {
  return { "HX-Request": "true", "HX-Current-URL": location.href, "X-CSRFToken": newest(), "X-Person": document.body.dataset["person"] ?? "" };
}

/** Puts the newest token into a form that the browser is about to send by itself, with the person it was shown to. */
export function freshen(form: HTMLFormElement): void {
  const token = form.querySelector<HTMLInputElement>(`input[name="${FIELD}"]`);
  const person = document.body.dataset["person"];
  if (!token || !newest() || !person) return;
  token.value = newest();
  if (form.querySelector('input[name="shown_to"]')) return;
  const shown = document.createElement("input");
  Object.assign(shown, { type: "hidden", name: "shown_to", value: person });
  form.append(shown);
}

export function startFormTokens(): void {
  document.addEventListener("htmx:configRequest", (event) => {
    const { headers, parameters } = (event as CustomEvent<{ headers: Record<string, string>; parameters: Record<string, unknown> }>).detail;
    const person = document.body.dataset["person"];
    if (person) headers["X-Person"] = person;
    if (!newest()) return;
    headers["X-CSRFToken"] = newest();
    if (parameters[FIELD]) parameters[FIELD] = newest();
  });
}
