// The pipeline as a graph: what feeds what, and where each part stands in the
// picture. Columns are the longest way from a source, rows keep a way straight.
import type { Status } from "../types";

export type NodeKind = "servers" | "agent" | "stream" | "archive" | "application" | "search" | "endpoint" | "clients";

export interface Node {
  id: string;
  kind: NodeKind;
  name: string;
  column: number;
  row: number;
}

export interface Graph {
  nodes: Node[];
  edges: [from: string, to: string][];
}

const targets: Record<string, NodeKind> = { s3: "archive", opensearch: "search", http: "endpoint" };

export function graphOf(s: Status): Graph {
  const nodes = new Map<string, Node>();
  const edges: [string, string][] = [];
  const node = (kind: NodeKind, name: string): string => {
    const id = `${kind}/${name}`;
    if (!nodes.has(id)) {
      nodes.set(id, { id, kind, name, column: 0, row: 0 });
    }
    return id;
  };

  for (const f of s.agents) {
    edges.push([node("servers", f.name), node("agent", f.name)]);
    edges.push([`agent/${f.name}`, node("stream", f.delivery_stream)]);
  }
  for (const a of s.applications) {
    a.inputs.forEach((i) => edges.push([node("stream", i.delivery_stream), node("application", a.name)]));
    a.outputs.forEach((o) => edges.push([node("application", a.name), node("stream", o.delivery_stream)]));
  }
  for (const d of s.delivery_streams) {
    const id = node("stream", d.name);
    if (!edges.some(([, to]) => to === id)) {
      edges.push([node("clients", d.name), id]);
    }
    edges.push([id, node(targets[d.destination.kind] ?? "archive", d.name)]);
  }
  const unique = [...new Map(edges.map((e) => [e.join(" "), e])).values()];
  place(nodes, unique);
  return { nodes: [...nodes.values()], edges: unique };
}

function place(nodes: Map<string, Node>, edges: [string, string][]): void {
  // A pipeline may loop through streams; no way is longer than all nodes.
  for (let round = 0; round < nodes.size; round++) {
    for (const [from, to] of edges) {
      nodes.get(to)!.column = Math.min(nodes.size - 1, Math.max(nodes.get(to)!.column, nodes.get(from)!.column + 1));
    }
  }
  const depths = new Map<string, number>();
  const below = (id: string): string[] =>
    edges
      .filter(([from]) => from === id)
      .map(([, to]) => to)
      .sort((a, b) => depthOf(b) - depthOf(a));
  const depthOf = (id: string): number => {
    if (!depths.has(id)) {
      depths.set(id, 0); // cuts loops
      depths.set(id, 1 + Math.max(0, ...below(id).map(depthOf)));
    }
    return depths.get(id)!;
  };

  // The longest way goes on in the same row, the others start rows below it.
  let free = 0;
  const placed = new Set<string>();
  const walk = (id: string, row: number): void => {
    placed.add(id);
    nodes.get(id)!.row = row;
    free = Math.max(free, row + 1);
    below(id)
      .filter((to) => !placed.has(to))
      .forEach((to, i) => {
        if (!placed.has(to)) {
          walk(to, i === 0 ? row : free);
        }
      });
  };
  const targets = new Set(edges.map(([, to]) => to));
  [...nodes.keys()].filter((id) => !targets.has(id)).forEach((id) => walk(id, free));
  [...nodes.keys()].filter((id) => !placed.has(id)).forEach((id) => walk(id, free));
}
