// Home: the pipeline as a picture, and its chart.
import { Link, place } from "../router";
import { status } from "../status";
import { clock, duration, bytes } from "../format";
import { now } from "../status";
import { Picture } from "./picture";
import { ChartView } from "./visualize";
import type { Status } from "../types";

export function PathPage() {
  const s = status.value;
  if (!s) {
    return <p class="hint">Waiting for the first status …</p>;
  }
  const empty = s.agents.length + s.delivery_streams.length + s.applications.length === 0;
  return (
    <>
      <section aria-label="Path">{empty ? <Empty edge={s.server.edge} /> : <Picture status={s} />}</section>
      {s.delivery_streams.some((d) => d.destination.kind === "opensearch") && <HomeChart s={s} />}
      <ServerLine s={s} />
    </>
  );
}

/** The chart of the first stream that delivers to search. */
function HomeChart({ s }: { s: Status }) {
  const index = s.delivery_streams.find((d) => d.destination.kind === "opensearch")!.destination.index;
  const query = new URLSearchParams({ index: `${index}*` });
  if (place.value.query.get("x") === "terms") {
    query.set("x", "terms");
  }
  const x = query.get("x");
  return (
    <section aria-label="Chart">
      <div class="row">
        <h2>
          <bdi>{index}*</bdi>
        </h2>
        <nav class="tabs" aria-label="X-axis">
          <Link to="/" current={!x}>
            Over time
          </Link>
          <Link to="/?x=terms" current={x === "terms"}>
            Totals
          </Link>
        </nav>
        <span class="spacer" />
        <Link to={`/visualize?${query}`}>Open in Visualize</Link>
      </div>
      <ChartView query={query} height={260} />
    </section>
  );
}

function Empty({ edge }: { edge: string }) {
  return (
    <div class="empty">
      <h2>No pipeline yet</h2>
      <p>Deploy one with a CloudFormation template, or create a delivery stream with any AWS client:</p>
      <pre>
        {`millrace up TEMPLATE\neval "$(millrace env)"\naws firehose create-delivery-stream …`}
      </pre>
      <p>AWS clients reach this server at {edge}.</p>
    </div>
  );
}

function ServerLine({ s }: { s: Status }) {
  const { version, region, started_at, edge, search_url, dir, journal_bytes, journal_quota } = s.server;
  return (
    <footer>
      <span>millrace {version}</span>
      <span>{region}</span>
      <span title={clock(started_at)}>up {duration(now.value - started_at)}</span>
      <span>AWS endpoint {edge}</span>
      <span>search {search_url}</span>
      <span>
        journal {bytes(journal_bytes)}
        {journal_quota > 0 && ` of ${bytes(journal_quota)}`}
      </span>
      <span>{dir}</span>
    </footer>
  );
}
