// Ladders typed with a few numbers, bids that a bid type forbids, and tabs for what differs between media.
const NO_BID = "max_conversion";

function part(ladder: HTMLElement, name: string): string {
  return ladder.querySelector<HTMLInputElement>(`[data-ladder-part="${name}"]`)!.value.trim();
}

function addLadder(button: HTMLElement, changed: () => void): void {
  const ladder = button.closest<HTMLElement>("[data-ladder]")!;
  const line = document.getElementById(ladder.dataset["ladder"]!) as HTMLInputElement;
  const isClimb = button.hasAttribute("data-ladder-climb");
  const names = isClimb ? ["from", "to", "step"] : ["base", "percent"];
  const missing = names.find((name) => !part(ladder, name));
  if (missing) return ladder.querySelector<HTMLInputElement>(`[data-ladder-part="${missing}"]`)!.focus();
  const percents = part(ladder, "percent").split(/[^0-9]+/).filter(Boolean).map((number) => `${number}%`).join("");
  const piece = isClimb ? `${part(ladder, "from")}-${part(ladder, "to")}/${part(ladder, "step")}` : `${part(ladder, "base")}±${percents}`;
  line.value = `${line.value.trim()} ${piece}`.trim();
  changed();
}

function startTabs(tabs: HTMLElement): void {
  const all = [...tabs.querySelectorAll<HTMLElement>('[role="tab"]')];
  const panel = (tab: HTMLElement) => document.getElementById(tab.getAttribute("aria-controls")!)!;
  const show = (chosen: HTMLElement) => {
    for (const tab of all) {
      tab.setAttribute("aria-selected", String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
      panel(tab).hidden = tab !== chosen;
    }
  };
  const mark = () => {
    for (const tab of all) {
      const filled = [...panel(tab).querySelectorAll("input")].some((input) => input.value.trim());
      tab.querySelector<HTMLElement>("[data-tab-mark]")!.hidden = !filled;
    }
  };
  tabs.addEventListener("click", (event) => {
    const tab = (event.target as Element).closest<HTMLElement>('[role="tab"]');
    if (tab) show(tab);
  });
  tabs.addEventListener("keydown", (event) => {
    const at = all.indexOf(event.target as HTMLElement);
    if (at < 0 || (event.key !== "ArrowRight" && event.key !== "ArrowLeft")) return;
    const next = all[(at + (event.key === "ArrowRight" ? 1 : -1) + all.length) % all.length]!;
    show(next);
    next.focus();
  });
  tabs.addEventListener("input", mark);
  mark();
}

export function startAmounts(form: HTMLFormElement, changed: () => void): void {
  const bidType = form.querySelector<HTMLSelectElement>("#id_bid_type")!;
  const lock = () => {
    const isLocked = bidType.value === NO_BID;
    // Read-only and not disabled: what was typed stays in the draft for the day the bid type changes back.
    for (const input of form.querySelectorAll<HTMLInputElement>("[data-needs-bid]")) input.readOnly = isLocked;
    form.querySelector<HTMLElement>("[data-no-bid-reason]")!.hidden = !isLocked;
  };
  bidType.addEventListener("change", lock);
  lock();
  form.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-ladder-climb], [data-ladder-spread]");
    if (button) addLadder(button, changed);
  });
  for (const tabs of form.querySelectorAll<HTMLElement>("[data-tabs]")) startTabs(tabs);
}
