// A chart that fetches itself again every few seconds.
import { useEffect, useState } from "preact/hooks";
import { said } from "../api";
import { now } from "../status";
import { type Chart, chartOf, missing } from "./chart";
import { type Field, loadFields } from "./fields";
import { type Lines, runChart } from "./query";

export interface LiveChart {
  chart: Chart | undefined; // none before the fields are known
  fields: Field[];
  lines: Lines | undefined;
  trouble: string | undefined;
  /** When the next fetch is due, in the server's time; 0 if none is. */
  nextAt: number;
  refresh: () => void;
}

/**
 * The chart of an address. Fields are read anew as long as there are none, and
 * with each change of the index pattern.
 */
export function useLiveChart(query: URLSearchParams): LiveChart {
  const address = query.toString();
  const [round, setRound] = useState(0);
  const [state, setState] = useState<Omit<LiveChart, "refresh">>({
    chart: undefined,
    fields: [],
    lines: undefined,
    trouble: undefined,
    nextAt: 0,
  });

  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let fields: Field[] = [];

    const fetchOnce = async () => {
      clearTimeout(timer);
      let chart = chartOf(query, fields);
      let lines: Lines | undefined;
      let trouble: string | undefined;
      try {
        if (fields.length === 0) {
          fields = await loadFields(chart.index, abort.signal);
          chart = chartOf(query, fields);
        }
        trouble = fields.length === 0 ? undefined : missing(chart);
        lines = fields.length === 0 || trouble ? undefined : await runChart(chart, "", now.peek(), abort.signal);
      } catch (error) {
        trouble = said(error);
      }
      if (abort.signal.aborted) {
        return;
      }
      // A chart that waits for its first document looks more often.
      const seconds = chart.refreshSeconds === 0 ? 0 : fields.length === 0 ? Math.min(2, chart.refreshSeconds) : chart.refreshSeconds;
      setState((before) => ({
        chart,
        fields,
        lines: trouble ? before.lines : lines,
        trouble,
        nextAt: seconds === 0 ? 0 : now.peek() + seconds * 1000,
      }));
      if (seconds > 0) {
        timer = setTimeout(whenSeen, seconds * 1000);
      }
    };
    const whenSeen = () => (document.hidden ? document.addEventListener("visibilitychange", fetchOnce, { once: true, signal: abort.signal }) : void fetchOnce());

    void fetchOnce();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [address, round]);

  return { ...state, refresh: () => setRound((r) => r + 1) };
}
