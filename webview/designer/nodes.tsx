import * as l10n from '@vscode/l10n';
import { Handle, type NodeProps, Position } from '@xyflow/react';
import type { ShownRole } from '../../src/editor/protocol/designer.js';
import { counted } from './problems.js';

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
        aria-label={l10n.t('hand something to {0}', role.name)}
      />
      <div className="role-head">
        <strong>{role.name}</strong>
        {role.score && (
          <span
            className={`score ${role.score.band}`}
            title={l10n.t('mean score in {0} actions', role.score.known)}
          >
            {role.score.mean.toFixed(1)}
          </span>
        )}
      </div>
      <div className="role-text">{role.role}</div>
      <div className="role-foot">
        <span>{role.model ?? l10n.t('no model')}</span>
        {role.acting && <span className="live">{l10n.t('acting')}</span>}
        {!role.trained && <span>{l10n.t('frozen')}</span>}
        {worst && <span className="problem">{counted(role.problems.length)}</span>}
      </div>
      <Handle
        type="source"
        position={data.tall ? Position.Bottom : Position.Right}
        aria-label={l10n.t('hand over from {0}', role.name)}
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
    <div
      className={`end ${start ? 'error' : ''}`}
      title={start ? l10n.t('nobody makes this') : l10n.t('the result')}
    >
      {start ? (
        <Handle type="source" position={data.tall ? Position.Bottom : Position.Right} />
      ) : (
        <Handle type="target" position={data.tall ? Position.Top : Position.Left} />
      )}
      <span aria-hidden="true">{start ? '?' : '\u25A0'}</span>
    </div>
  );
}
