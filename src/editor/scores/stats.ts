import * as l10n from '@vscode/l10n';
import { culprit } from '../../coach/index.js';
import { cameToEnd, isFork, type RolloutRow } from '../../trace/index.js';

/** What a run says of one role so far. Means count known scores only. */
export interface RoleScores {
  actions: number;
  known: number;
  mean: number | null;
  /** Mean of the later half minus mean of the earlier half; null below 12 known scores. */
  trend: number | null;
  /** Rollouts in which it was asked: it was handed what it takes. */
  rollouts: number;
  /** Failed rollouts that this role broke. */
  broke: number;
}

export interface RunScores {
  /** Those that came to their end: only they count. */
  rollouts: number;
  lost: number;
  succeeded: number;
  roles: Map<string, RoleScores>;
}

/** Adds rows as they come, so that a long run is read once. */
export class ScoreBook {
  private rollouts = 0;
  private lost = 0;
  private succeeded = 0;
  private readonly roles = new Map<
    string,
    { actions: number; scores: number[]; rollouts: number; broke: number }
  >();

  add(rows: readonly RolloutRow[]): void {
    for (const row of rows) {
      // A fork is looked at, not counted.
      if (isFork(row)) continue;
      if (!cameToEnd(row)) {
        this.lost += 1;
        continue;
      }
      this.rollouts += 1;
      if (row.outcome?.success === true) this.succeeded += 1;
      const blamed = culprit(row)?.agent;
      for (const { agent, score } of row.scores) {
        const role = this.role(agent);
        role.actions += 1;
        if (score !== null) role.scores.push(score);
      }
      const asked = row.scores.filter(({ code }) => code !== 'blocked').map(({ agent }) => agent);
      for (const agent of new Set(asked)) this.role(agent).rollouts += 1;
      if (blamed !== undefined) this.role(blamed).broke += 1;
    }
  }

  read(): RunScores {
    return {
      rollouts: this.rollouts,
      lost: this.lost,
      succeeded: this.succeeded,
      roles: new Map(
        [...this.roles].map(([name, { actions, scores, rollouts, broke }]) => [
          name,
          { actions, known: scores.length, mean: mean(scores), trend: trendOf(scores), rollouts, broke },
        ]),
      ),
    };
  }

  private role(name: string): { actions: number; scores: number[]; rollouts: number; broke: number } {
    let role = this.roles.get(name);
    if (!role) {
      role = { actions: 0, scores: [], rollouts: 0, broke: 0 };
      this.roles.set(name, role);
    }
    return role;
  }
}

function trendOf(scores: readonly number[]): number | null {
  if (scores.length < 12) return null;
  const half = scores.length >> 1;
  return mean(scores.slice(half))! - mean(scores.slice(0, half))!;
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** "8.0 of 24" with an arrow where the run went up or down by half a point or more. */
export function scoreWords({ mean: value, known, actions, trend }: RoleScores): string {
  if (value === null) return l10n.t('no score in {0}', actions);
  const arrow = trend === null || Math.abs(trend) < 0.5 ? '' : trend > 0 ? ' \u2197' : ' \u2198';
  return l10n.t('{0} in {1}', value.toFixed(1), known) + arrow;
}

export type Band = 'low' | 'middle' | 'high' | 'none';

export function bandOf(score: number | null): Band {
  if (score === null) return 'none';
  return score < 4 ? 'low' : score < 7 ? 'middle' : 'high';
}
