import { cameToEnd, type EventData } from '../trace/index.js';

type Ended = EventData<'rollout.ended'>;

/** One line of "who broke it": a role, a failure, how often, and an example. */
export interface BlameRow {
  role: string;
  code: string;
  /** Rollouts in which this role broke the work in this way. */
  rollouts: number;
  share: number;
  example: { rollout: string; action: string; diagnosis: string; file: string | null };
}

/** Who broke failed rollouts, as `culprit` says of each; one row per role and failure. */
export function blameTable(all: readonly Ended[]): BlameRow[] {
  const ended = all.filter(cameToEnd);
  const rows = new Map<string, BlameRow>();
  for (const rollout of ended) {
    const broken = culprit(rollout);
    if (!broken) continue;
    const key = `${broken.agent}\0${broken.code}`;
    const row = rows.get(key) ?? {
      role: broken.agent,
      code: broken.code ?? 'unknown',
      rollouts: 0,
      share: 0,
      example: {
        rollout: rollout.rollout,
        action: broken.action,
        diagnosis: broken.diagnosis,
        file: broken.file,
      },
    };
    row.rollouts += 1;
    row.share = row.rollouts / ended.length;
    rows.set(key, row);
  }
  return [...rows.values()].sort((a, b) => b.rollouts - a.rollouts || a.role.localeCompare(b.role));
}

/** Failed rollouts that came to their end and that nobody is blamed for. */
export function unblamed(ended: readonly Ended[]): number {
  return ended.filter(
    (rollout) => cameToEnd(rollout) && rollout.outcome?.success !== true && !culprit(rollout),
  ).length;
}

/**
 * The action that broke a failed rollout: the earliest last turn with a failure of its own, be it found there or where
 * another role met with it. Not to have read something is one only where nothing else was wrong: it breaks no contract.
 * Nobody broke a rollout that succeeded, or that came to no end.
 */
export function culprit(rollout: Ended): Ended['scores'][number] | undefined {
  if (!cameToEnd(rollout) || rollout.outcome?.success === true) return undefined;
  const { scores } = rollout;
  const lastOf = new Map(scores.map(({ agent }, at) => [agent, at]));
  const failures = scores
    .flatMap((score, at) => {
      if (score.code === null || score.code === 'blocked' || lastOf.get(score.agent) !== at) return [];
      const place = score.blamed === null ? undefined : lastOf.get(score.blamed);
      if (place === undefined) return [];
      const { action, agent } = scores[place]!;
      return [{ ...score, action, agent, place }];
    })
    .sort((a, b) => a.place - b.place)
    .map(({ place: _, ...score }) => score);
  return failures.find(({ code }) => code !== 'artifact.unread') ?? failures[0];
}
