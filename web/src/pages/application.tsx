// An application: its in-application streams, the rows of one of them as they
// come, and its code.
import { useEffect, useState } from "preact/hooks";
import { get, said } from "../api";
import { clock, count, duration, perSecond, visible } from "../format";
import { Badge, FailureNote, Problem } from "../parts";
import { Link, applicationPage, place, streamPage } from "../router";
import { rate, status } from "../status";
import type { Application, ApplicationDetail } from "../types";
import { LiveRows } from "./live_rows";

export function ApplicationPage({ name }: { name: string }) {
  const s = status.value;
  const application = s?.applications.find((a) => a.name === name);
  if (!s) {
    return <p class="hint">Waiting for the first status …</p>;
  }
  if (!application) {
    return <Problem>There is no application {name} on this server.</Problem>;
  }
  const chosen = place.value.query.get("stream") ?? firstStream(application);
  return (
    <>
      <div class="row">
        <h1>{application.name}</h1>
        <Badge status={application.status} />
        <span class="quiet">
          version {application.version} · {duration(application.millis_behind_latest)} behind latest
        </span>
      </div>
      <FailureNote failure={application.last_error} />
      <InOut application={application} />
      <div class="split">
        <StreamList application={application} chosen={chosen} />
        {chosen ? <LiveRows application={name} stream={chosen} key={`${name} ${chosen}`} /> : <NoStreams status={application.status} />}
      </div>
      <Code name={name} version={application.version} />
    </>
  );
}

/** What people came to see: the stream that goes out, else the first one. */
function firstStream(a: Application): string | undefined {
  return a.outputs.find((o) => o.stream !== "error_stream")?.stream ?? a.streams[0]?.name;
}

function InOut({ application: a }: { application: Application }) {
  return (
    <p>
      {a.inputs.map((i) => (
        <span key={i.delivery_stream}>
          <Link to={streamPage(i.delivery_stream)}>{i.delivery_stream}</Link> → {i.streams.map(visible).join(", ")}{" "}
        </span>
      ))}
      {a.outputs.map((o) => (
        <span key={o.stream + o.delivery_stream}>
          · {visible(o.stream)} → <Link to={streamPage(o.delivery_stream)}>{o.delivery_stream}</Link>{" "}
        </span>
      ))}
    </p>
  );
}

function NoStreams({ status }: { status: string }) {
  return (
    <p class="hint">
      {status === "RUNNING" ? "This application has no in-application streams." : "In-application streams appear when the application runs. Start it with aws kinesisanalytics start-application."}
    </p>
  );
}

function StreamList({ application: a, chosen }: { application: Application; chosen: string | undefined }) {
  return (
    <nav class="list" aria-label="In-application streams">
      <h2>In-application streams</h2>
      <ul>
        {a.streams.map((s) => (
          <li key={s.name}>
            <Link to={applicationPage(a.name, s.name)} current={s.name === chosen}>
              <b>
                <bdi>{visible(s.name)}</bdi>
              </b>
              <span>
                {count(s.rows)} rows · {perSecond(rate(`app/${a.name}/${s.name}`))}
              </span>
              <span class="quiet">{s.last_row_at ? `last row ${clock(s.last_row_at)}` : "no row yet"}</span>
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** The code changes with the version only. */
function Code({ name, version }: { name: string; version: number }) {
  const [state, setState] = useState<{ detail?: ApplicationDetail; failed?: string }>({});
  useEffect(() => {
    const abort = new AbortController();
    get<ApplicationDetail>(`/api/v1/applications/${encodeURIComponent(name)}`, abort.signal).then(
      (detail) => setState({ detail }),
      (error) => abort.signal.aborted || setState({ failed: said(error) }),
    );
    return () => abort.abort();
  }, [name, version]);
  return (
    <section>
      <h2>Application code</h2>
      {state.failed && <Problem>{state.failed}</Problem>}
      {state.detail && <pre class="code">{visible(state.detail.code)}</pre>}
    </section>
  );
}
