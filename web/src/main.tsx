// The console: one page at an address, under one live status.
import { render } from "preact";
import { ApplicationPage } from "./pages/application";
import { PathPage } from "./pages/path";
import { StreamPage } from "./pages/stream";
import { VisualizePage } from "./pages/visualize";
import { Problem } from "./parts";
import { Link, place, watchAddress } from "./router";
import { status, trouble, watchStatus } from "./status";

function App() {
  const path = place.value.path;
  return (
    <>
      <header>
        <Link to="/" class="brand">
          millrace
        </Link>
        <nav aria-label="Pages">
          <Link to="/" current={path === "/"}>
            Path
          </Link>
          <Link to="/visualize" current={path === "/visualize"}>
            Visualize
          </Link>
        </nav>
        <span class="spacer" />
        <span class={trouble.value ? "state bad" : "state"} role="status">
          {trouble.value ? "not connected" : status.value ? "live" : "connecting"}
        </span>
      </header>
      <main>
        {trouble.value && <Problem>{trouble.value}</Problem>}
        <Page path={path} />
      </main>
    </>
  );
}

function Page({ path }: { path: string }) {
  const [, section, name] = path.split("/");
  const item = decoded(name);
  switch (section) {
    case "":
      return <PathPage />;
    case "streams":
      return <StreamPage name={item} key={item} />;
    case "applications":
      return <ApplicationPage name={item} key={item} />;
    case "visualize":
      return <VisualizePage />;
    default:
      return <Problem>There is no page at {path}.</Problem>;
  }
}

function decoded(part: string | undefined): string {
  try {
    return decodeURIComponent(part ?? "");
  } catch {
    return part ?? "";
  }
}

watchAddress();
watchStatus();
render(<App />, document.getElementById("app")!);
