import type { Graph } from '../../src/editor/protocol/designer.js';

export interface Selection {
  kind: 'role' | 'artifact';
  name: string;
}

/** Whether the workflow has what is selected. */
export function isThere(graph: Graph, { kind, name }: Selection): boolean {
  const all = kind === 'role' ? graph.roles : graph.artifacts;
  return all.some((each) => each.name === name);
}
