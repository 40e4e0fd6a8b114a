import * as l10n from '@vscode/l10n';
import { isFork, type LogEvent, readLog } from '../../trace/index.js';
import {
  advantageOptions,
  advantagesOf,
  type Earned,
  earnedBy,
  experienceOptions,
  moments,
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
  /** Every action: those that would move the role most first, masked ones last. */
  each: PreviewedAction[];
}

/** null: masked, or (advantage) of a role that is skipped. */
export interface PreviewedAction {
  rollout: string;
  action: string;
  /** Its own, on the scale of training. */
  reward: number | null;
  /** With what later actions of its rollout, of any role, hand back to it (`training.action_gamma`). */
  returnToGo: number | null;
  /** Of its last token. */
  advantage: number | null;
}

export interface Preview {
  rollouts: number;
  roles: RolePreview[];
  /** Mean seconds of a recorded rollout. */
  seconds: number;
  /** Their events, a list for each. */
  events: readonly (readonly LogEvent[])[];
}

const MOST = 200;

/**
 * Rewards, returns and advantages as the trainer would compute them from a run's recorded rollouts, before anything
 * is spent. The KL term is left out: it needs the reference policy.
 */
export function rewardPreview(run: Run, options: TrainingOptions, roles: readonly string[]): Preview {
  const rows = run.pages.page(Math.max(0, run.pages.count() - MOST), MOST).filter((row) => !isFork(row));
  const events = rows.map((row): [string, string, LogEvent[]] => [
    row.rollout,
    row.task,
    [...readLog(run.folder.rollout(row.rollout)).events, ...run.reviews(row.rollout)],
  ]);
  const how = experienceOptions(options);
  const samples = events.flatMap(([rollout, task, own]) => samplesOf(rollout, task, own, how));
  return {
    rollouts: rows.length,
    roles: roles.map((role) => previewOf(role, earnedBy(role, samples, options.action_gamma), options)),
    seconds: moments(rows.map((row) => row.seconds)).mean,
    events: events.map(([, , own]) => own),
  };
}

function previewOf(role: string, earned: readonly Earned[], options: TrainingOptions): RolePreview {
  const samples = earned.map(({ sample }) => sample);
  const rewards = earned.map(({ reward }) => reward);
  const known = rewards.filter((reward) => reward !== null);
  const { mean, std } = moments(known);
  const base = {
    role,
    actions: samples.length,
    masked: samples.length - known.length,
    rewardMean: mean,
    rewardStd: std,
  };
  const each = (advantages: readonly (Float64Array | null)[] = []): PreviewedAction[] =>
    earned
      .map(({ sample: { rollout, action, reward }, reward: returnToGo }, at) => ({
        ...{ rollout, action, reward, returnToGo },
        advantage: advantages[at]?.at(-1) ?? null,
      }))
      .sort((a, b) => weight(b) - weight(a));
  if (samples.length === 0)
    return {
      ...base,
      skipped: l10n.t('no recorded action has token ids: its model cannot be trained here'),
      advantage: null,
      each: [],
    };
  const made = advantagesOf(samples, rewards, advantageOptions(options, 0));
  if ('skipped' in made) return { ...base, skipped: retold(made.skipped), advantage: null, each: each() };
  const sorted = made.perSample.flatMap((values) => values?.at(-1) ?? []).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { ...base, skipped: null, advantage: [at(0), at(0.5), at(1)], each: each(made.perSample) };
}

/** What is shown first: the largest advantage in size, then what has a reward, masked actions last. */
function weight({ advantage, returnToGo }: PreviewedAction): number {
  return advantage === null ? (returnToGo === null ? -2 : -1) : Math.abs(advantage);
}
