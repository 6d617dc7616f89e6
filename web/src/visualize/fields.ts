// The fields of an index pattern, from the answer of _mapping.
import { ApiError, get } from "../api";

export interface Field {
  name: string;
  type: string; // as the mapping says it: long, date, keyword …
  /** Different indices map it differently; a search over all may fail. */
  conflict?: boolean;
}

const numbers = new Set(["long", "integer", "short", "byte", "double", "float", "half_float", "scaled_float", "unsigned_long"]);

export const isNumber = (f: Field) => numbers.has(f.type);
export const isDate = (f: Field) => f.type === "date" || f.type === "date_nanos";
/** Text is cut into words and has no whole values to group by. */
export const isAggregatable = (f: Field) => f.type !== "text" && !f.conflict;

interface Mapping {
  type?: string;
  properties?: Record<string, Mapping>;
  fields?: Record<string, Mapping>;
}

/** Fields by name; none if no index matches yet. */
export async function loadFields(pattern: string, signal?: AbortSignal): Promise<Field[]> {
  try {
    const answer = await get<Record<string, { mappings?: Mapping }>>(`/api/v1/search/${encodeURIComponent(pattern)}/mapping`, signal);
    return mergeFields(Object.values(answer).map((index) => index.mappings ?? {}));
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) {
      return [];
    }
    throw error;
  }
}

export function mergeFields(mappings: Mapping[]): Field[] {
  const fields = new Map<string, Field>();
  const add = (name: string, m: Mapping) => {
    if (m.type && m.type !== "object" && m.type !== "nested") {
      const known = fields.get(name);
      fields.set(name, { name, type: known?.type ?? m.type, ...(known && known.type !== m.type ? { conflict: true } : {}) });
    }
    for (const [sub, below] of Object.entries({ ...m.properties, ...m.fields })) {
      add(name === "" ? sub : `${name}.${sub}`, below);
    }
  };
  mappings.forEach((m) => add("", m));
  return [...fields.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
