// Requests of islands that fail: said where the reader looks, with a way to try again.
//  * signed out: to the sign-in page and back; a polling island only says so, because somebody may be typing
//  * a poll that fails: one line at the top until it works again, not a message every time
//  * a page that stayed open over a sign-in: a toast that says so and reloads
//  * anything else: a toast; a reading can be tried again from it, and an island that was loading says it in its place
import htmx from "htmx.org";

import { showToast } from "./toasts";

interface Failed {
  elt: HTMLElement;
  target: HTMLElement;
  xhr: XMLHttpRequest;
  requestConfig: { verb: string; path: string; elt: HTMLElement };
}

/** Paths of polls whose last answer was a failure; another request's success says nothing about them. */
const failing = new Set<string>();

const text = (name: string) => document.body.dataset[name] ?? "";

function isPolling(elt: Element): boolean {
  return elt.hasAttribute("data-poll");
}

function again({ elt, requestConfig }: Failed): () => void {
  return () => void htmx.ajax(requestConfig.verb as "get", requestConfig.path, { source: elt });
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
}

function fail(failed: Failed, message: string): void {
  if (isPolling(failed.elt)) {
    failing.add(failed.requestConfig.path);
    tellConnection();
    return;
  }
  const isReading = failed.requestConfig.verb.toLowerCase() === "get";
  if (isReading && showInPlace(failed.target, again(failed))) return;
  showToast({ level: "error", message, retry: isReading ? { label: text("retryText"), run: again(failed) } : undefined });
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
    if (signIn && !isPolling(detail.elt)) {
      window.location.assign(signIn);
      return;
    }
    if (signIn) {
      const line = document.getElementById("signed-out");
      if (line) line.hidden = false;
      line?.querySelector("a")?.setAttribute("href", signIn);
      return;
    }
    if (detail.xhr.getResponseHeader("X-Stale-Page") && !isPolling(detail.elt)) {
      const reload = { label: text("reloadText"), run: () => window.location.reload() };
      showToast({ level: "error", message: text("staleText"), retry: reload });
      return;
    }
    const reference = detail.xhr.getResponseHeader("X-Request-ID");
    const status = detail.xhr.status;
    fail(detail, reference ? `${text("errorText")} (${status} · ${reference})` : `${text("errorText")} (${status})`);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const { detail } = event as CustomEvent<Failed & { successful: boolean }>;
    if (detail.successful && failing.delete(detail.requestConfig.path)) tellConnection();
  });
}
