// [data-schedule]: a week to paint over a hidden input of 336 characters (half hours from Monday 00:00; "" = always).
// A grid for the keyboard too: arrows move, Home and End go to the ends of the day, space paints, Shift+arrow paints
// on, C copies the day and V puts it down; headers paint a whole day or hour. Presets replace the whole week.
const SLOTS = 48;
const DAYS = 7;

type Slots = boolean[];

const presets: Record<string, (day: number, slot: number) => boolean> = {
  always: () => true,
  day: (_, slot) => slot >= 16 && slot < 44,
  office: (day, slot) => day < 5 && slot >= 18 && slot < 36,
  evening: (_, slot) => slot >= 36,
  weekend: (day) => day >= 5,
  none: () => false,
};

class ScheduleGrid {
  private readonly input: HTMLInputElement;
  private readonly halves: HTMLInputElement;
  private readonly summary: HTMLElement;
  private readonly days: string[];
  private readonly cells: HTMLElement[][] = [];
  private slots: Slots;
  private painting: boolean | null = null;
  private readonly copyFrom: HTMLSelectElement;
  private readonly copyTo: HTMLSelectElement;
  private copied: Slots | null = null;
  private last: [number, number] = [0, 0];

  constructor(private readonly root: HTMLElement) {
    this.input = root.querySelector<HTMLInputElement>('input[type="hidden"]')!;
    this.halves = root.querySelector<HTMLInputElement>("[data-half-hours]")!;
    this.summary = root.querySelector<HTMLElement>("[data-schedule-summary]")!;
    this.days = root.dataset["days"]!.split("|");
    this.copyFrom = root.querySelector<HTMLSelectElement>("[data-copy-from]")!;
    this.copyTo = root.querySelector<HTMLSelectElement>("[data-copy-to]")!;
    this.slots = this.read();
    this.halves.checked = this.slots.some((on, index) => index % 2 === 1 && on !== this.slots[index - 1]);
    this.draw();
    this.show();
    this.halves.addEventListener("change", () => {
      this.draw();
      this.show();
    });
    root.querySelector("[data-copy-day]")!.addEventListener("click", () => this.copyDay());
    root.addEventListener("click", (event) => {
      const name = (event.target as Element).closest<HTMLElement>("[data-preset]")?.dataset["preset"];
      if (!name) return;
      this.slots = this.slots.map((_, index) => presets[name]!(Math.floor(index / SLOTS), index % SLOTS));
      this.commit();
    });
    // A finger stays captured by the cell that it touched first, so the cell below it is looked up.
    root.querySelector(".schedule-scroll")!.addEventListener("pointermove", (event) => {
      if (this.painting === null) return;
      const { clientX, clientY } = event as PointerEvent;
      const cell = document.elementFromPoint(clientX, clientY)?.closest<HTMLElement>('[role="gridcell"]');
      if (!cell || !this.root.contains(cell)) return;
      const [day, column] = [Number(cell.dataset["day"]), Number(cell.dataset["column"])];
      this.paintTo(day, column, this.painting);
    });
  }

  /** The stroke ends wherever the pointer is let go; between strokes nothing listens to the window. */
  private finishStroke(): void {
    const ended = new AbortController();
    for (const kind of ["pointerup", "pointercancel"]) {
      window.addEventListener(kind, () => {
        ended.abort();
        this.painting = null;
        this.commit();
      }, { signal: ended.signal });
    }
  }

  /** Every cell on the way: a quick hand is reported only now and then. */
  private paintTo(day: number, column: number, on: boolean): void {
    const [fromDay, fromColumn] = this.last;
    const steps = Math.max(Math.abs(day - fromDay), Math.abs(column - fromColumn), 1);
    for (let step = 1; step <= steps; step += 1) {
      const at = (from: number, to: number) => Math.round(from + ((to - from) * step) / steps);
      this.set(at(fromDay, day), at(fromColumn, column), on);
    }
    this.last = [day, column];
    this.show();
  }

  /** One day's hours onto another, the working days or the whole week. */
  private copyDay(): void {
    const line = this.line(Number(this.copyFrom.value));
    const to = this.copyTo.value;
    const days = to === "week" ? [0, 1, 2, 3, 4, 5, 6] : to === "workdays" ? [0, 1, 2, 3, 4] : [Number(to)];
    for (const day of days) this.setLine(day, line);
    this.commit();
  }

  private line(day: number): Slots {
    return this.slots.slice(day * SLOTS, (day + 1) * SLOTS);
  }

  private setLine(day: number, line: Slots): void {
    line.forEach((on, slot) => {
      this.slots[day * SLOTS + slot] = on;
    });
  }

  private read(): Slots {
    const text = this.input.value;
    return Array.from({ length: DAYS * SLOTS }, (_, index) => text.length !== DAYS * SLOTS || text[index] === "1");
  }

  private get width(): number {
    return this.halves.checked ? 1 : 2;
  }

  private draw(): void {
    const columns = SLOTS / this.width;
    const table = document.createElement("table");
    table.className = "schedule-grid";
    table.setAttribute("role", "grid");
    table.setAttribute("aria-label", this.root.dataset["label"]!);
    table.setAttribute("aria-multiselectable", "true");
    const head = table.createTHead().insertRow();
    head.append(document.createElement("td"));
    for (let hour = 0; hour < 24; hour += 1) {
      const heading = document.createElement("th");
      heading.scope = "col";
      heading.colSpan = 2 / this.width;
      heading.textContent = String(hour);
      heading.addEventListener("click", () => this.paintColumn(hour));
      head.append(heading);
    }
    const body = table.createTBody();
    this.cells.length = 0;
    for (let day = 0; day < DAYS; day += 1) {
      const row = body.insertRow();
      const heading = document.createElement("th");
      heading.scope = "row";
      heading.textContent = this.days[day]!;
      heading.addEventListener("click", () => this.paintRow(day));
      row.append(heading);
      const line: HTMLElement[] = [];
      for (let column = 0; column < columns; column += 1) {
        const cell = row.insertCell();
        cell.setAttribute("role", "gridcell");
        cell.dataset["day"] = String(day);
        cell.dataset["column"] = String(column);
        cell.tabIndex = day === 0 && column === 0 ? 0 : -1;
        cell.setAttribute("aria-label", `${this.days[day]} ${this.clock(column)}`);
        cell.addEventListener("pointerdown", (event) => {
          event.preventDefault();
          cell.focus();
          this.painting = !this.isOn(day, column);
          this.finishStroke();
          this.last = [day, column];
          this.paint(day, column, this.painting);
        });
        cell.addEventListener("keydown", (event) => this.onKey(event, day, column));
        line.push(cell);
      }
      this.cells.push(line);
    }
    this.root.querySelector(".schedule-scroll")!.replaceChildren(table);
  }

  private clock(column: number): string {
    const slot = column * this.width;
    return `${String(Math.floor(slot / 2)).padStart(2, "0")}:${slot % 2 ? "30" : "00"}`;
  }

  private isOn(day: number, column: number): boolean {
    return this.slots[day * SLOTS + column * this.width]!;
  }

  private set(day: number, column: number, on: boolean): void {
    for (let slot = 0; slot < this.width; slot += 1) this.slots[day * SLOTS + column * this.width + slot] = on;
  }

  private paint(day: number, column: number, on: boolean): void {
    this.set(day, column, on);
    this.show();
  }

  private paintRow(day: number): void {
    const on = this.line(day).some((slot) => !slot);
    this.setLine(day, new Array<boolean>(SLOTS).fill(on));
    this.commit();
  }

  private paintColumn(hour: number): void {
    const mine = Array.from({ length: DAYS }, (_, day) => day * SLOTS + hour * 2);
    const on = mine.some((index) => !this.slots[index] || !this.slots[index + 1]);
    for (const index of mine) this.slots[index] = this.slots[index + 1] = on;
    this.commit();
  }

  private onKey(event: KeyboardEvent, day: number, column: number): void {
    const steps: Record<string, [number, number]> = {
      ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
      Home: [0, -column], End: [0, SLOTS / this.width - 1 - column],
    };
    const step = steps[event.key];
    if (step) {
      const target = this.cells[day + step[0]]?.[column + step[1]];
      if (!target) return;
      event.preventDefault();
      if (event.shiftKey && Math.abs(step[0]) + Math.abs(step[1]) === 1) {
        this.paint(day + step[0], column + step[1], this.isOn(day, column));
        this.commit();
      }
      this.cells[day]![column]!.tabIndex = -1;
      target.tabIndex = 0;
      target.focus();
    } else if (event.key === " " || event.key === "Enter") {
      this.stop(event);
      this.paint(day, column, !this.isOn(day, column));
      this.commit();
    } else if (event.key.toLowerCase() === "c" && !event.altKey) {
      this.stop(event);
      this.copied = this.line(day);
      this.summary.textContent = this.root.dataset["copied"]!.replace("{day}", this.days[day]!);
    } else if (event.key.toLowerCase() === "v" && !event.altKey && this.copied) {
      this.stop(event);
      this.setLine(day, this.copied);
      this.commit();
    }
  }

  private stop(event: Event): void {
    event.preventDefault();
    event.stopPropagation();
  }

  private commit(): void {
    const isAlways = this.slots.every(Boolean);
    this.input.value = isAlways ? "" : this.slots.map(Number).join("");
    this.show();
    this.input.dispatchEvent(new Event("change", { bubbles: true }));
    this.root.dispatchEvent(new Event("schedule-painted", { bubbles: true }));
  }

  private show(): void {
    for (const [day, line] of this.cells.entries()) {
      for (const [column, cell] of line.entries()) {
        cell.setAttribute("aria-selected", String(this.isOn(day, column)));
      }
    }
    const hours = this.slots.filter(Boolean).length / 2;
    const words = this.root.dataset;
    this.summary.textContent = hours === 168 ? words["always"]! : hours ? `${hours} ${words["hours"]}` : words["never"]!;
    this.summary.classList.toggle("text-bad", hours === 0);
  }
}

export function startScheduleGrids(within: ParentNode = document): void {
  for (const root of within.querySelectorAll<HTMLElement>("[data-schedule]:not([data-started])")) {
    root.dataset["started"] = "yes";
    new ScheduleGrid(root);
  }
}
