// What a chart shows. All of it is in the page's address, so that a chart can
// be linked and reloaded; what the address leaves out follows from the fields.
import { type Field, isAggregatable, isDate, isNumber } from "./fields";

export type Aggregation = "count" | "sum" | "avg" | "max" | "min";
export type Axis = "date_histogram" | "terms";
export type Order = "desc" | "asc";
/** What terms are ordered by: the metric, or the term itself. */
export type OrderBy = "metric" | "term";

export const aggregations: Record<Aggregation, string> = { count: "Count", sum: "Sum", avg: "Average", max: "Max", min: "Min" };

export interface Terms {
  field: string;
  orderBy: OrderBy;
  order: Order;
  size: number;
}

export interface Chart {
  index: string;
  timeField: string; // "" for none: everything is counted
  metric: { aggregation: Aggregation; field: string; label: string };
  axis: { kind: Axis; interval: string; terms: Terms };
  split: Terms; // no field: one line
  range: Range;
  refreshSeconds: number; // 0: only Update and Refresh
}

/** Ends of the time shown: "now-15m" or an ISO time. */
export interface Range {
  from: string;
  to: string;
}

export const defaultIndex = "analysed-logs*";
export const lastQuarter: Range = { from: "now-15m", to: "now" };
const defaultRefresh = 5;
const defaultSize = 10;

/** The chart of an address; unset parts are the defaults for these fields. */
export function chartOf(query: URLSearchParams, fields: Field[]): Chart {
  const guess = guesses(fields);
  const timeField = query.get("time") ?? guess.time;
  const kind = oneOf<Axis>(query.get("x"), ["date_histogram", "terms"]) ?? (timeField ? "date_histogram" : "terms");
  const aggregation = oneOf(query.get("metric"), Object.keys(aggregations) as Aggregation[]) ?? (guess.sum ? "sum" : "count");
  return {
    index: query.get("index") ?? defaultIndex,
    timeField,
    metric: { aggregation, field: query.get("field") ?? guess.sum ?? guess.number, label: query.get("label") ?? "" },
    axis: { kind, interval: query.get("interval") ?? "auto", terms: termsOf(query, "term", guess.term) },
    split: termsOf(query, "split", kind === "date_histogram" ? guess.term : ""),
    range: { from: query.get("from") ?? lastQuarter.from, to: query.get("to") ?? lastQuarter.to },
    refreshSeconds: wholeNumber(query.get("refresh"), 0, 86_400) ?? defaultRefresh,
  };
}

function termsOf(query: URLSearchParams, prefix: string, field: string): Terms {
  const orderBy = oneOf<OrderBy>(query.get(`${prefix}_by`), ["metric", "term"]) ?? "term";
  return {
    field: query.get(prefix) ?? field,
    orderBy,
    order: oneOf<Order>(query.get(`${prefix}_order`), ["desc", "asc"]) ?? usualOrder(orderBy),
    size: wholeNumber(query.get(`${prefix}_size`), 1, 1000) ?? defaultSize,
  };
}

/** The greatest first, terms from their beginning. */
export const usualOrder = (by: OrderBy): Order => (by === "metric" ? "desc" : "asc");

/** The address of a chart. Every part is in it: defaults depend on the fields. */
export function addressOf(c: Chart): string {
  const q = new URLSearchParams({ index: c.index, time: c.timeField, metric: c.metric.aggregation });
  const set = (name: string, value: string | number) => q.set(name, String(value));
  if (c.metric.aggregation !== "count") set("field", c.metric.field);
  if (c.metric.label) set("label", c.metric.label);
  set("x", c.axis.kind);
  if (c.axis.kind === "date_histogram") set("interval", c.axis.interval);
  else setTerms(set, "term", c.axis.terms);
  setTerms(set, "split", c.split);
  set("from", c.range.from);
  set("to", c.range.to);
  set("refresh", c.refreshSeconds);
  return `/visualize?${q}`;
}

function setTerms(set: (name: string, value: string | number) => void, prefix: string, t: Terms): void {
  set(prefix, t.field);
  if (t.field) {
    set(`${prefix}_by`, t.orderBy);
    set(`${prefix}_order`, t.order);
    set(`${prefix}_size`, t.size);
  }
}

/**
 * What is worth showing of these fields: over the date field, the sum of a
 * field that counts, split by a field that classifies.
 */
function guesses(fields: Field[]): { time: string; sum: string | undefined; number: string; term: string } {
  const dates = fields.filter(isDate);
  const numbers = fields.filter((f) => isNumber(f) && !f.conflict);
  const sum = numbers.find((f) => /count$/i.test(f.name));
  const terms = fields.filter((f) => isAggregatable(f) && !isDate(f) && f !== sum);
  const term = terms.find((f) => /^(status|response)$/i.test(f.name)) ?? terms.find((f) => f.type === "keyword") ?? terms[0];
  return {
    time: (dates.find((f) => f.name === "@timestamp") ?? dates[0])?.name ?? "",
    sum: sum?.name,
    number: numbers[0]?.name ?? "",
    term: term?.name ?? "",
  };
}

function oneOf<T extends string>(value: string | null, allowed: T[]): T | undefined {
  return allowed.find((a) => a === value);
}

function wholeNumber(value: string | null, least: number, most: number): number | undefined {
  const n = value === null || value === "" ? NaN : Number(value);
  return Number.isInteger(n) && n >= least && n <= most ? n : undefined;
}

/** The metric's name on the chart. */
export function metricLabel(c: Chart): string {
  const { aggregation, field, label } = c.metric;
  return label || (aggregation === "count" ? "Count" : `${aggregations[aggregation]} of ${field}`);
}

/** What is missing before the chart can be drawn. */
export function missing(c: Chart): string | undefined {
  if (c.metric.aggregation !== "count" && !c.metric.field) {
    return `${aggregations[c.metric.aggregation]} needs a numeric field, and ${c.index} has none.`;
  }
  if (c.axis.kind === "date_histogram" && !c.timeField) {
    return `A date histogram needs a date field. ${c.index} has none: write the time as ISO 8601 text, such as 2026-11-22T10:00:00Z, and search maps it as a date.`;
  }
  if (c.axis.kind === "terms" && !c.axis.terms.field) {
    return "Choose the field whose terms make the X-axis.";
  }
  return undefined;
}
