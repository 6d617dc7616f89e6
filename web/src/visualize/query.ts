// A chart as a _search body, and the answer as lines.
//
//	split terms ▶ axis (terms or date histogram) ▶ metric
//
// The split comes first, so that the same terms are shown over the whole axis.
import { ApiError, post } from "../api";
import { cell } from "../format";
import type { Chart, Terms } from "./chart";
import { instant, intervalMs, widthOf } from "./time";

export interface Line {
  label: string;
  values: (number | null)[];
}

export interface Lines {
  /** Times in milliseconds, or the terms themselves. */
  x: { times: number[] } | { terms: string[] };
  lines: Line[];
  documents: number;
  /** Documents in terms beyond Size: they are on no line. */
  beyond: number;
  interval: string;
}

interface Bucket {
  key: string | number;
  key_as_string?: string;
  doc_count: number;
  metric?: { value: number | null };
  axis?: Buckets;
}

interface Buckets {
  buckets: Bucket[];
  sum_other_doc_count?: number;
}

interface SearchAnswer {
  hits?: { total?: { value: number } | number };
  aggregations?: { split?: Buckets; axis?: Buckets };
}

/** Runs the chart's search. A pattern that matches nothing gives no lines. */
export async function runChart(c: Chart, domain: string, now: number, signal: AbortSignal): Promise<Lines> {
  const path = `/api/v1/search/${encodeURIComponent(c.index)}?domain=${encodeURIComponent(domain)}`;
  let answer: SearchAnswer = {};
  try {
    answer = await post<SearchAnswer>(path, searchBody(c, now), signal);
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) {
      throw error;
    }
  }
  return linesOf(c, answer, now);
}

export function searchBody(c: Chart, now: number): object {
  const metric = c.metric.aggregation === "count" ? {} : { metric: { [c.metric.aggregation]: { field: c.metric.field } } };
  const axis =
    c.axis.kind === "terms"
      ? { terms: terms(c, c.axis.terms) }
      : { date_histogram: { field: c.timeField, fixed_interval: widthOf(c.axis.interval, c.range, now), min_doc_count: 1 } };
  const inner = { axis: { ...axis, aggs: metric } };
  return {
    size: 0,
    track_total_hits: true,
    query: { bool: { filter: c.timeField ? [timeFilter(c, now)] : [] } },
    aggs: c.split.field ? { split: { terms: terms(c, c.split), aggs: { ...inner, ...metric } } } : inner,
  };
}

function timeFilter(c: Chart, now: number): object {
  const iso = (text: string) => new Date(instant(text, now)).toISOString();
  return { range: { [c.timeField]: { gte: iso(c.range.from), lte: iso(c.range.to) } } };
}

function terms(c: Chart, t: Terms): object {
  const by = t.orderBy === "term" ? "_key" : c.metric.aggregation === "count" ? "_count" : "metric";
  return { field: t.field, size: t.size, order: { [by]: t.order } };
}

export function linesOf(c: Chart, answer: SearchAnswer, now: number): Lines {
  const { split, axis } = answer.aggregations ?? {};
  const groups: [string, Buckets][] = split ? split.buckets.map((b) => [keyText(b), b.axis!]) : axis ? [["", axis]] : [];
  const interval = widthOf(c.axis.interval, c.range, now);
  const keys = c.axis.kind === "terms" ? termKeys(groups, c.axis.terms) : timeKeys(groups, intervalMs(interval));
  const total = answer.hits?.total ?? 0;
  return {
    x: c.axis.kind === "terms" ? { terms: keys.map(String) } : { times: keys as number[] },
    lines: groups.map(([label, buckets]) => ({ label, values: valuesAt(c, keys, buckets) })),
    documents: typeof total === "number" ? total : total.value,
    beyond: (split?.sum_other_doc_count ?? 0) + groups.reduce((n, [, b]) => n + (b.sum_other_doc_count ?? 0), 0),
    interval,
  };
}

const keyText = (b: Bucket): string => cell(b.key_as_string ?? b.key);

/** The terms of all lines: in the server's order, or, by term, in the terms'. */
function termKeys(groups: [string, Buckets][], t: Terms): string[] {
  const seen = new Map<string, string | number>();
  groups.forEach(([, b]) => b.buckets.forEach((bucket) => seen.set(keyText(bucket), bucket.key)));
  const keys = [...seen.keys()];
  if (groups.length > 1 && t.orderBy === "term") {
    const sign = t.order === "asc" ? 1 : -1;
    keys.sort((a, b) => sign * compare(seen.get(a)!, seen.get(b)!));
  }
  return keys;
}

const compare = (a: string | number, b: string | number): number =>
  typeof a === "number" && typeof b === "number" ? a - b : String(a) < String(b) ? -1 : 1;

/** Every bucket from the first to the last that holds something, no more. */
function timeKeys(groups: [string, Buckets][], width: number): number[] {
  const all = groups.flatMap(([, b]) => b.buckets.map((bucket) => Number(bucket.key)));
  if (all.length === 0) {
    return [];
  }
  const first = all.reduce((a, b) => Math.min(a, b));
  const last = all.reduce((a, b) => Math.max(a, b));
  return Array.from({ length: Math.round((last - first) / width) + 1 }, (_, i) => first + i * width);
}

/** A count or a sum of nothing is zero; an average of nothing is a gap. */
function valuesAt(c: Chart, keys: (string | number)[], buckets: Buckets): (number | null)[] {
  const additive = c.metric.aggregation === "count" || c.metric.aggregation === "sum";
  const byKey = new Map(buckets.buckets.map((b) => [c.axis.kind === "terms" ? keyText(b) : Number(b.key), b] as const));
  return keys.map((key) => {
    const b = byKey.get(key);
    if (!b) {
      return additive && c.axis.kind === "date_histogram" ? 0 : null;
    }
    return c.metric.aggregation === "count" ? b.doc_count : (b.metric?.value ?? null);
  });
}
