// Draws the ECharts options that frontend/charts.py builds. JSON holds no functions, so the options name a unit
// (money in fen, count, ratio) and the formatters are attached here. Tooltips are drawn on the canvas:
// ECharts' HTML tooltips need inline style, which the content security policy forbids.
import { BarChart, LineChart, PieChart } from "echarts/charts";
import {
  DatasetComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  MarkPointComponent,
  TooltipComponent,
} from "echarts/components";
import * as echarts from "echarts/core";
import type { EChartsCoreOption, EChartsType } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

echarts.use([
  BarChart, LineChart, PieChart, DatasetComponent, GridComponent, LegendComponent,
  MarkLineComponent, MarkPointComponent, TooltipComponent, CanvasRenderer,
]);

type Unit = "money" | "count" | "ratio" | "percent";
interface Axis { unit?: Unit; axisLabel?: Record<string, unknown>; [key: string]: unknown }
interface Series { unit?: Unit; tooltip?: Record<string, unknown>; [key: string]: unknown }
type Option = EChartsCoreOption & { yAxis?: Axis | Axis[]; xAxis?: Axis | Axis[]; series?: Series[]; tooltip?: Record<string, unknown> };

const drawn = new Map<HTMLElement, EChartsType>();
/** What each canvas shows, so that an island that arrives elsewhere does not start every chart anew. */
const shown = new WeakMap<HTMLElement, string>();
const language = () => document.documentElement.lang || "en";

function formatter(unit: Unit, compact: boolean): (value: unknown) => string {
  // Two digits after the point on axes too: one that ends at ¥0.04 would say ¥0 five times.
  const shared: Intl.NumberFormatOptions = compact ? { notation: "compact", maximumFractionDigits: 2 } : {};
  const formats: Record<Unit, Intl.NumberFormat> = {
    money: new Intl.NumberFormat(language(), compact ? shared : { minimumFractionDigits: 2, maximumFractionDigits: 2 }),
    count: new Intl.NumberFormat(language(), compact ? shared : { maximumFractionDigits: 1 }),
    ratio: new Intl.NumberFormat(language(), { maximumFractionDigits: 2 }),
    percent: new Intl.NumberFormat(language(), { style: "percent", maximumFractionDigits: 2 }),
  };
  return (value) => {
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (typeof last !== "number" || !Number.isFinite(last)) return "—";
    if (unit === "money") return `¥${formats.money.format(last / 100)}`;
    return formats[unit].format(last);
  };
}

function withFormatters(option: Option): Option {
  const axes = (given: Axis | Axis[] | undefined) =>
    (given === undefined ? [] : Array.isArray(given) ? given : [given]).map((axis) =>
      axis.unit ? { ...axis, axisLabel: { ...axis.axisLabel, formatter: formatter(axis.unit, true) } } : axis,
    );
  return {
    ...option,
    tooltip: { ...option.tooltip, renderMode: "richText", confine: true },
    xAxis: axes(option.xAxis),
    yAxis: axes(option.yAxis),
    series: (option.series ?? []).map((series) =>
      series.unit ? { ...series, tooltip: { valueFormatter: formatter(series.unit, false) } } : series,
    ),
  };
}

function themed(option: Option): Option {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const text = colour("--xm-muted");
  const line = colour("--xm-line");
  const axis = (given: Axis): Axis => ({
    ...given,
    axisLabel: { color: text, ...given.axisLabel },
    axisLine: { lineStyle: { color: line } },
    splitLine: { lineStyle: { color: line } },
    axisTick: { show: false },
    nameTextStyle: { color: text },
  });
  return {
    ...option,
    backgroundColor: "transparent",
    color: [1, 2, 3, 4, 5, 6].map((index) => colour(`--xm-chart-${index}`)),
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: text },
    legend: option["legend"] ? { ...(option["legend"] as object), textStyle: { color: text } } : undefined,
    tooltip: {
      ...option.tooltip,
      backgroundColor: colour("--xm-surface"),
      borderColor: line,
      textStyle: { color: colour("--xm-text"), fontSize: 12 },
    },
    xAxis: (option.xAxis as Axis[]).map(axis),
    // Two sets of lines that do not meet would be read as one.
    yAxis: (option.yAxis as Axis[]).map((given, index) => ({ ...axis(given), ...(index ? { splitLine: { show: false } } : {}) })),
  };
}

function draw(element: HTMLElement): void {
  const source = document.getElementById(element.dataset["chart"]!);
  if (!source?.textContent) return;
  const look = `${document.documentElement.dataset["bsTheme"]} ${source.textContent}`;
  if (shown.get(element) === look) return;
  shown.set(element, look);
  const option = themed(withFormatters(JSON.parse(source.textContent) as Option));
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  let chart = drawn.get(element);
  if (!chart) {
    chart = echarts.init(element);
    drawn.set(element, chart);
    new ResizeObserver(() => drawn.get(element)?.resize()).observe(element);
  }
  chart.setOption({ ...option, animation: !calm, animationDuration: 250 }, { notMerge: true });
  element.dataset["drawn"] = "yes";
}

export function drawCharts(): void {
  for (const [element, chart] of drawn) {
    if (!element.isConnected) {
      chart.dispose();
      drawn.delete(element);
    }
  }
  for (const element of document.querySelectorAll<HTMLElement>("[data-chart]")) draw(element);
}
