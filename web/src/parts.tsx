// Small pieces that several pages use.
import type { ComponentChildren } from "preact";
import { bytes, clock, duration } from "./format";
import { now } from "./status";
import type { Buffer, Failure } from "./types";

export function Problem(props: { children: ComponentChildren }) {
  return (
    <p class="problem" role="alert">
      {props.children}
    </p>
  );
}

/** The newest failure of a part: loud while it lasts, quiet afterwards. */
export function FailureNote(props: { failure: Failure | undefined; brief?: boolean }) {
  const f = props.failure;
  if (!f || (props.brief && !f.current)) {
    return null;
  }
  return (
    <p class={f.current ? "problem" : "past"} role={f.current ? "alert" : undefined}>
      {f.current ? "" : "Over: "}
      {clock(f.at)} <bdi>{f.message}</bdi>
    </p>
  );
}

/** A delivery stream's buffer: how full, and when it goes. */
export function BufferFill(props: { buffer: Buffer }) {
  const b = props.buffer;
  return (
    <div class="buffer">
      <progress max={Math.max(1, b.size_bytes)} value={Math.min(b.bytes, b.size_bytes)} aria-label="Buffer" />
      <span>
        {bytes(b.bytes)} of {bytes(b.size_bytes)}
      </span>
      <span class="next">{nextFlush(b)}</span>
    </div>
  );
}

function nextFlush(b: Buffer): string {
  if (b.delivering) {
    return "delivering";
  }
  if (b.next_flush_at === 0) {
    return "buffer empty";
  }
  const left = b.next_flush_at - now.value;
  return left <= 0 ? "flush due" : `next flush in ${left < 60_000 ? `${Math.ceil(left / 1000)} s` : duration(left)}`;
}

/** Figures with their names. */
export function Facts(props: { facts: [name: string, value: ComponentChildren][] }) {
  return (
    <dl class="facts">
      {props.facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Badge(props: { status: string }) {
  return <span class={`badge ${/RUNNING|ACTIVE/.test(props.status) ? "good" : "waiting"}`}>{props.status}</span>;
}
