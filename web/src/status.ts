// The pipeline's status, kept live for all pages, and rates from its counters.
import { computed, signal } from "@preact/signals";
import { live } from "./live";
import type { Status } from "./types";

export const status = signal<Status | undefined>(undefined);
/** Why no status comes, if none does. */
export const trouble = signal<string | undefined>(undefined);
/** The server's clock at the newest status minus ours. */
const skew = signal(0);
/** The browser's time, a few times a second, for countdowns. */
const tick = signal(Date.now());

/** The server's present time. */
export const now = computed(() => tick.value + skew.value);

/** Keeps status current as long as the page lives. */
export function watchStatus(): void {
  setInterval(() => (tick.value = Date.now()), 250);
  live("/api/v1/status/live", {
    events: {
      status: (data) => {
        const s = data as Status;
        skew.value = s.at - Date.now();
        remember(s);
        status.value = s;
        trouble.value = undefined;
      },
      problem: (data) => (trouble.value = (data as { detail: string }).detail),
    },
    trouble: (why) => (trouble.value = why),
  });
}

// Rates are over the last few seconds: short enough to move, longer than the
// windows and buffers of the demo, whose results come in bunches.
const rateMs = 15_000;
const samples = new Map<string, [at: number, count: number][]>();

function remember(s: Status): void {
  const note = (key: string, count: number) => {
    let list = samples.get(key);
    if (!list || (list.at(-1)?.[1] ?? 0) > count) {
      samples.set(key, (list = [])); // new, or the server has started again
    }
    list.push([s.at, count]);
    while (list.length > 2 && list[1]![0] <= s.at - rateMs) {
      list.shift();
    }
  };
  for (const f of s.agents) {
    note(`agent/${f.name}/read`, f.lines_read);
    note(`agent/${f.name}/sent`, f.records_sent);
  }
  for (const d of s.delivery_streams) {
    note(`stream/${d.name}/in`, d.records_in);
    note(`stream/${d.name}/out`, d.records_out);
  }
  for (const a of s.applications) {
    for (const r of a.streams) {
      note(`app/${a.name}/${r.name}`, r.rows);
    }
  }
  for (const d of s.search) {
    for (const i of d.indices) {
      note(`search/${d.name}/${i.name}`, i.docs);
    }
  }
}

/** Counts a second over the last seconds; undefined before two samples. */
export function rate(key: string): number | undefined {
  const list = samples.get(key);
  if (!list || list.length < 2) {
    return undefined;
  }
  const [from, to] = [list[0]!, list.at(-1)!];
  return to[0] > from[0] ? ((to[1] - from[1]) * 1000) / (to[0] - from[0]) : undefined;
}
