import * as l10n from '@vscode/l10n';
import type { ShownAlarm } from '../protocol/training.js';
import { retold } from '../runs/told.js';
import type { TrainedStep, TrainingHistory } from './history.js';

/** A rule over one role of one step: a sentence where it holds. */
type Rule = {
  code: string;
  holds(step: TrainedStep, role: TrainedStep['report']['roles'][number]): string | null;
};

const CUT = 0.2;
const MASKED = 0.5;
const CLIPPED = 0.3;
const GAP = 0.1;

const percent = (share: number) => l10n.t('{0} %', Math.round(share * 100));

const rules: readonly Rule[] = [
  {
    code: 'role.skipped',
    holds: (_, { role, skipped }) =>
      skipped === null ? null : l10n.t('{0} learned nothing: {1}.', role, retold(skipped)),
  },
  {
    code: 'samples.masked',
    holds: (_, { role, samples, masked }) =>
      samples > 0 && masked / samples >= MASKED
        ? l10n.t(
            '{0} of the actions of {1} have no score and are left out; look why they cannot be judged.',
            percent(masked / samples),
            role,
          )
        : null,
  },
  {
    code: 'clip.high',
    holds: (_, { role, clipFraction }) =>
      (clipFraction ?? 0) > CLIPPED
        ? l10n.t(
            '{0} of the tokens of {1} were clipped: the updates are too large; lower training.learning_rate.',
            percent(clipFraction!),
            role,
          )
        : null,
  },
  {
    code: 'replies.cut',
    holds: ({ report }, { role }) => {
      const cut = report.activity[role]?.truncated ?? 0;
      return cut > CUT
        ? l10n.t(
            '{0} of the replies of {1} were cut at their longest; raise its max_tokens, ask for less, or let them count with training.truncated: zero.',
            percent(cut),
            role,
          )
        : null;
    },
  },
  {
    code: 'sampler.differs',
    holds: (_, { role, behaviourGap }) =>
      (behaviourGap ?? 0) > GAP
        ? l10n.t(
            'Sampler and trainer differ by {0} nats for {1}; its updates are corrected for it, and are noisier.',
            behaviourGap!.toFixed(2),
            role,
          )
        : null,
  },
];

/** What the log itself raised, and what the steps show; the same thing of the same role is said once, of its last step. */
export function alarmsOf(history: TrainingHistory): ShownAlarm[] {
  const found = new Map<string, ShownAlarm & { times: number }>();
  for (const alarm of history.alarms) found.set(`${alarm.code} ${alarm.message}`, { ...alarm, times: 1 });
  for (const step of [...history.steps.values()].sort((a, b) => a.step - b.step))
    for (const role of step.report.roles)
      for (const { code, holds } of rules) {
        const message = holds(step, role);
        if (message === null) continue;
        const key = `${code} ${role.role}`;
        const times = (found.get(key)?.times ?? 0) + 1;
        found.delete(key);
        found.set(key, { code, message, step: step.step, times });
      }
  return [...found.values()]
    .map(({ times, message, ...rest }) => ({
      ...rest,
      message: times > 1 ? l10n.t('{0} (in {1} steps)', message, times) : message,
    }))
    .reverse();
}
