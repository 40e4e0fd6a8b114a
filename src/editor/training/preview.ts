import * as l10n from '@vscode/l10n';
import { isFork, type LogEvent, readLog } from '../../trace/index.js';
import {
  advantageOptions,
  advantagesOf,
  experienceOptions,
  moments,
  propagateRewards,
  type Sample,
  samplesOf,
} from '../../training/index.js';
import type { TrainingOptions } from '../../workflow/index.js';
import type { Run } from '../runs/run.js';
import { retold } from '../runs/told.js';

/** What one role's recorded actions would teach it. */
export interface RolePreview {
  role: string;
  actions: number;
  masked: number;
  rewardMean: number;
  rewardStd: number;
  /** Why no update would be made; null where one would. */
  skipped: string | null;
  /** Advantage of an action's last token: lowest, median, highest. */
  advantage: [number, number, number] | null;
  /** Actions with their reward, the largest advantage in size first. */
  examples: { rollout: string; action: string; reward: number; advantage: number }[];
}

export interface Preview {
  rollouts: number;
  roles: RolePreview[];
  /** Seconds of one step at the recorded pace; null where nothing was recorded. */
  secondsPerStep: number | null;
}

const MOST = 200;

/**
 * Rewards, returns and advantages as the trainer would compute them from a run's recorded rollouts, before anything
 * is spent. The KL term is left out: it needs the reference policy.
 */
export function rewardPreview(
  run: Run,
  options: TrainingOptions,
  roles: readonly string[],
  concurrency: number,
): Preview {
  const rows = run.pages.page(Math.max(0, run.pages.count() - MOST), MOST).filter((row) => !isFork(row));
  const events = rows.map((row): [string, string, LogEvent[]] => [
    row.rollout,
    row.task,
    [...readLog(run.folder.rollout(row.rollout)).events, ...run.reviews(row.rollout)],
  ]);
  const how = experienceOptions(options);
  const samples = events.flatMap(([rollout, task, own]) => samplesOf(rollout, task, own, how));
  const seconds = moments(rows.map((row) => row.seconds)).mean;
  return {
    rollouts: rows.length,
    roles: roles.map((role) =>
      previewOf(
        role,
        samples.filter((sample) => sample.role === role),
        options,
      ),
    ),
    secondsPerStep: rows.length === 0 ? null : (seconds * options.rollouts) / Math.max(1, concurrency),
  };
}

function previewOf(role: string, samples: readonly Sample[], options: TrainingOptions): RolePreview {
  const rewards = propagateRewards(samples, options.action_gamma);
  const known = rewards.filter((reward) => reward !== null);
  const { mean, std } = moments(known);
  const base = {
    role,
    actions: samples.length,
    masked: samples.length - known.length,
    rewardMean: mean,
    rewardStd: std,
  };
  if (samples.length === 0)
    return {
      ...base,
      skipped: l10n.t('no recorded action has token ids: its model cannot be trained here'),
      advantage: null,
      examples: [],
    };
  const made = advantagesOf(samples, rewards, advantageOptions(options, 0));
  if ('skipped' in made) return { ...base, skipped: retold(made.skipped), advantage: null, examples: [] };
  const each = made.perSample.flatMap((values, at) => {
    const advantage = values?.at(-1);
    const sample = samples[at]!;
    return advantage === undefined
      ? []
      : [{ rollout: sample.rollout, action: sample.action, reward: rewards[at] ?? 0, advantage }];
  });
  const sorted = each.map(({ advantage }) => advantage).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  each.sort((a, b) => Math.abs(b.advantage) - Math.abs(a.advantage));
  return { ...base, skipped: null, advantage: [at(0), at(0.5), at(1)], examples: each.slice(0, 5) };
}

/** The preview as a text to read. */
export function previewText(preview: Preview, run: string, steps: number): string {
  const lines = [
    `# ${l10n.t('Reward preview from {0} recorded rollouts of {1}', preview.rollouts, run)}`,
    '',
    l10n.t(
      'What the trainer would compute from these scores, before anything is spent. The KL term is left out.',
    ),
    '',
    `| ${[
      l10n.t('role'),
      l10n.t('actions'),
      l10n.t('masked'),
      l10n.t('mean reward'),
      l10n.t('deviation'),
      l10n.t('advantage (lowest, median, highest)'),
    ].join(' | ')} |`,
    '| --- | ---: | ---: | ---: | ---: | --- |',
    ...preview.roles.map((role) => {
      const advantage = role.advantage
        ? role.advantage.map((value) => value.toFixed(2)).join(', ')
        : l10n.t('skipped: {0}', role.skipped ?? '');
      return `| ${role.role} | ${role.actions} | ${role.masked} | ${role.rewardMean.toFixed(3)} | ${role.rewardStd.toFixed(3)} | ${advantage} |`;
    }),
    '',
  ];
  const silent = preview.roles.filter((role) => role.skipped !== null).map(({ role }) => role);
  if (silent.length > 0)
    lines.push(l10n.t('No signal for {0}: such a batch changes nothing.', silent.join(', ')), '');
  if (preview.secondsPerStep !== null)
    lines.push(
      l10n.t(
        'About {0} of sampling for {1} steps at the recorded pace; updates come on top.',
        minutes(preview.secondsPerStep * steps),
        steps,
      ),
      '',
    );
  for (const { role, examples } of preview.roles) {
    if (examples.length === 0) continue;
    lines.push(`## ${l10n.t('{0}: the actions that would move it most', role)}`, '');
    for (const { advantage, reward, action, rollout } of examples) {
      const signed = `${advantage >= 0 ? '+' : ''}${advantage.toFixed(2)}`;
      lines.push(
        `- ${l10n.t('{0} from reward {1}: {2} of {3}', signed, reward.toFixed(2), action, rollout)}`,
      );
    }
    lines.push('');
  }
  return lines.join('\n');
}

function minutes(seconds: number): string {
  return seconds < 90
    ? l10n.t('{0} s', Math.max(1, Math.round(seconds)))
    : l10n.t('{0} min', Math.round(seconds / 60));
}
