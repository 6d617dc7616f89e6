// The line chart: uPlot on a canvas, and the same figures as a table below for
// those who cannot see a canvas.
import { useEffect, useRef } from "preact/hooks";
import { signal } from "@preact/signals";
import uPlot from "uplot";
import { clock, figure } from "../format";
import type { Lines } from "./query";

const dark = matchMedia("(prefers-color-scheme: dark)");
const darkNow = signal(dark.matches);
dark.addEventListener("change", () => (darkNow.value = dark.matches));

export function LineChart(props: { data: Lines; label: string; height: number }) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const { data, label, height } = props;
  const labels = data.lines.map((l) => l.label || label);
  // uPlot keeps its series and colours: others need another plot.
  const shape = JSON.stringify(["times" in data.x, labels, label, height, darkNow.value]);

  useEffect(() => {
    const div = holder.current!;
    const p = new uPlot(options(data, labels, div.clientWidth, height), columns(data), div);
    plot.current = p;
    const resized = new ResizeObserver(() => requestAnimationFrame(() => plot.current === p && p.setSize({ width: div.clientWidth, height })));
    resized.observe(div);
    return () => {
      resized.disconnect();
      p.destroy();
      plot.current = undefined;
    };
  }, [shape]);
  useEffect(() => {
    terms(plot.current!, data);
    plot.current!.setData(columns(data));
    showNewest(plot.current!);
  }, [data]);

  return (
    <div class="chart">
      <div class="plot" ref={holder} role="img" aria-label={`${label}: ${labels.join(", ")}`} />
      <details>
        <summary>Show as table</summary>
        <ChartTable data={data} labels={labels} />
      </details>
    </div>
  );
}

const xValues = (d: Lines): number[] => ("times" in d.x ? d.x.times.map((t) => t / 1000) : d.x.terms.map((_, i) => i));

const columns = (d: Lines): uPlot.AlignedData => [xValues(d), ...d.lines.map((l) => l.values)] as uPlot.AlignedData;

// A plot over terms has their numbers on its axis; the texts are kept with it,
// because they change with the data.
const termsOf = new WeakMap<uPlot, string[]>();
const terms = (p: uPlot, d: Lines) => termsOf.set(p, "terms" in d.x ? d.x.terms : []);

function options(d: Lines, labels: string[], width: number, height: number): uPlot.Options {
  const overTime = "times" in d.x;
  const css = getComputedStyle(document.documentElement);
  const color = (name: string) => css.getPropertyValue(name).trim();
  const axis = { stroke: color("--muted"), grid: { stroke: color("--line"), width: 1 }, ticks: { stroke: color("--line"), width: 1 } };
  const term = (p: uPlot, i: number) => termsOf.get(p)?.[i] ?? "";
  return {
    width,
    height,
    padding: [8, overTime ? 30 : 12, 0, 0],
    scales: { x: overTime ? { time: true } : { time: false, range: (p) => [-0.5, Math.max(0.5, (termsOf.get(p)?.length ?? 1) - 0.5)] }, y: { range: fromZero } },
    axes: [
      overTime
        ? { ...axis, size: 34, space: 80, values: timeTicks }
        : { ...axis, size: 34, splits: (p) => (termsOf.get(p) ?? []).map((_, i) => i), values: (p, splits) => splits.map((i) => short(term(p, i))) },
      { ...axis, size: 60, values: (_, splits) => splits.map(figure) },
    ],
    series: [
      { label: overTime ? "Time" : "Term", value: (p, v) => (v === null ? "–" : overTime ? clock(v * 1000) : term(p, v)) },
      ...labels.map((label, i) => ({
        label,
        stroke: color(`--series-${(i % seriesColors) + 1}`),
        width: 2,
        dash: i < seriesColors ? undefined : [6, 4],
        points: { show: (p: uPlot) => p.data[0].length < 40, size: 6 },
        value: (_: uPlot, v: number | null) => (v === null ? "–" : figure(v)),
      })),
    ],
    cursor: { drag: { setScale: false, x: false, y: false } },
    legend: { show: true },
    hooks: { init: [(p) => terms(p, d)], setCursor: overTime ? [showNewest] : [] },
  };
}

const seriesColors = 8;

/** Without a pointer on the chart, the legend tells the newest figures. */
function showNewest(p: uPlot): void {
  if (p.cursor.idx === null || p.cursor.idx === undefined) {
    p.setLegend({ idx: p.data[0].length - 1 });
  }
}

/** From zero, so that a small change looks small. */
const fromZero = (_: uPlot, least: number | null, most: number | null): [number, number] => {
  const top = Math.max(0, most ?? 0);
  return [Math.min(0, least ?? 0), top === 0 ? 1 : top * 1.08];
};

const pad = (n: number) => String(n).padStart(2, "0");

/** Local times; the day where it changes. */
function timeTicks(_: uPlot, splits: number[], __: number, ___: number, step: number): string[] {
  let day = new Date().toDateString();
  return splits.map((s) => {
    const t = new Date(s * 1000);
    const time = `${pad(t.getHours())}:${pad(t.getMinutes())}` + (step < 60 ? `:${pad(t.getSeconds())}` : "");
    const changed = t.toDateString() !== day;
    day = t.toDateString();
    return changed ? `${pad(t.getMonth() + 1)}-${pad(t.getDate())}\n${time}` : time;
  });
}

const short = (text: string) => (text.length > 18 ? `${text.slice(0, 17)}…` : text);

/** The newest figures first; a chart of terms from its beginning. */
function ChartTable(props: { data: Lines; labels: string[] }) {
  const { data, labels } = props;
  const x = "times" in data.x ? data.x.times.map((t) => clock(t)) : data.x.terms;
  const order = x.map((_, i) => i);
  if ("times" in data.x) {
    order.reverse();
  }
  return (
    <div class="scroll">
      <table class="figures">
        <thead>
          <tr>
            <th scope="col">{"times" in data.x ? "Time" : "Term"}</th>
            {labels.map((l) => (
              <th scope="col" class="number">
                <bdi>{l}</bdi>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {order.slice(0, 60).map((i) => (
            <tr key={x[i]}>
              <th scope="row">
                <bdi>{x[i]}</bdi>
              </th>
              {data.lines.map((l) => (
                <td class="number">{l.values[i] === null || l.values[i] === undefined ? "" : figure(l.values[i]!)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {order.length > 60 && <p class="hint">{order.length - 60} further rows are on the chart only.</p>}
    </div>
  );
}
