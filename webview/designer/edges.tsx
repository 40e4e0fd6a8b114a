import * as l10n from '@vscode/l10n';
import { BaseEdge, EdgeLabelRenderer, type EdgeProps, getBezierPath } from '@xyflow/react';
import type { ShownArtifact } from '../../src/editor/protocol/designer.js';
import type { Route } from './layout.js';

/** A handover: a line with one button for each artifact, which selects it. */
export function HandoverEdge(props: EdgeProps) {
  const { artifacts, selected, choose, route } = props.data as {
    artifacts: ShownArtifact[];
    selected: string | null;
    choose: (name: string) => void;
    route: Route | undefined;
  };
  const [straight, middleX, middleY] = getBezierPath(props);
  const { path, x, y } = route ?? { path: straight, x: middleX, y: middleY };
  const on = artifacts.some(({ name }) => name === selected);
  return (
    <>
      <BaseEdge
        path={path}
        className={on ? 'edge-selected' : ''}
        {...(props.markerEnd ? { markerEnd: props.markerEnd } : {})}
      />
      <EdgeLabelRenderer>
        <div
          className="artifacts nodrag nopan"
          style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
        >
          {artifacts.map((artifact) => (
            <button
              type="button"
              key={artifact.name}
              className={`artifact ${artifact.name === selected ? 'selected' : ''} ${artifact.problems.length > 0 ? artifact.problems[0]!.severity : ''}`}
              title={
                artifact.problems[0]?.message ?? (artifact.checks.join('\n') || l10n.t('no contract yet'))
              }
              onClick={() => choose(artifact.name)}
            >
              {artifact.name}
              <small>
                {artifact.kind}
                {artifact.checks.length > 0 ? ` \u2713${artifact.checks.length}` : ''}
              </small>
            </button>
          ))}
        </div>
      </EdgeLabelRenderer>
    </>
  );
}
