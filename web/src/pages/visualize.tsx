// Visualize: a line chart of an index pattern, in Kibana's words.
import { useEffect, useState } from "preact/hooks";
import { count, duration } from "../format";
import { Problem } from "../parts";
import { go, place } from "../router";
import { now } from "../status";
import { type Aggregation, type Axis, type Chart, type OrderBy, type Range, type Terms, addressOf, aggregations, chartOf, metricLabel, usualOrder } from "../visualize/chart";
import { type Field, isAggregatable, isDate, isNumber } from "../visualize/fields";
import { LineChart } from "../visualize/line_chart";
import { type LiveChart, useLiveChart } from "../visualize/live_chart";
import { intervals, instant, quickRanges } from "../visualize/time";

export function VisualizePage() {
  const live = useLiveChart(place.value.query);
  const [draft, setDraft] = useState<Chart | undefined>();
  // The form follows the address, and is the person's own until Update.
  useEffect(() => setDraft(undefined), [place.value]);
  const chart = draft ?? live.chart;
  return (
    <div class="visualize">
      <h1>Visualize</h1>
      {chart && <TimeBar chart={chart} live={live} />}
      <div class="split wide">
        {chart && <Panel chart={chart} fields={live.fields} changed={draft !== undefined} change={setDraft} />}
        <section class="canvas" aria-label="Chart">
          <ChartBody live={live} height={420} />
        </section>
      </div>
    </div>
  );
}

/** A chart that keeps itself current, without the form. */
export function ChartView(props: { query: URLSearchParams; height: number }) {
  return <ChartBody live={useLiveChart(props.query)} height={props.height} />;
}

function ChartBody({ live, height }: { live: LiveChart; height: number }) {
  const { chart, lines, trouble } = live;
  if (trouble && !lines) {
    return <Problem>{trouble}</Problem>;
  }
  if (!chart) {
    return <p class="hint">Loading …</p>;
  }
  const points = lines && lines.lines.some((l) => l.values.length > 0);
  return (
    <>
      {trouble && <Problem>{trouble}</Problem>}
      {points ? (
        <>
          <LineChart data={lines} label={metricLabel(chart)} height={height} />
          <p class="hint">
            {metricLabel(chart)}
            {chart.axis.kind === "date_histogram" ? ` per ${lines.interval}` : ` by ${chart.axis.terms.field}`} · {count(lines.documents)} documents
            {lines.beyond > 0 && ` · ${count(lines.beyond)} more are in terms beyond Size and not on the chart`} <Countdown live={live} />
          </p>
        </>
      ) : (
        <NoPoints chart={chart} fields={live.fields} live={live} />
      )}
    </>
  );
}

function NoPoints({ chart, fields, live }: { chart: Chart; fields: Field[]; live: LiveChart }) {
  return (
    <div class="empty" style={{ minHeight: "12rem" }}>
      <p>
        {fields.length === 0
          ? `No index matches ${chart.index} yet. The first document comes once a window has closed and the delivery stream's buffer has been flushed.`
          : `No documents of ${chart.index} in this time range.`}
      </p>
      <p class="hint">
        <Countdown live={live} />
      </p>
    </div>
  );
}

function Countdown({ live }: { live: LiveChart }) {
  if (live.nextAt === 0) {
    return null;
  }
  const left = Math.max(0, live.nextAt - now.value);
  return <span class="countdown">refresh in {left < 60_000 ? `${Math.ceil(left / 1000)} s` : duration(left)}</span>;
}

const refreshes: [label: string, seconds: number][] = [
  ["Off", 0],
  ["1 second", 1],
  ["5 seconds", 5],
  ["10 seconds", 10],
  ["30 seconds", 30],
  ["1 minute", 60],
  ["5 minutes", 300],
];

/** Time range and refreshing take effect at once; the form waits for Update. */
function TimeBar({ chart, live }: { chart: Chart; live: LiveChart }) {
  const set = (change: Partial<Chart>) => go(addressOf({ ...live.chart!, ...change }));
  const quick = chart.range.to === "now" && quickRanges.some(([, from]) => from === chart.range.from);
  const choose = (from: string) => set({ range: from === "" ? absolute(chart.range) : { from, to: "now" } });
  return (
    <div class="row timebar">
      <label>
        Time range{" "}
        <select value={quick ? chart.range.from : ""} disabled={!chart.timeField} onChange={(e) => choose(e.currentTarget.value)}>
          {quickRanges.map(([label, from]) => (
            <option value={from} key={from}>
              {label}
            </option>
          ))}
          <option value="">Absolute …</option>
        </select>
      </label>
      {!quick && <AbsoluteRange range={chart.range} set={(range) => set({ range })} />}
      <label>
        Refresh every{" "}
        <select value={String(chart.refreshSeconds)} onChange={(e) => set({ refreshSeconds: Number(e.currentTarget.value) })}>
          {refreshes.map(([label, s]) => (
            <option value={String(s)} key={s}>
              {label}
            </option>
          ))}
          {!refreshes.some(([, s]) => s === chart.refreshSeconds) && <option value={String(chart.refreshSeconds)}>{chart.refreshSeconds} seconds</option>}
        </select>
      </label>
      <button onClick={live.refresh}>Refresh</button>
    </div>
  );
}

/** The range as it is now, to be edited. */
function absolute(range: Range): Range {
  const iso = (text: string) => new Date(instant(text, now.peek())).toISOString();
  return { from: iso(range.from), to: iso(range.to) };
}

function AbsoluteRange({ range, set }: { range: Range; set: (range: Range) => void }) {
  const local = (text: string) => {
    const t = new Date(instant(text, now.peek()));
    return Number.isNaN(t.getTime()) ? "" : new Date(t.getTime() - t.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
  };
  const end = (name: "from" | "to") => (
    <input
      type="datetime-local"
      step="1"
      aria-label={name === "from" ? "From" : "To"}
      value={local(range[name])}
      onChange={(e) => e.currentTarget.value && set({ ...absolute(range), [name]: new Date(e.currentTarget.value).toISOString() })}
    />
  );
  return (
    <>
      {end("from")} – {end("to")}
    </>
  );
}

function Panel(props: { chart: Chart; fields: Field[]; changed: boolean; change: (chart: Chart | undefined) => void }) {
  const { chart, fields, changed, change } = props;
  const set = (part: Partial<Chart>) => change({ ...chart, ...part });
  const update = (e: Event) => {
    e.preventDefault();
    go(addressOf(chart));
  };
  return (
    <form class="panel form" onSubmit={update}>
      <IndexPattern chart={chart} fields={fields} set={set} />
      <Metrics chart={chart} fields={fields} set={set} />
      <Buckets chart={chart} fields={fields} set={set} />
      <div class="row">
        <button class="primary" type="submit" disabled={!changed}>
          Update
        </button>
        <button type="button" disabled={!changed} onClick={() => change(undefined)}>
          Discard
        </button>
      </div>
    </form>
  );
}

interface Section {
  chart: Chart;
  fields: Field[];
  set: (part: Partial<Chart>) => void;
}

function IndexPattern({ chart, fields, set }: Section) {
  // Another pattern has other fields: its chart begins with the defaults.
  const choose = (index: string) => go(`/visualize?${new URLSearchParams({ index })}`);
  return (
    <fieldset>
      <legend>Index pattern</legend>
      <label>
        <span>Pattern</span>
        <input name="index" value={chart.index} required onChange={(e) => e.currentTarget.value && choose(e.currentTarget.value)} />
      </label>
      <Choice label="Time field" value={chart.timeField} set={(timeField) => set({ timeField })} options={fields.filter(isDate).map((f) => f.name)} none="None: all documents" />
    </fieldset>
  );
}

function Metrics({ chart, fields, set }: Section) {
  const m = chart.metric;
  const metric = (part: Partial<Chart["metric"]>) => set({ metric: { ...m, ...part } });
  return (
    <fieldset>
      <legend>Metrics</legend>
      <label>
        <span>Aggregation</span>
        <select name="aggregation" value={m.aggregation} onChange={(e) => metric({ aggregation: e.currentTarget.value as Aggregation })}>
          {Object.entries(aggregations).map(([name, label]) => (
            <option value={name} key={name}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {m.aggregation !== "count" && <Choice label="Field" value={m.field} set={(field) => metric({ field })} options={fields.filter(isNumber).map((f) => f.name)} />}
      <label>
        <span>Custom label</span>
        <input name="label" value={m.label} onInput={(e) => metric({ label: e.currentTarget.value })} />
      </label>
    </fieldset>
  );
}

function Buckets({ chart, fields, set }: Section) {
  const { axis } = chart;
  // Another kind of axis begins as the defaults have it: lines over time, one
  // line over terms.
  const choose = (kind: Axis) => {
    const fresh = chartOf(new URLSearchParams({ x: kind, time: chart.timeField }), fields);
    set({ axis: fresh.axis, split: fresh.split });
  };
  return (
    <fieldset>
      <legend>Buckets</legend>
      <label>
        <span>X-axis</span>
        <select name="x" value={axis.kind} onChange={(e) => choose(e.currentTarget.value as Axis)}>
          <option value="date_histogram" disabled={!fields.some(isDate)}>
            Date Histogram
          </option>
          <option value="terms">Terms</option>
        </select>
      </label>
      {axis.kind === "date_histogram" ? (
        <Choice label="Interval" value={axis.interval} set={(interval) => set({ axis: { ...axis, interval } })} options={intervals} />
      ) : (
        <TermsChoice label="Field" terms={axis.terms} fields={fields} set={(terms) => set({ axis: { ...axis, terms } })} />
      )}
      <TermsChoice label="Split series" none="None" terms={chart.split} fields={fields} set={(split) => set({ split })} />
    </fieldset>
  );
}

function TermsChoice(props: { label: string; none?: string; terms: Terms; fields: Field[]; set: (terms: Terms) => void }) {
  const { terms, set } = props;
  return (
    <>
      <Choice label={props.label} none={props.none} value={terms.field} set={(field) => set({ ...terms, field })} options={props.fields.filter(isAggregatable).map((f) => f.name)} />
      {terms.field && (
        <div class="three">
          <Choice label="Order by" value={terms.orderBy} set={(by) => set({ ...terms, orderBy: by as OrderBy, order: usualOrder(by as OrderBy) })} options={["metric", "term"]} names={{ metric: "Metric", term: "Term" }} />
          <Choice label="Order" value={terms.order} set={(order) => set({ ...terms, order: order as Terms["order"] })} options={["desc", "asc"]} names={{ desc: "Descending", asc: "Ascending" }} />
          <label>
            <span>Size</span>
            <input type="number" min="1" max="1000" required value={terms.size} onChange={(e) => e.currentTarget.validity.valid && set({ ...terms, size: Number(e.currentTarget.value) })} />
          </label>
        </div>
      )}
    </>
  );
}

function Choice(props: { label: string; value: string; options: string[]; names?: Record<string, string>; none?: string; set: (value: string) => void }) {
  const { value, options, none } = props;
  return (
    <label>
      <span>{props.label}</span>
      <select aria-label={props.label} value={value} onChange={(e) => props.set(e.currentTarget.value)}>
        {none !== undefined && <option value="">{none}</option>}
        {value !== "" && !options.includes(value) && <option value={value}>{value}</option>}
        {options.map((o) => (
          <option value={o} key={o}>
            {props.names?.[o] ?? o}
          </option>
        ))}
      </select>
    </label>
  );
}
