// Time ranges and the widths of buckets.
import type { Range } from "./chart";

const units: Record<string, number> = { s: 1e3, m: 60e3, h: 3600e3, d: 86400e3, w: 7 * 86400e3 };

export const quickRanges: [label: string, from: string][] = [
  ["Last 1 minute", "now-1m"],
  ["Last 5 minutes", "now-5m"],
  ["Last 15 minutes", "now-15m"],
  ["Last 30 minutes", "now-30m"],
  ["Last 1 hour", "now-1h"],
  ["Last 4 hours", "now-4h"],
  ["Last 24 hours", "now-24h"],
  ["Last 7 days", "now-7d"],
  ["Last 30 days", "now-30d"],
];

export const intervals = ["auto", "1s", "5s", "10s", "30s", "1m", "5m", "10m", "30m", "1h", "3h", "12h", "1d"];

/** "now", "now-15m" or an ISO time as milliseconds; NaN for anything else. */
export function instant(text: string, now: number): number {
  if (text === "now") {
    return now;
  }
  const relative = /^now-(\d{1,6})([smhdw])$/.exec(text);
  return relative ? now - Number(relative[1]) * units[relative[2]!]! : Date.parse(text);
}

export const intervalMs = (interval: string): number => {
  const m = /^(\d+)([smhd])$/.exec(interval);
  return m ? Number(m[1]) * units[m[2]!]! : NaN;
};

/** About a hundred buckets, of a width that people count in. */
export function widthOf(interval: string, range: Range, now: number): string {
  if (interval !== "auto") {
    return interval;
  }
  const span = instant(range.to, now) - instant(range.from, now);
  return intervals.slice(1).find((i) => span / intervalMs(i) <= 100) ?? "1d";
}
