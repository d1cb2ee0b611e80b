// Follows a change job until the media has answered, and remembers what each edited cell is waiting for or was refused.
import { showToast } from "./toasts";

interface Followed {
  is_live: boolean;
  message?: string;
  level?: string;
  link?: { label: string; url: string } | null;
  problems?: Record<string, string>;
}
interface Cell { text: string; state: "sending" | "failed"; problem: string }
export interface Sent { plan: number; field: string; text: string; follow: string }

const FIRST_LOOK_MS = 600;
const SLOWEST_LOOK_MS = 4000;
const GIVE_UP_MS = 10 * 60_000;

const cells = new Map<string, Cell>();

export async function follow(url: string): Promise<Followed | null> {
  const started = Date.now();
  let pause = FIRST_LOOK_MS;
  while (Date.now() - started < GIVE_UP_MS) {
    await new Promise((resolve) => window.setTimeout(resolve, pause));
    pause = Math.min(pause * 1.4, SLOWEST_LOOK_MS);
    try {
      const answer = await fetch(url, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        const found = (await answer.json()) as Followed;
        if (!found.is_live) return found;
      } else if (answer.status < 500 && answer.status !== 429) {
        return null; // signed out or gone: asking again would say the same
      }
    } catch {
      // Offline for a moment: ask again.
    }
  }
  return null;
}

function write(key: string, cell: Cell): void {
  const [plan, field] = key.split("-");
  const button = document.querySelector<HTMLElement>(`#plan-selection [data-edit="${field}"][data-plan="${plan}"]`);
  const table = document.getElementById("plan-table");
  const place = button?.closest("td");
  if (!button || !place || !table) return;
  place.dataset["cellState"] = cell.state;
  place.querySelector(".cell-problem")?.remove();
  const shown = field === "name" ? place.querySelector<HTMLElement>("a")! : button;
  if (cell.state === "sending") {
    shown.textContent = cell.text;
    const words = document.createElement("span");
    words.className = "visually-hidden";
    words.textContent = ` (${table.dataset["sendingText"]})`;
    shown.append(words);
    return;
  }
  const problem = document.createElement("small");
  problem.className = "cell-problem";
  problem.setAttribute("role", "alert");
  problem.title = problem.textContent = `${cell.text}: ${cell.problem || table.dataset["failedText"]}`;
  button.after(problem);
}

/** After the table was drawn again: what is on its way and what was refused is still told. */
export function writeCells(): void {
  for (const [key, cell] of cells) write(key, cell);
}

export function forgetCell(plan: string, field: string): void {
  cells.delete(`${plan}-${field}`);
}

/** A cell shows its new value at once, marked as being on its way, until the media has taken or refused it. */
export async function followCell(sent: Sent): Promise<boolean> {
  const key = `${sent.plan}-${sent.field}`;
  const cell: Cell = { text: sent.text, state: "sending", problem: "" };
  cells.set(key, cell);
  write(key, cell);
  const found = await follow(sent.follow);
  if (cells.get(key) !== cell) return false; // edited again meanwhile
  const problem = found?.problems?.[key];
  if (found && problem === undefined && found.level === "success") {
    cells.delete(key);
    return true;
  }
  cells.set(key, { ...cell, state: "failed", problem: problem ?? "" });
  return true;
}

/** Many at once: one message tells how it ended. */
export async function followMany(url: string): Promise<void> {
  const found = await follow(url);
  if (found?.message) showToast({ level: found.level, message: found.message, link: found.link ?? undefined });
}
