// Requests to the console's own API. The cookie goes along by itself.

/** An answer that is not what was asked for, in the server's words. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return answer<T>(await fetch(path, { signal }));
}

export async function post<T>(path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  return answer<T>(
    await fetch(path, {
      method: "POST",
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    }),
  );
}

async function answer<T>(response: Response): Promise<T> {
  const text = await response.text();
  if (!response.ok) {
    throw new ApiError(response.status, reason(response, text));
  }
  return (text === "" ? undefined : exactJSON(text)) as T;
}

/** The reason in problem details, or in an error of a search server. */
function reason(response: Response, text: string): string {
  try {
    const body = JSON.parse(text);
    const cause = body?.error?.root_cause?.[0] ?? body?.error;
    const said = body?.detail ?? cause?.reason ?? (typeof cause === "string" ? cause : undefined);
    if (typeof said === "string") {
      return said;
    }
  } catch {
    // Not JSON: the status line has to do.
  }
  return `${response.status} ${response.statusText}`;
}

/**
 * JSON with integers beyond 2^53 kept as their text, so that a BIGINT is shown
 * as it is. Browsers that do not give the source text round them.
 */
export function exactJSON(text: string): unknown {
  const revive = (_: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value) && context?.source && /^-?\d+$/.test(context.source)
      ? context.source
      : value;
  return JSON.parse(text, revive);
}

/** Why something failed, for a person. */
export function said(error: unknown): string {
  if (error instanceof ApiError && error.status === 401) {
    return "The session has ended: open the address that millrace up prints.";
  }
  if (error instanceof TypeError) {
    return "The server does not answer. Is millrace running?";
  }
  return error instanceof Error ? error.message : String(error);
}
