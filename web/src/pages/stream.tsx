// A delivery stream: what came, what waits, what went.
import { useState } from "preact/hooks";
import { post, said } from "../api";
import { bytes, clock, count, duration, perSecond } from "../format";
import { Badge, BufferFill, Facts, FailureNote, Problem } from "../parts";
import { rate, status } from "../status";
import type { DeliveryStream, Destination, ObjectRecord } from "../types";

export function StreamPage({ name }: { name: string }) {
  const s = status.value;
  const stream = s?.delivery_streams.find((d) => d.name === name);
  if (!s) {
    return <p class="hint">Waiting for the first status …</p>;
  }
  if (!stream) {
    return <Problem>There is no delivery stream {name} on this server.</Problem>;
  }
  return (
    <>
      <div class="row">
        <h1>{stream.name}</h1>
        <Badge status={stream.status} />
      </div>
      <p class="quiet">{stream.arn}</p>
      <FailureNote failure={stream.last_error} />
      <FailureNote failure={stream.backup_error} />
      <div class="columns">
        <Counters stream={stream} />
        <BufferPanel stream={stream} />
        <DestinationPanel stream={stream} />
      </div>
      <Objects objects={stream.last_objects} kind={stream.destination.kind} />
    </>
  );
}

function Counters({ stream: d }: { stream: DeliveryStream }) {
  return (
    <section class="panel">
      <h2>Records</h2>
      <Facts
        facts={[
          ["In", `${count(d.records_in)} · ${bytes(d.bytes_in)} · ${perSecond(rate(`stream/${d.name}/in`))}`],
          ["Delivered", `${count(d.records_out)} · ${bytes(d.bytes_out)} · ${perSecond(rate(`stream/${d.name}/out`))}`],
          ["Refused by the destination", count(d.records_refused)],
          ["Puts refused", count(d.puts_refused)],
          ["Dropped", count(d.records_dropped)],
          ["Data freshness", duration(d.freshness_ms)],
        ]}
      />
    </section>
  );
}

function BufferPanel({ stream: d }: { stream: DeliveryStream }) {
  return (
    <section class="panel">
      <h2>Buffer</h2>
      <BufferFill buffer={d.buffer} />
      <Facts
        facts={[
          ["Records", count(d.buffer.records)],
          ["Age", d.buffer.records > 0 ? duration(d.buffer.age_ms) : "–"],
          ["On their way", d.breaker === "closed" ? count(d.objects_under_way) : `${count(d.objects_under_way)}, tried now and then`],
          ["Buffering hints", `${bytes(d.buffer.size_bytes)} or ${duration(d.buffer.interval_ms)}`],
        ]}
      />
      <FlushNow name={d.name} />
    </section>
  );
}

function FlushNow({ name }: { name: string }) {
  const [state, setState] = useState<{ busy?: boolean; done?: string; failed?: string }>({});
  const flush = async () => {
    setState({ busy: true });
    try {
      await post(`/api/v1/streams/${encodeURIComponent(name)}/flush`);
      setState({ done: `Flushed at ${clock(Date.now())}` });
    } catch (error) {
      setState({ failed: said(error) });
    }
  };
  return (
    <div class="row">
      <button class="primary" disabled={state.busy} onClick={flush}>
        Flush now
      </button>
      <span role="status">{state.done}</span>
      {state.failed && <Problem>{state.failed}</Problem>}
    </div>
  );
}

function destinationFacts(d: Destination): [string, string][] {
  switch (d.kind) {
    case "opensearch":
      return [
        ["Kind", "Search (OpenSearch)"],
        ["Domain", d.domain],
        ["Index", d.index],
        ["Refused documents", `s3://${d.bucket}`],
      ];
    case "http":
      return [
        ["Kind", "HTTP endpoint"],
        ["Address", d.endpoint],
        ["Refused records", `s3://${d.bucket}`],
      ];
  }
  return [
    ["Kind", "Amazon S3"],
    ["Bucket", d.bucket],
    ["Prefix", d.prefix || "–"],
  ];
}

function DestinationPanel({ stream }: { stream: DeliveryStream }) {
  const d = stream.destination;
  const facts = destinationFacts(d);
  if (d.function) {
    facts.push(["Processed by", d.function]);
  }
  if (d.backup_bucket) {
    facts.push(["All source records", `s3://${d.backup_bucket}`]);
  }
  return (
    <section class="panel">
      <h2>Destination</h2>
      <Facts facts={facts} />
    </section>
  );
}

/** What one delivery is called, and what its key names. */
const deliveries: Record<string, [title: string, key: string]> = {
  s3: ["Last objects", "Object"],
  opensearch: ["Last bulk requests", "Index"],
  http: ["Last requests", "Address"],
};

function Objects({ objects, kind }: { objects: ObjectRecord[]; kind: string }) {
  const [title, key] = deliveries[kind] ?? deliveries.s3!;
  return (
    <section>
      <h2>{title}</h2>
      {objects.length === 0 ? (
        <p class="hint">Nothing has been delivered since the server started. A buffer goes when its size or its interval is reached, or with Flush now.</p>
      ) : (
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">{key}</th>
                <th scope="col" class="number">
                  Records
                </th>
                <th scope="col" class="number">
                  Size
                </th>
                <th scope="col" class="number">
                  Refused
                </th>
              </tr>
            </thead>
            <tbody>
              {objects.map((o) => (
                <tr key={`${o.key} ${o.at}`}>
                  <td>{clock(o.at)}</td>
                  <td class="long">
                    <bdi>{o.key}</bdi>
                  </td>
                  <td class="number">{count(o.records)}</td>
                  <td class="number">{bytes(o.bytes)}</td>
                  <td class="number">{count(o.refused)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
