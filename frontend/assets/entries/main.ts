import "@tabler/core/dist/css/tabler.min.css";
import "../styles/main.css";
import "../icons.svg?url";

import htmx from "htmx.org";

import { startClipboard } from "../lib/clipboard";
import { startDays } from "../lib/dates";
import { startDialogs } from "../lib/dialogs";
import { startFailures } from "../lib/failures";
import { startFormTokens } from "../lib/form_token";
import { startForms } from "../lib/forms";
import { startHints } from "../lib/hints";
import { startMenus } from "../lib/menus";
import { startPolling } from "../lib/polling";
import { startReach } from "../lib/reach";
import { startRelativeTimes } from "../lib/relative_time";
import { startSearch } from "../lib/search";
import { startShortcuts } from "../lib/shortcuts";
import { startTheme } from "../lib/theme";
import { startToasts } from "../lib/toasts";

declare global {
  interface Window {
    htmx: typeof htmx;
  }
}
window.htmx = htmx;

// ECharts is large; only pages with a chart load it.
async function drawChartsWhenPresent(): Promise<void> {
  if (!document.querySelector("[data-chart]")) return;
  const { drawCharts } = await import("../lib/charts");
  drawCharts();
}

startTheme();
startMenus();
startHints();
startDays();
startShortcuts();
startSearch();
startDialogs();
startFormTokens();
startForms();
startToasts();
startReach();
startFailures();
startPolling();
startClipboard();
startRelativeTimes();
void drawChartsWhenPresent();
document.addEventListener("htmx:afterSettle", () => {
  startDays();
  void drawChartsWhenPresent();
});
document.addEventListener("xm:theme", () => void drawChartsWhenPresent());
