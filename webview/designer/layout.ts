import ELK, { type ElkExtendedEdge, type ElkNode } from 'elkjs/lib/elk.bundled.js';
import type { Graph, ShownGroup } from '../../src/editor/protocol/designer.js';

export const SIZE = { role: { width: 220, height: 96 }, end: { width: 28, height: 28 } };

export interface Placed {
  x: number;
  y: number;
  width: number;
  height: number;
  parent: string | null;
}

/** The line of a handover, around everything in its way, and the middle of its labels. */
export interface Route {
  path: string;
  x: number;
  y: number;
}

export interface Layout {
  places: Map<string, Placed>;
  routes: Map<string, Route>;
  /** Of the whole drawing, labels included, in pixels. */
  size: { width: number; height: number };
}

/** A handover that is drawn: every artifact that goes from one place to another. */
export interface Handover {
  id: string;
  from: string;
  to: string;
  artifacts: string[];
}

export const roleId = (name: string) => `role:${name}`;
export const startId = (artifact: string) => `start:${artifact}`;
export const endId = (artifact: string) => `end:${artifact}`;

/** Who hands what to whom. What nobody makes comes from a place of its own; what nobody takes goes to one. */
export function handovers(graph: Graph): Handover[] {
  const found = new Map<string, Handover>();
  const add = (from: string, to: string, artifact: string) => {
    const id = `${from}>${to}`;
    const known = found.get(id) ?? { id, from, to, artifacts: [] };
    known.artifacts.push(artifact);
    found.set(id, known);
  };
  for (const { name, producer, consumers } of graph.artifacts) {
    const from = producer === null ? startId(name) : roleId(producer);
    for (const consumer of consumers) add(from, roleId(consumer), name);
    if (consumers.length === 0) add(from, endId(name), name);
  }
  return [...found.values()];
}

const elk = new ELK();

/** Places for every role, frame and loose end in the order of handing over: left to right, or from top to bottom. */
export async function layout(graph: Graph, tall: boolean): Promise<Layout> {
  const hands = handovers(graph);
  const ends = [...new Set(hands.flatMap(({ from, to }) => [from, to]))].filter(
    (id) => !id.startsWith('role:'),
  );
  const framed = new Set(graph.groups.flatMap(rolesIn));
  const role = (name: string): ElkNode => ({ id: roleId(name), ...SIZE.role });
  const known = new Set(graph.roles.map(({ name }) => name));
  const frame = (group: ShownGroup): ElkNode => ({
    id: group.id,
    children: [...group.roles.filter((name) => known.has(name)).map(role), ...group.groups.map(frame)],
    layoutOptions: { 'elk.padding': '[top=36,left=16,bottom=16,right=16]' },
  });
  const labels = (artifacts: string[]) => [
    {
      text: artifacts.join(),
      width: Math.max(...artifacts.map((name) => name.length)) * 7 + 40,
      height: artifacts.length * 24,
    },
  ];
  const root: ElkNode = {
    id: 'root',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': tall ? 'DOWN' : 'RIGHT',
      'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
      'elk.edgeRouting': 'ORTHOGONAL',
      'elk.json.edgeCoords': 'ROOT',
      'elk.edgeLabels.inline': 'true',
      'elk.layered.spacing.nodeNodeBetweenLayers': '60',
      'elk.spacing.nodeNode': '48',
      'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
    },
    children: [
      ...graph.roles.filter(({ name }) => !framed.has(name)).map(({ name }) => role(name)),
      ...graph.groups.map(frame),
      ...ends.map((id) => ({ id, ...SIZE.end })),
    ],
    edges: hands.map(({ id, from, to, artifacts }) => ({
      id,
      sources: [from],
      targets: [to],
      labels: labels(artifacts),
    })),
  };
  const done = await elk.layout(root);
  const places = new Map<string, Placed>();
  collect(done, null, places);
  const routes = new Map((done.edges ?? []).flatMap((edge) => routeOf(edge as ElkExtendedEdge)));
  return { places, routes, size: { width: done.width ?? 0, height: done.height ?? 0 } };
}

function routeOf(edge: ElkExtendedEdge): [string, Route][] {
  const section = edge.sections?.[0];
  if (!section) return [];
  const points = [section.startPoint, ...(section.bendPoints ?? []), section.endPoint];
  const label = edge.labels?.[0];
  const half = points[Math.floor(points.length / 2)]!;
  const middle =
    label?.x !== undefined && label.y !== undefined
      ? { x: label.x + (label.width ?? 0) / 2, y: label.y + (label.height ?? 0) / 2 }
      : half;
  return [[edge.id, { path: rounded(points), ...middle }]];
}

const RADIUS = 8;

/** A line through points with rounded corners, as an SVG path. */
function rounded(points: readonly { x: number; y: number }[]): string {
  const parts = [`M${points[0]!.x},${points[0]!.y}`];
  for (let at = 1; at < points.length - 1; at++) {
    const [before, corner, after] = [points[at - 1]!, points[at]!, points[at + 1]!];
    const into = toward(corner, before);
    const out = toward(corner, after);
    parts.push(`L${into.x},${into.y}Q${corner.x},${corner.y} ${out.x},${out.y}`);
  }
  const last = points.at(-1)!;
  return `${parts.join('')}L${last.x},${last.y}`;
}

/** The point that lies a corner's radius from `from` on the way to `to`. */
function toward(from: { x: number; y: number }, to: { x: number; y: number }) {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const part = Math.min(RADIUS, length / 2) / length;
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}

export function rolesIn(group: ShownGroup): string[] {
  return [...group.roles, ...group.groups.flatMap(rolesIn)];
}

function collect(node: ElkNode, parent: string | null, placed: Map<string, Placed>): void {
  for (const child of node.children ?? []) {
    const { id, x = 0, y = 0, width = 0, height = 0 } = child;
    placed.set(id, { x, y, width, height, parent });
    collect(child, id, placed);
  }
}
