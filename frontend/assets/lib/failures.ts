// Requests of islands that fail: said where the reader looks, with a way to try again.
//  * signed out: to the sign-in page and back; while something typed would be lost by that, and for a polling island,
//    one line says so, and the page goes on after signing in beside it
//  * a poll that fails: one line at the top until it works again, not a message every time
//  * a page that stayed open over a sign-in: a toast that says so and reloads
//  * anything else: a toast; a reading can be tried again from it, and an island that was loading says it in its place
import { ask } from "./asking";
import { tokenHeaders } from "./form_token";
import { bringInReach } from "./reach";
import { dropToasts, showToast } from "./toasts";

interface Failed {
  elt: HTMLElement;
  target: HTMLElement;
  xhr: XMLHttpRequest;
  requestConfig: { verb: string; path: string; elt: HTMLElement };
  etc?: { swapOverride?: string };
}

/** Paths of polls whose last answer was a failure; another request's success says nothing about them. */
const failing = new Set<string>();

const text = (name: string) => document.body.dataset[name] ?? "";

function isPolling(elt: Element): boolean {
  return elt.hasAttribute("data-poll");
}

/** The same request into the same place: without its target, one that a script made would replace the whole page. */
function again({ elt, target, requestConfig, etc }: Failed): () => void {
  return () => {
    const swap = etc?.swapOverride ? { swap: etc.swapOverride } : {};
    void ask(requestConfig.verb, requestConfig.path, { source: elt, target, ...swap });
  };
}

function showInPlace(target: HTMLElement, retry: () => void): boolean {
  const template = document.getElementById("island-failed") as HTMLTemplateElement | null;
  const message = template?.content.firstElementChild?.cloneNode(true) as HTMLElement | undefined;
  if (!message || !target.querySelector(".skeleton")) return false;
  message.querySelector("button")!.addEventListener("click", retry);
  target.querySelector("[data-loading]")?.replaceWith(message);
  return true;
}

function tellConnection(): void {
  const line = document.getElementById("connection-lost");
  if (line) line.hidden = failing.size === 0;
  if (failing.size) bringInReach();
}

function fail(failed: Failed, message: string): void {
  if (isPolling(failed.elt)) {
    failing.add(failed.requestConfig.path);
    tellConnection();
    return;
  }
  // A preview is posted for its length, and read all the same: [data-reads].
  const isReading = failed.requestConfig.verb.toLowerCase() === "get" || failed.elt.hasAttribute("data-reads");
  if (isReading && showInPlace(failed.target, again(failed))) return;
  const retry = isReading ? { label: text("retryText"), run: again(failed) } : undefined;
  showToast({ level: "error", message, retry, about: failed.requestConfig.path });
}

/** Something is typed or open that leaving the page would lose. */
function isAtWork(): boolean {
  return Boolean(document.querySelector('dialog[open], #cell-editor:popover-open, form[data-dirty="yes"]'));
}

/** The sign-in opens beside the page, which stays as it is. */
export function tellSignedOut(signIn: string): void {
  const line = document.getElementById("signed-out");
  if (!line) return;
  line.querySelector("a")?.setAttribute("href", signIn);
  bringInReach();
  line.hidden = false;
}

function tellStale(): void {
  const reload = { label: text("reloadText"), run: () => window.location.reload() };
  showToast({ level: "error", message: text("staleText"), retry: reload });
}

function tellSignedIn(): void {
  const line = document.getElementById("signed-out");
  if (line) line.hidden = true;
}

/** A piece of HTML that a script asks for; null when it did not come, which is told as for islands. */
export async function fetchPiece(url: string, options: RequestInit = {}): Promise<string | null> {
  let answer: Response;
  try {
    answer = await fetch(url, { ...options, headers: { ...tokenHeaders(), ...options.headers } });
  } catch {
    showToast({ level: "error", message: text("offlineText") });
    return null;
  }
  if (answer.ok) return answer.text();
  const signIn = answer.headers.get("X-Sign-In");
  if (signIn) tellSignedOut(signIn);
  else if (answer.headers.get("X-Stale-Page")) tellStale();
  else showToast({ level: "error", message: worded(answer.status, answer.headers.get("X-Request-ID")) });
  return null;
}

function worded(status: number, reference: string | null): string {
  const said = status === 429 ? text("busyText") : status >= 500 ? text("downText") : text("errorText");
  return reference ? `${said} (${status} · ${reference})` : `${said} (${status})`;
}

export function startFailures(): void {
  document.addEventListener("htmx:sendError", (event) => {
    fail((event as CustomEvent<Failed>).detail, text("offlineText"));
  });
  document.addEventListener("htmx:timeout", (event) => {
    fail((event as CustomEvent<Failed>).detail, text("offlineText"));
  });
  document.addEventListener("htmx:responseError", (event) => {
    const { detail } = event as CustomEvent<Failed>;
    const signIn = detail.xhr.getResponseHeader("X-Sign-In");
    if (signIn) {
      if (isPolling(detail.elt) || isAtWork()) tellSignedOut(signIn);
      else window.location.assign(signIn);
      return;
    }
    if (detail.xhr.getResponseHeader("X-Stale-Page")) {
      if (!isPolling(detail.elt)) tellStale();
      return;
    }
    fail(detail, worded(detail.xhr.status, detail.xhr.getResponseHeader("X-Request-ID")));
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const { detail } = event as CustomEvent<Failed & { successful: boolean }>;
    if (!detail.successful) return;
    if (failing.delete(detail.requestConfig.path)) tellConnection();
    dropToasts(detail.requestConfig.path);
    tellSignedIn();
  });
}
