// A live stream of the server that survives its restarts and rests while
// nobody looks at the page.
import { exactJSON, said } from "./api";

export interface LiveHandlers {
  /** By event name; called with the event's data. */
  events: Record<string, (data: unknown) => void>;
  /** Told when the stream is open (undefined) or why it is not. */
  trouble: (why: string | undefined) => void;
}

const retryMs = 2000;

/** Opens the stream; the answer closes it. */
export function live(path: string, handlers: LiveHandlers): () => void {
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let closed = false;

  const open = () => {
    if (closed || source || document.hidden) {
      return;
    }
    source = new EventSource(path);
    source.onopen = () => handlers.trouble(undefined);
    source.onerror = () => {
      // A refused stream ends for good without saying why: ask once.
      if (source?.readyState === EventSource.CLOSED) {
        shut();
        void explain(path).then(handlers.trouble);
        retry = setTimeout(open, retryMs);
      } else {
        handlers.trouble("The connection to millrace is lost. Trying again …");
      }
    };
    for (const [name, handle] of Object.entries(handlers.events)) {
      source.addEventListener(name, (e) => handle(exactJSON((e as MessageEvent<string>).data)));
    }
  };
  const shut = () => {
    clearTimeout(retry);
    source?.close();
    source = undefined;
  };
  const look = () => (document.hidden ? shut() : open());

  document.addEventListener("visibilitychange", look);
  open();
  return () => {
    closed = true;
    document.removeEventListener("visibilitychange", look);
    shut();
  };
}

/** Reads the refusal; a stream that opens after all is left at once. */
async function explain(path: string): Promise<string> {
  const abort = new AbortController();
  try {
    const response = await fetch(path, { signal: abort.signal });
    if (response.ok) {
      abort.abort();
      return "The stream has ended. Opening it again …";
    }
    return String(((await response.json()) as { detail?: unknown }).detail);
  } catch (error) {
    return said(error);
  }
}
