// The picture of the pipeline: a card for each part, arrows between them.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { bytes, counted, duration, perSecond, visible } from "../format";
import { BufferFill, FailureNote, Badge } from "../parts";
import { Link, applicationPage, streamPage } from "../router";
import { rate } from "../status";
import type { Application, DeliveryStream, Flow, Status } from "../types";
import { type Graph, type Node, graphOf } from "./graph";

export function Picture(props: { status: Status }) {
  const graph = graphOf(props.status);
  const holder = useRef<HTMLDivElement>(null);
  const arrows = useArrows(holder, graph);
  return (
    <div class="picture" ref={holder}>
      <svg class="arrows" aria-hidden="true">
        {arrows.map((d) => (
          <path d={d} key={d} />
        ))}
      </svg>
      {inReadingOrder(graph).map((n) => (
        <div class={`card ${n.kind}`} key={n.id} data-node={n.id} style={{ gridColumn: n.column + 1, gridRow: n.row + 1 }}>
          <Card node={n} status={props.status} />
        </div>
      ))}
    </div>
  );
}

/** Row by row: on a narrow screen the cards stand below each other. */
const inReadingOrder = (g: Graph): Node[] => [...g.nodes].sort((a, b) => a.row - b.row || a.column - b.column);

function Card(props: { node: Node; status: Status }) {
  const { node, status } = props;
  const flow = status.agents.find((f) => f.name === node.name);
  const stream = status.delivery_streams.find((d) => d.name === node.name);
  const application = status.applications.find((a) => a.name === node.name);
  switch (node.kind) {
    case "servers":
      return <Servers flow={flow!} />;
    case "agent":
      return <Agent flow={flow!} />;
    case "clients":
      return <Clients edge={status.server.edge} />;
    case "application":
      return <ApplicationCard application={application!} />;
    case "archive":
      return <Archive stream={stream!} />;
    case "search":
      return <Search stream={stream!} status={status} />;
    case "endpoint":
      return <Endpoint stream={stream!} />;
    case "stream":
      return stream ? <StreamCard stream={stream} /> : <Elsewhere name={node.name} />;
  }
}

function Head(props: { kind: string; children: ComponentChildren }) {
  return (
    <>
      <h3>{props.kind}</h3>
      <p class="name">{props.children}</p>
    </>
  );
}

function Servers({ flow }: { flow: Flow }) {
  return (
    <>
      <Head kind="Servers">
        <bdi>{visible(flow.file_pattern)}</bdi>
      </Head>
      <p class="big">{perSecond(rate(`agent/${flow.name}/read`))}</p>
      <p>{counted(flow.lines_read, "line")} read</p>
      {flow.generator_rate > 0 && <p class="quiet">generator writes {perSecond(flow.generator_rate)}</p>}
    </>
  );
}

function Agent({ flow }: { flow: Flow }) {
  return (
    <>
      <Head kind="Agent">{flow.name}</Head>
      <p class="big">{perSecond(rate(`agent/${flow.name}/sent`))}</p>
      <p>{counted(flow.records_sent, "record")} sent</p>
      <p class="quiet">{flow.bytes_behind > 0 ? `${bytes(flow.bytes_behind)} behind, ${duration(flow.millis_behind)}` : "nothing waits"}</p>
      <Refused n={flow.lines_unmatched} what="line of another format" more="lines of another format" />
      <Refused n={flow.records_dropped} what="record dropped" more="records dropped" />
      <FailureNote failure={flow.last_error} brief />
    </>
  );
}

function StreamCard({ stream }: { stream: DeliveryStream }) {
  return (
    <>
      <Head kind="Delivery stream">
        <Link to={streamPage(stream.name)}>{stream.name}</Link>
      </Head>
      <p class="big">{perSecond(rate(`stream/${stream.name}/in`))}</p>
      <p>{counted(stream.records_in, "record")} in</p>
      <BufferFill buffer={stream.buffer} />
      <p class="quiet">oldest waits {duration(stream.freshness_ms)}</p>
      {stream.destination.function && (
        <p class="quiet">
          processed by <bdi>{visible(stream.destination.function.split(":")[6] ?? stream.destination.function)}</bdi>
        </p>
      )}
      <Refused n={stream.puts_refused} what="put refused" more="puts refused" />
      <FailureNote failure={stream.last_error} brief />
      <FailureNote failure={stream.backup_error} brief />
    </>
  );
}

function ApplicationCard({ application: a }: { application: Application }) {
  const errors = a.streams.find((s) => s.name === "error_stream")?.rows ?? 0;
  const shown = a.streams.filter((s) => s.name !== "error_stream");
  return (
    <>
      <Head kind="Application">
        <Link to={applicationPage(a.name)}>{a.name}</Link> {a.status !== "RUNNING" && <Badge status={a.status} />}
      </Head>
      <ul class="streams">
        {shown.slice(0, 4).map((s) => (
          <li key={s.name}>
            <Link to={applicationPage(a.name, s.name)}>
              <bdi>{visible(s.name)}</bdi>
            </Link>
            <span>{perSecond(rate(`app/${a.name}/${s.name}`))}</span>
          </li>
        ))}
      </ul>
      {shown.length > 4 && <p class="quiet">and {shown.length - 4} more</p>}
      <p class="quiet">{duration(a.millis_behind_latest)} behind latest</p>
      <Refused n={errors} what="row in error_stream" more="rows in error_stream" />
      <FailureNote failure={a.last_error} brief />
    </>
  );
}

function Archive({ stream }: { stream: DeliveryStream }) {
  const last = stream.last_objects[0];
  return (
    <>
      <Head kind="Archive">
        <bdi>
          s3://{stream.destination.bucket}/{stream.destination.prefix}
        </bdi>
      </Head>
      <p class="big">{perSecond(rate(`stream/${stream.name}/out`))}</p>
      <p>{counted(stream.records_out, "record")} delivered</p>
      <p class="quiet">{last ? `last object ${counted(last.records, "record")}, ${bytes(last.bytes)}` : "no object yet"}</p>
      <Refused n={stream.records_refused} what="record refused" more="records refused" />
    </>
  );
}

function Endpoint({ stream }: { stream: DeliveryStream }) {
  return (
    <>
      <Head kind="HTTP endpoint">
        <bdi>{visible(stream.destination.endpoint)}</bdi>
      </Head>
      <p class="big">{perSecond(rate(`stream/${stream.name}/out`))}</p>
      <p>{counted(stream.records_out, "record")} delivered</p>
      {stream.records_refused > 0 ? (
        <p class="problem">
          {counted(stream.records_refused, "record")} refused, kept in s3://{stream.destination.bucket}
        </p>
      ) : (
        <p class="quiet">none refused</p>
      )}
    </>
  );
}

function Search({ stream, status }: { stream: DeliveryStream; status: Status }) {
  const { domain, index, bucket } = stream.destination;
  const holder = status.search.find((d) => d.name === domain || d.endpoint === domain) ?? (status.search.length === 1 ? status.search[0] : undefined);
  const indices = holder?.indices.filter((i) => i.name.startsWith(index)) ?? [];
  const docs = indices.reduce((n, i) => n + i.docs, 0);
  return (
    <>
      <Head kind="Search">
        <Link to={`/visualize?index=${encodeURIComponent(`${index}*`)}`}>
          <bdi>{index}*</bdi>
        </Link>
      </Head>
      <p class="big">{perSecond(rate(`stream/${stream.name}/out`))}</p>
      <p>
        {counted(docs, "document")}{indices.length > 1 ? ` in ${indices.length} indices` : ""}
      </p>
      {stream.records_refused > 0 ? (
        <p class="problem">
          {counted(stream.records_refused, "document")} refused, kept in s3://{bucket}
        </p>
      ) : (
        <p class="quiet">none refused</p>
      )}
      <FailureNote failure={holder?.last_error} brief />
    </>
  );
}

function Clients({ edge }: { edge: string }) {
  return (
    <>
      <Head kind="Any Firehose client">SDK, CLI, agent</Head>
      <p class="quiet">sends PutRecord to {edge}</p>
    </>
  );
}

/** A stream that a flow or an application names and this server does not have. */
function Elsewhere({ name }: { name: string }) {
  return (
    <>
      <Head kind="Delivery stream">{name}</Head>
      <p class="quiet">not on this server</p>
    </>
  );
}

function Refused(props: { n: number; what: string; more?: string }) {
  return props.n > 0 ? (
    <p class="problem">
      {counted(props.n, props.what, props.more)}
    </p>
  ) : null;
}

/** The arrows' paths, measured from where the cards are. */
function useArrows(holder: { current: HTMLDivElement | null }, graph: Graph): string[] {
  const [paths, setPaths] = useState<string[]>([]);
  const shape = JSON.stringify(graph);
  useLayoutEffect(() => {
    const div = holder.current!;
    const draw = () => setPaths(measure(div, graph));
    const resized = new ResizeObserver(() => requestAnimationFrame(draw));
    resized.observe(div);
    div.querySelectorAll("[data-node]").forEach((card) => resized.observe(card));
    draw();
    return () => resized.disconnect();
  }, [shape]);
  return paths;
}

function measure(div: HTMLDivElement, graph: Graph): string[] {
  const origin = div.getBoundingClientRect();
  const boxes = new Map<string, DOMRect>();
  div.querySelectorAll<HTMLElement>("[data-node]").forEach((card) => boxes.set(card.dataset.node!, card.getBoundingClientRect()));
  return graph.edges.map(([from, to]) => {
    const [a, b] = [boxes.get(from)!, boxes.get(to)!];
    const sideways = b.left > a.right - 1;
    return sideways ? across(a, b, origin) : down(a, b, origin);
  });
}

/** From the right side of one to the left side of the other, at the heads' height. */
function across(a: DOMRect, b: DOMRect, o: DOMRect): string {
  const [x1, y1, x2, y2] = [a.right - o.left, a.top - o.top + headY, b.left - o.left - tip, b.top - o.top + headY].map(Math.round) as [number, number, number, number];
  const mid = x2 - 8;
  return y1 === y2 ? `M${x1} ${y1}H${x2}${head(x2, y2)}` : `M${x1} ${y1}H${mid}V${y2}H${x2}${head(x2, y2)}`;
}

/** Cards below each other: along their left side. */
function down(a: DOMRect, b: DOMRect, o: DOMRect): string {
  const gap = 8;
  const [x, y1, y2] = [a.left - o.left, a.top - o.top + headY, b.top - o.top + headY].map(Math.round) as [number, number, number];
  const end = Math.round(b.left - o.left) - tip;
  const lane = x - gap;
  return `M${x} ${y1}H${lane}V${y2}H${end}${head(end, y2)}`;
}

const headY = 30;
const tip = 1;
const head = (x: number, y: number) => `M${x - 5} ${y - 4}L${x} ${y}L${x - 5} ${y + 4}`;
