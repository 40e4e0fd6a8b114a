import * as l10n from '@vscode/l10n';
import {
  type AriaLabelConfig,
  Background,
  type Connection,
  Controls,
  type Edge,
  MarkerType,
  type Node,
  ReactFlow,
  useReactFlow,
} from '@xyflow/react';
import { useEffect, useMemo, useState } from 'react';
import type { DesignerEdit, Graph } from '../../src/editor/protocol/designer.js';
import { HandoverEdge } from './edges.js';
import { handovers, type Layout, layout, type Placed, roleId } from './layout.js';
import { EndNode, FrameNode, RoleNode } from './nodes.js';
import type { Selection } from './selection.js';

const nodeTypes = { role: RoleNode, frame: FrameNode, end: EndNode };
/** Width of the fields beside the drawing, in pixels. */
const ASIDE = 300;
const NOTHING: Layout = { places: new Map(), routes: new Map(), size: { width: 0, height: 0 } };
const edgeTypes = { handover: HandoverEdge };

interface Props {
  graph: Graph;
  selection: Selection | null;
  select: (selection: Selection | null) => void;
  edit: (edit: DesignerEdit) => void;
  /** Asked for where a line is drawn between two roles that hand nothing to each other yet. */
  askArtifact: (from: string, to: string) => void;
  reveal: (selection: Selection) => void;
}

/** The drawing. Places are computed anew only when the shape changes, so that scores that come in move nothing. */
export function Canvas({ graph, selection, select, edit, askArtifact, reveal }: Props) {
  const [{ places, routes }, setLayout] = useState<Layout>(NOTHING);
  const { fitBounds } = useReactFlow();
  const shape = useMemo(() => shapeOf(graph), [graph]);
  const tall = useTall();
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another shape asks for other places
  useEffect(() => {
    let current = true;
    void layout(graph, tall).then((done) => {
      if (!current) return;
      setLayout(done);
      setTimeout(() => void fitBounds({ x: 0, y: 0, ...done.size }, { padding: 0.06 }), 0);
    });
    return () => {
      current = false;
    };
  }, [shape, tall]);
  const nodes = useMemo(() => nodesOf(graph, places, selection, tall), [graph, places, selection, tall]);
  const edges = useMemo(() => edgesOf(graph, routes, selection, select), [graph, routes, selection, select]);
  const connect = ({ source, target }: Connection) => {
    const [from, to] = [source.replace(/^role:/, ''), target.replace(/^role:/, '')];
    if (from !== to && source.startsWith('role:') && target.startsWith('role:')) askArtifact(from, to);
  };
  return (
    <ReactFlow
      nodes={places.size === 0 ? [] : nodes}
      edges={places.size === 0 ? [] : edges}
      nodeTypes={nodeTypes}
      edgeTypes={edgeTypes}
      onConnect={connect}
      onNodeClick={(_event, node) => node.type === 'role' && select({ kind: 'role', name: node.id.slice(5) })}
      onNodeDoubleClick={(_event, node) =>
        node.type === 'role' && reveal({ kind: 'role', name: node.id.slice(5) })
      }
      onPaneClick={() => select(null)}
      onNodesChange={(changes) => {
        // Enter and Space choose a node that has the focus.
        const chosen = changes.find((change) => change.type === 'select' && change.selected);
        if (chosen?.type === 'select' && chosen.id.startsWith('role:'))
          select({ kind: 'role', name: chosen.id.slice(5) });
      }}
      // Its own key would count wherever the focus is, in the fields beside it too.
      deleteKeyCode={null}
      onKeyDown={({ key }) => {
        if (key === 'Delete' && selection?.kind === 'role') edit({ do: 'delete', ...selection });
      }}
      nodesDraggable={false}
      minZoom={0.2}
      maxZoom={1.5}
      proOptions={{ hideAttribution: false }}
      aria-label={l10n.t('The team as a graph; the list beside it says the same')}
      ariaLabelConfig={spoken()}
    >
      <Background />
      <Controls showInteractive={false} />
    </ReactFlow>
  );
}

/** What the drawing's own parts say to a screen reader. */
function spoken(): Partial<AriaLabelConfig> {
  const keys = l10n.t(
    'Press Enter or Space to choose a role, Delete to remove it, Escape to choose nothing.',
  );
  return {
    'node.a11yDescription.default': keys,
    'node.a11yDescription.keyboardDisabled': keys,
    'edge.a11yDescription.default': '',
    'controls.ariaLabel': l10n.t('Size of the drawing'),
    'controls.zoomIn.ariaLabel': l10n.t('Zoom in'),
    'controls.zoomOut.ariaLabel': l10n.t('Zoom out'),
    'controls.fitView.ariaLabel': l10n.t('Show all of it'),
  };
}

const isTall = () => window.innerHeight > (window.innerWidth - ASIDE) * 0.9;

/** Whether the drawing's place is taller than wide: then the team is drawn from top to bottom. */
function useTall(): boolean {
  const [tall, setTall] = useState(isTall);
  useEffect(() => {
    const look = () => setTall(isTall());
    window.addEventListener('resize', look);
    return () => window.removeEventListener('resize', look);
  }, []);
  return tall;
}

function shapeOf(graph: Graph): string {
  return JSON.stringify([graph.roles.map(({ name }) => name), handovers(graph), graph.groups]);
}

function nodesOf(
  graph: Graph,
  places: Map<string, Placed>,
  selection: Selection | null,
  tall: boolean,
): Node[] {
  const roles = new Map(graph.roles.map((role) => [roleId(role.name), role]));
  return [...places].flatMap(([id, { x, y, width, height, parent }]): Node[] => {
    const base = { id, position: { x, y }, width, height, ...(parent ? { parentId: parent } : {}) };
    const role = roles.get(id);
    if (role)
      return [
        {
          ...base,
          type: 'role',
          data: { role, tall },
          selected: selection?.kind === 'role' && selection.name === role.name,
          ariaLabel: l10n.t('role {0}', role.name),
        },
      ];
    if (id.startsWith('role:')) return [];
    if (/^(start|end):/.test(id))
      return [
        {
          ...base,
          type: 'end',
          data: { is: id.startsWith('start:') ? 'start' : 'end', tall },
          selectable: false,
          focusable: false,
        },
      ];
    return [
      {
        ...base,
        type: 'frame',
        data: { label: labelOf(graph, id) },
        selectable: false,
        focusable: false,
        deletable: false,
      },
    ];
  });
}

function labelOf(graph: Graph, id: string): string {
  const all = [...graph.groups];
  for (const group of all) {
    if (group.id === id) return group.label;
    all.push(...group.groups);
  }
  return '';
}

function edgesOf(
  graph: Graph,
  routes: Layout['routes'],
  selection: Selection | null,
  select: Props['select'],
): Edge[] {
  const known = new Map(graph.artifacts.map((artifact) => [artifact.name, artifact]));
  return handovers(graph).map(({ id, from, to, artifacts }) => ({
    id,
    source: from,
    target: to,
    type: 'handover',
    ariaLabel: l10n.t('handover of {0}', artifacts.join(', ')),
    focusable: false,
    deletable: false,
    markerEnd: { type: MarkerType.ArrowClosed },
    data: {
      route: routes.get(id),
      artifacts: artifacts.map((name) => known.get(name)!),
      selected: selection?.kind === 'artifact' ? selection.name : null,
      choose: (name: string) => select({ kind: 'artifact', name }),
    },
  }));
}
