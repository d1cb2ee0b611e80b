// Days in the page's language, whatever the browser's: [data-day] is a text box of 2026-12-01 with a calendar beside it.
// A grid for the keyboard: arrows move by days and weeks, Page keys by months, Enter takes, Escape closes.
const DAY_MS = 86_400_000;

function iso(day: Date): string {
  return day.toISOString().slice(0, 10);
}

function dayOf(text: string): Date | null {
  const match = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/.exec(text.trim());
  if (!match) return null;
  const day = new Date(Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])));
  return day.getUTCMonth() === Number(match[2]) - 1 ? day : null;
}

class DayPicker {
  private readonly panel = document.createElement("div");
  private readonly language = document.documentElement.lang || "en";
  private day = new Date();

  constructor(private readonly input: HTMLInputElement, private readonly opener: HTMLElement) {
    this.panel.className = "day-panel";
    this.panel.hidden = true;
    this.panel.setAttribute("role", "dialog");
    this.panel.setAttribute("aria-label", opener.getAttribute("aria-label") ?? "");
    opener.after(this.panel);
    opener.addEventListener("click", () => (this.panel.hidden ? this.open() : this.close()));
    input.addEventListener("change", () => this.tidy());
    this.panel.addEventListener("keydown", (event) => this.onKey(event));
  }

  /** 2026/1/5 becomes 2026-01-05; what is no day is said by the browser where the form is sent and by the preview. */
  private tidy(): void {
    const day = dayOf(this.input.value);
    if (day) this.input.value = iso(day);
    this.input.setAttribute("aria-invalid", String(Boolean(this.input.value) && !day));
  }

  private open(): void {
    this.day = dayOf(this.input.value) ?? new Date(Math.floor((Date.now() + 8 * 3_600_000) / DAY_MS) * DAY_MS);
    this.panel.hidden = false;
    this.draw();
  }

  private close(): void {
    this.panel.hidden = true;
    this.opener.focus();
  }

  private take(day: Date): void {
    this.input.value = iso(day);
    this.input.dispatchEvent(new Event("change", { bubbles: true }));
    this.close();
  }

  private draw(): void {
    const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(this.language, { ...options, timeZone: "UTC" });
    const first = new Date(Date.UTC(this.day.getUTCFullYear(), this.day.getUTCMonth(), 1));
    const monday = new Date(first.getTime() - ((first.getUTCDay() + 6) % 7) * DAY_MS);
    const head = document.createElement("div");
    head.className = "day-head";
    const title = document.createElement("strong");
    title.textContent = format({ year: "numeric", month: "long" }).format(this.day);
    title.setAttribute("aria-live", "polite");
    head.append(this.mover("‹", -1), title, this.mover("›", 1));
    const table = document.createElement("table");
    table.setAttribute("role", "grid");
    const names = table.createTHead().insertRow();
    for (let index = 0; index < 7; index += 1) {
      const name = document.createElement("th");
      name.textContent = format({ weekday: "narrow" }).format(new Date(monday.getTime() + index * DAY_MS));
      names.append(name);
    }
    const body = table.createTBody();
    for (let week = 0; week < 6; week += 1) {
      const row = body.insertRow();
      for (let index = 0; index < 7; index += 1) {
        const day = new Date(monday.getTime() + (week * 7 + index) * DAY_MS);
        const button = document.createElement("button");
        const isChosen = iso(day) === iso(this.day);
        button.type = "button";
        button.textContent = String(day.getUTCDate());
        button.tabIndex = isChosen ? 0 : -1;
        button.setAttribute("aria-label", format({ dateStyle: "full" }).format(day));
        if (isChosen) button.setAttribute("aria-current", "date");
        button.classList.toggle("is-outside", day.getUTCMonth() !== this.day.getUTCMonth());
        button.addEventListener("click", () => this.take(day));
        const cell = row.insertCell();
        cell.setAttribute("role", "gridcell");
        cell.append(button);
      }
    }
    this.panel.replaceChildren(head, table);
    this.panel.querySelector<HTMLElement>('[aria-current="date"]')?.focus();
  }

  private mover(text: string, months: number): HTMLElement {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    const format = new Intl.DateTimeFormat(this.language, { year: "numeric", month: "long", timeZone: "UTC" });
    button.setAttribute("aria-label", format.format(this.moved(months)));
    button.addEventListener("click", () => {
      this.day = this.moved(months);
      this.draw();
    });
    return button;
  }

  private moved(months: number): Date {
    const last = new Date(Date.UTC(this.day.getUTCFullYear(), this.day.getUTCMonth() + months + 1, 0)).getUTCDate();
    return new Date(Date.UTC(this.day.getUTCFullYear(), this.day.getUTCMonth() + months, Math.min(this.day.getUTCDate(), last)));
  }

  private onKey(event: KeyboardEvent): void {
    const days: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
    const step = days[event.key];
    if (step) this.day = new Date(this.day.getTime() + step * DAY_MS);
    else if (event.key === "PageUp" || event.key === "PageDown") this.day = this.moved(event.key === "PageUp" ? -1 : 1);
    else if (event.key === "Escape") {
      event.stopPropagation();
      return this.close();
    } else return;
    event.preventDefault();
    this.draw();
  }
}

document.addEventListener("pointerdown", (event) => {
  const inside = (event.target as Element).closest(".day-field");
  for (const panel of document.querySelectorAll<HTMLElement>(".day-panel:not([hidden])")) {
    if (panel.closest(".day-field") !== inside) panel.hidden = true;
  }
});

export function startDays(within: ParentNode = document): void {
  for (const input of within.querySelectorAll<HTMLInputElement>("[data-day]:not([data-started])")) {
    input.dataset["started"] = "yes";
    const opener = input.parentElement!.querySelector<HTMLElement>("[data-day-open]");
    if (opener) new DayPicker(input, opener);
  }
}
