import { type BlameRow, blameTable, unblamed } from '../../coach/index.js';
import { cameToEnd, isFork, type RolloutRow } from '../../trace/index.js';
import type { Run } from '../runs/run.js';

const PAGE = 1000;
const MOST_ROWS = 10;

/**
 * Who broke a run, in lines for the editor's agent: every ended rollout counts but forks, a page at a time. `rollout`:
 * that one alone; throws where it has not ended.
 */
export function whyOf(run: Pick<Run, 'folder' | 'pages' | 'state'>, rollout?: string): string {
  let [count, good, open, lost] = [0, 0, 0, 0];
  const broken = new Map<string, BlameRow>();
  for (const page of rollout === undefined ? pagesOf(run) : [one(run, rollout)]) {
    const own = page.filter(cameToEnd);
    count += own.length;
    lost += page.length - own.length;
    open += unblamed(page);
    good += page.filter(({ outcome }) => outcome?.success).length;
    for (const row of blameTable(page)) {
      const key = `${row.role}\0${row.code}`;
      const known = broken.get(key);
      if (known) known.rollouts += row.rollouts;
      else broken.set(key, row);
    }
  }
  const lines = [...broken.values()]
    .sort((a, b) => b.rollouts - a.rollouts || a.role.localeCompare(b.role))
    .slice(0, MOST_ROWS)
    .map(
      ({ role, code, rollouts, example }) =>
        `- ${role}: ${code} in ${rollouts} of ${count} rollouts; for example ${example.rollout}, action ${example.action}: ${example.diagnosis}`,
    );
  if (lost > 0) lines.push(`- ${lost} more failed of no agent's doing and are left out`);
  if (open > 0) lines.push(`- nobody is blamed for ${open} failed rollouts`);
  return [`${run.folder.name} (${run.state()}): ${good} of ${count} rollouts succeeded.`, ...lines].join(
    '\n',
  );
}

function* pagesOf({ pages }: Pick<Run, 'pages'>): Generator<RolloutRow[]> {
  const count = pages.count();
  for (let from = 0; from < count; from += PAGE)
    yield pages.page(from, Math.min(PAGE, count - from)).filter((row) => !isFork(row));
}

function one({ folder, pages }: Pick<Run, 'folder' | 'pages'>, rollout: string): RolloutRow[] {
  const row = pages.find(rollout);
  if (!row) throw new Error(`${folder.name} has no ended rollout "${rollout}".`);
  return [row];
}
