import { isGiven } from '../action-names.js';
import type { ExportedRollout } from './actions.js';

export const columns = [
  'run',
  'rollout',
  'task',
  'stratum',
  'table',
  'sample',
  'step',
  'branch',
  'success',
  'fair_score',
  'action',
  'role',
  'policy',
  'status',
  'score',
  'code',
  'blamed',
  'judge',
  'diagnosis',
  'prompt_tokens',
  'reply_tokens',
  'dollars',
  'model_seconds',
  'tool_runs',
  'tool_failures',
] as const;

/** One row per action, for a spreadsheet or a data frame. */
export function* tableRows(run: string, rollouts: Iterable<ExportedRollout>): Generator<unknown[]> {
  for (const { row, outcome, actions } of rollouts) {
    const units = Object.values(outcome?.metrics ?? {}).flatMap(({ unit }) => (unit === null ? [] : [unit]));
    const fair = units.length === 0 ? null : units.reduce((sum, unit) => sum + unit, 0) / units.length;
    for (const { action, agent, status, call, tools, counted } of actions) {
      // What a fork took over from its parent stands in the parent's rows.
      if (call?.copied && !isGiven(call.policy)) continue;
      yield [
        run,
        row.rollout,
        row.task,
        row.stratum,
        row.group,
        row.sample,
        row.step,
        row.branch ?? 'main',
        outcome?.success ?? null,
        fair,
        action,
        agent,
        call?.policy ?? null,
        status,
        counted?.score ?? null,
        counted?.verdict.code ?? null,
        counted?.verdict.blamed?.agent ?? null,
        counted?.overrule ? counted.overrule.author : (counted?.verdict.judge ?? null),
        counted?.overrule?.reason ?? counted?.verdict.diagnosis ?? null,
        call?.usage.promptTokens ?? null,
        call?.usage.replyTokens ?? null,
        call?.dollars ?? null,
        call?.seconds ?? null,
        tools.length,
        tools.filter((tool) => tool.outcome !== 'ok').length,
      ];
    }
  }
}
