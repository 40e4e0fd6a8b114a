import { Handle, type NodeProps, Position } from '@xyflow/react';
import type { ShownRole } from '../../src/editor/protocol/designer.js';

/** A role: what it answers for, its model, its mean score, what is wrong with it, and whether it acts just now. */
export function RoleNode({ data, selected }: NodeProps) {
  const role = data.role as ShownRole;
  const worst = role.problems.find(({ severity }) => severity === 'error') ?? role.problems[0];
  const classes = [
    'role',
    selected ? 'selected' : '',
    worst ? worst.severity : '',
    role.acting ? 'acting' : '',
  ];
  return (
    <div className={classes.join(' ')} title={worst ? worst.message : role.role}>
      <Handle
        type="target"
        position={data.tall ? Position.Top : Position.Left}
        aria-label={`hand something to ${role.name}`}
      />
      <div className="role-head">
        <strong>{role.name}</strong>
        {role.score && (
          <span className={`score ${role.score.band}`} title={`mean score in ${role.score.known} actions`}>
            {role.score.mean.toFixed(1)}
          </span>
        )}
      </div>
      <div className="role-text">{role.role}</div>
      <div className="role-foot">
        <span>{role.model ?? 'no model'}</span>
        {role.acting && <span className="live">acting</span>}
        {!role.trained && <span>frozen</span>}
        {worst && (
          <span className="problem">
            {role.problems.length} problem{role.problems.length === 1 ? '' : 's'}
          </span>
        )}
      </div>
      <Handle
        type="source"
        position={data.tall ? Position.Bottom : Position.Right}
        aria-label={`hand over from ${role.name}`}
      />
    </div>
  );
}

export function FrameNode({ data }: NodeProps) {
  return (
    <div className="frame">
      <span>{data.label as string}</span>
    </div>
  );
}

/** Where something comes from that nobody makes, or goes to where nobody takes it. */
export function EndNode({ data }: NodeProps) {
  const start = data.is === 'start';
  return (
    <div className={`end ${start ? 'error' : ''}`} title={start ? 'nobody makes this' : 'the result'}>
      {start ? (
        <Handle type="source" position={data.tall ? Position.Bottom : Position.Right} />
      ) : (
        <Handle type="target" position={data.tall ? Position.Top : Position.Left} />
      )}
      <span aria-hidden="true">{start ? '?' : '\u25A0'}</span>
    </div>
  );
}
