import * as l10n from '@vscode/l10n';
import { markdownTable } from 'markdown-table';
import type { Estimate, Plan } from './estimate.js';
import type { Preview, PreviewedAction, RolePreview } from './preview.js';

/** What else the text says. */
export interface About {
  /** The run whose rollouts it is from. */
  run: string;
  plan: Plan;
  estimate: Estimate;
  /** The machine it goes to; null: this one. */
  target: string | null;
}

/** The preview as a text to read. */
export function previewText(preview: Preview, about: About): string {
  const silent = preview.roles.filter((role) => role.skipped !== null).map(({ role }) => role);
  return [
    `# ${l10n.t('Reward preview from {0} recorded rollouts of {1}', preview.rollouts, about.run)}`,
    '',
    l10n.t(
      'What the trainer would compute from these scores, before anything is spent. The KL term is left out.',
    ),
    '',
    table(
      'lrrrrl',
      [
        l10n.t('role'),
        l10n.t('actions'),
        l10n.t('masked'),
        l10n.t('mean reward'),
        l10n.t('deviation'),
        l10n.t('advantage (lowest, median, highest)'),
      ],
      preview.roles.map(summary),
    ),
    '',
    ...(silent.length > 0
      ? [l10n.t('No signal for {0}: such a batch changes nothing.', silent.join(', ')), '']
      : []),
    ...expected(about),
    '',
    ...preview.roles.flatMap(actions),
  ].join('\n');
}

function summary(role: RolePreview): string[] {
  const advantage = role.advantage
    ? role.advantage.map((value) => value.toFixed(2)).join(', ')
    : l10n.t('skipped: {0}', role.skipped ?? '');
  const { actions, masked, rewardMean, rewardStd } = role;
  return [role.role, String(actions), String(masked), rewardMean.toFixed(3), rewardStd.toFixed(3), advantage];
}

/** How long it may take, and what it may cost. */
function expected({ plan, estimate, target }: About): string[] {
  const { rollouts, sampling, updates, dollars, unpriced } = estimate;
  const lines = [
    l10n.t(
      'About {0} for {1} steps: {2} of sampling and {3} of updates.',
      duration(sampling + updates),
      plan.steps,
      duration(sampling),
      duration(updates),
    ),
    l10n.t(
      'Sampling is {0} rollouts at the recorded pace, {1} of them to measure the team on held-out tasks.',
      rollouts,
      plan.measured,
    ),
    plan.update === null
      ? l10n.t('No training of this team is recorded, so updates are counted as long as its rollouts take.')
      : l10n.t('Updates are counted as the last training of this team took them.'),
  ];
  if (dollars !== null)
    lines.push(
      l10n.t(
        'Cost: about {0} dollars at the prices of the workflow and the recorded tokens.',
        money(dollars),
      ),
    );
  if (unpriced.length > 0)
    lines.push(l10n.t('Cost of {0}: not known, since it has no price in the workflow.', unpriced.join(', ')));
  if (dollars === null && unpriced.length === 0)
    lines.push(l10n.t('Cost: none, every model that is asked runs on this machine or is recorded.'));
  if (target !== null)
    lines.push(l10n.t('On {0} it may take more or less; what that machine costs is not known here.', target));
  return lines;
}

/** Every action of a role, as a table. */
function actions({ role, each }: RolePreview): string[] {
  if (each.length === 0) return [];
  return [
    `## ${l10n.t('{0}: every action, those that would move it most first', role)}`,
    '',
    table(
      'llrrr',
      [
        l10n.t('rollout'),
        l10n.t('action'),
        l10n.t('reward'),
        l10n.t('return-to-go'),
        l10n.t('normalised advantage'),
      ],
      each.map(actionRow),
    ),
    '',
  ];
}

function actionRow({ rollout, action, reward, returnToGo, advantage }: PreviewedAction): string[] {
  const value = (number: number | null) => (number === null ? '–' : number.toFixed(2));
  const signed = advantage === null ? '–' : `${advantage >= 0 ? '+' : ''}${advantage.toFixed(2)}`;
  const own = reward === null ? l10n.t('masked') : value(reward);
  return [rollout, action, own, value(returnToGo), signed];
}

/** Columns stand in line, since the text is read as it is; `align` has a letter a column. */
function table(align: string, head: string[], rows: string[][]): string {
  return markdownTable([head, ...rows], { align: [...align] });
}

function money(dollars: number): string {
  return dollars >= 0.1 || dollars === 0 ? dollars.toFixed(2) : dollars.toPrecision(1);
}

function duration(seconds: number): string {
  if (seconds < 90) return l10n.t('{0} s', Math.max(1, Math.round(seconds)));
  return seconds < 5400
    ? l10n.t('{0} min', Math.round(seconds / 60))
    : l10n.t('{0} h', (seconds / 3600).toFixed(1));
}
