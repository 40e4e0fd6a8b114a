import { agentOf, isCoachCall, isFork, readLine, readLog, scanLines } from '../../trace/index.js';
import type { ShownReview } from '../protocol/training.js';
import type { Run } from '../runs/run.js';
import type { JudgedAction } from './coach.js';

const MOST = 400;
const AT_ONCE = 20;

/** The judged actions of a run's last rollouts, and what people said of them. Each rollout's log is read once. */
export class JudgedActions {
  private readonly lengths = new Map<string, Map<string, number>>();

  constructor(private readonly run: Run) {}

  /** Lets others go on between the logs it reads: a run may have thousands. */
  async read(): Promise<{ actions: JudgedAction[]; reviews: ShownReview[] }> {
    const { run } = this;
    const count = run.pages.count();
    const rows = run.pages.page(Math.max(0, count - MOST), MOST).filter((row) => !isFork(row));
    const actions: JudgedAction[] = [];
    for (const [at, { rollout, stratum, group, scores }] of rows.entries()) {
      if (at % AT_ONCE === AT_ONCE - 1) await new Promise((resolve) => setImmediate(resolve));
      const lengths = this.lengthsOf(rollout);
      for (const { action, agent, score } of scores)
        actions.push({ rollout, role: agent, stratum, group, score, length: lengths.get(action) ?? null });
    }
    return { actions, reviews: reviewsOf(run) };
  }

  /** Reply tokens by action. */
  private lengthsOf(rollout: string): Map<string, number> {
    const known = this.lengths.get(rollout);
    if (known) return known;
    const lengths = new Map<string, number>();
    const path = this.run.folder.rollout(rollout);
    for (const line of scanLines(path)) {
      if (line.type !== 'model.called') continue;
      const event = readLine(path, line);
      if (event?.type !== 'model.called' || isCoachCall(event.data.action)) continue;
      const { action, usage } = event.data;
      lengths.set(action, (lengths.get(action) ?? 0) + usage.replyTokens);
    }
    this.lengths.set(rollout, lengths);
    return lengths;
  }
}

/** Each person's last word on an action beside the coach's own score. */
function reviewsOf(run: Run): ShownReview[] {
  return [...run.allReviews()].flatMap(([rollout, events]) => {
    if (!events.some(({ type }) => type === 'overrule')) return [];
    const verdicts = run.verdicts(rollout, readLog(run.folder.rollout(rollout)).events);
    return [...verdicts].flatMap(([action, { verdict, said }]) =>
      said.map(({ score, author, reason }) => ({
        rollout,
        action,
        role: agentOf(action),
        coach: verdict.score,
        person: score,
        author,
        reason,
      })),
    );
  });
}
