// Keeps <time data-relative datetime="…"> true while the page stays open; the exact instant is in its title.
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

function describe(format: Intl.RelativeTimeFormat, seconds: number): string {
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  return format.format(Math.trunc(seconds), "second");
}

export function refreshRelativeTimes(root: ParentNode = document): void {
  const format = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
  for (const time of root.querySelectorAll<HTMLTimeElement>("time[data-relative]")) {
    const text = describe(format, (Date.parse(time.dateTime) - Date.now()) / 1000);
    if (time.textContent !== text) time.textContent = text;
  }
}

export function startRelativeTimes(): void {
  refreshRelativeTimes();
  window.setInterval(refreshRelativeTimes, 30_000);
  document.addEventListener("htmx:afterSwap", () => refreshRelativeTimes());
}
