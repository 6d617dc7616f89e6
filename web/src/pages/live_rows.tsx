// The rows of one in-application stream, newest first.
import { useEffect, useReducer, useRef, useState } from "preact/hooks";
import { cell, clock, count, counted } from "../format";
import { live } from "../live";
import { Problem } from "../parts";
import type { Column, Row, RowBatch } from "../types";

/** How many rows stay on the page. Older ones leave it; they were shown. */
const keptRows = 200;

interface Shown {
  columns: Column[];
  rows: { id: number; row: Row }[]; // newest first
  received: number;
  skipped: number;
}

export function LiveRows({ application, stream }: { application: string; stream: string }) {
  const shown = useRef<Shown>({ columns: [], rows: [], received: 0, skipped: 0 });
  const held = useRef<RowBatch[]>([]); // while paused, at most keptRows rows
  const [paused, setPaused] = useState(false);
  const pausedNow = useRef(false);
  const reopened = useRef(false); // rows that come now may be on the page already
  const [trouble, setTrouble] = useState<string | undefined>();
  const [, redraw] = useReducer((n: number) => n + 1, 0);

  const show = (batches: RowBatch[]) => {
    if (reopened.current && batches.length > 0) {
      shown.current = { columns: [], rows: [], received: 0, skipped: 0 };
      reopened.current = false;
    }
    batches.forEach((batch) => take(shown.current, batch));
  };
  useEffect(
    () =>
      live(`/api/v1/applications/${encodeURIComponent(application)}/streams/${encodeURIComponent(stream)}/rows/live`, {
        events: {
          rows: (data) => {
            if (pausedNow.current) {
              hold(held.current, data as RowBatch);
            } else {
              show([data as RowBatch]);
            }
            redraw(undefined);
          },
        },
        trouble: (why) => {
          reopened.current = true;
          held.current = [];
          setTrouble(why);
        },
      }),
    [application, stream],
  );

  const toggle = () => {
    pausedNow.current = !paused;
    if (paused) {
      show(held.current.splice(0));
    }
    setPaused(!paused);
  };
  const waiting = held.current.reduce((n, b) => n + b.rows.length, 0);
  const skipped = shown.current.skipped + held.current.reduce((n, b) => n + b.skipped, 0);

  return (
    <section class="rows" aria-label={`Rows of ${stream}`}>
      <div class="row">
        <button aria-pressed={paused} onClick={toggle}>
          {paused ? "Resume" : "Pause"}
        </button>
        <span role="status">
          {counted(shown.current.received, "row")} received
          {paused && ` · paused, ${count(waiting)} more wait`}
          {skipped > 0 && <strong> · {count(skipped)} skipped: they came faster than this page takes them</strong>}
        </span>
      </div>
      {trouble && <Problem>{trouble}</Problem>}
      <RowTable shown={shown.current} />
    </section>
  );
}

let nextID = 0;

function take(s: Shown, batch: RowBatch): void {
  s.columns = batch.columns;
  s.received += batch.rows.length;
  s.skipped += batch.skipped;
  const newest = batch.rows.slice(-keptRows).map((row) => ({ id: nextID++, row }));
  s.rows = [...newest.reverse(), ...s.rows].slice(0, keptRows);
}

/** Keeps the newest rows of a pause; those beyond count as skipped. */
function hold(batches: RowBatch[], batch: RowBatch): void {
  batches.push(batch);
  let rows = batches.reduce((n, b) => n + b.rows.length, 0);
  while (rows > keptRows && batches.length > 1) {
    const oldest = batches.shift()!;
    rows -= oldest.rows.length;
    batches[0] = { ...batches[0]!, skipped: batches[0]!.skipped + oldest.rows.length + oldest.skipped };
  }
}

const isNumeric = (c: Column) => /^(TINYINT|SMALLINT|INT|BIGINT|DECIMAL|NUMERIC|REAL|FLOAT|DOUBLE)/.test(c.type);

function RowTable({ shown }: { shown: Shown }) {
  if (shown.rows.length === 0 && shown.columns.length === 0) {
    return <p class="hint">No rows yet.</p>;
  }
  return (
    <div class="scroll tall" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">ROWTIME</th>
            {shown.columns.map((c) => (
              <th scope="col" key={c.name} class={isNumeric(c) ? "number" : undefined}>
                <bdi>{cell(c.name)}</bdi> <small>{c.type}</small>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.rows.map(({ id, row }) => (
            <tr key={id}>
              <td class="time">{clock(row.rowtime, true)}</td>
              {shown.columns.map((c) => (
                <td key={c.name} class={isNumeric(c) ? "number" : undefined}>
                  <bdi>{cell(row.record[c.name])}</bdi>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {shown.rows.length === 0 && <p class="hint">No rows yet.</p>}
    </div>
  );
}
