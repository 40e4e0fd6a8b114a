import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { culprit } from '../../src/coach/index.js';
import type { Ended } from '../../src/rollout/index.js';
import {
  checkWorkflow,
  diskFiles,
  fillTemplate,
  loadTasks,
  lookupFacts,
  type Task,
} from '../../src/workflow/index.js';
import {
  cleanFor,
  type Program,
  type Programs,
  programFor,
  type Role,
  readPrograms,
  roles,
  type Style,
} from './programs.js';

/** Tables of the test split; the rules were written against others. */
const tables = ['biopsy', 'melanoma', 'health', 'credit'];
/** Teams that run at a time: each has little to do, and takes as long to begin. */
const AT_ONCE = 2;
/** How much is measured; frames are slow to load, so fewer of those. */
export interface Extent {
  /** Tables that each spelling of a fault is tried on, of the four; which ones goes around from spelling to spelling. */
  tables: Record<Style, number>;
  /** Clean runs in each style. */
  clean: Record<Style, number>;
}
/** What the published numbers stand on: every spelling on every table. Minutes. */
export const whole: Extent = {
  tables: { tab: 4, plain: 4, pandas: 4 },
  clean: { tab: 90, plain: 90, pandas: 20 },
};
/** For tests: every spelling, and every fault on every table. */
export const sample: Extent = {
  tables: { tab: 2, plain: 2, pandas: 1 },
  clean: { tab: 30, plain: 30, pandas: 6 },
};

/** One fault in one spelling on one task, and whom the coach blamed for it. */
export interface Judged {
  role: Role;
  fault: string;
  style: Style;
  /** Which of the fault's spellings, from 1. */
  spelling: number;
  task: string;
  blamed: string | null;
  code: string | null;
}

export interface Clean {
  style: Style;
  task: string;
  success: boolean;
  /** Roles that were blamed for something; should be none. */
  blamed: string[];
}

export interface Team {
  root: string;
  list: Programs;
  tasks: Task[];
  /** An interpreter with pandas and scikit-learn, or null: then programs in that style are left out. */
  python: string | null;
}

export function openTeam(root: string, python: string | null): Team {
  const folder = join(root, 'media/templates/table-team');
  const path = join(folder, 'table-team.baton.yaml');
  const { workflow } = checkWorkflow(readFileSync(path, 'utf8'), path, { files: diskFiles(folder) });
  return {
    root,
    python,
    list: readPrograms(root),
    tasks: loadTasks(workflow!.tasks, diskFiles(folder)).tasks.filter((task) => task.split === 'test'),
  };
}

/** Every fault in every spelling, on a task of each of its tables, all other roles correct. */
export async function injectFaults(
  team: Team,
  extent: Extent,
  say: (text: string) => void,
): Promise<Judged[]> {
  const all = tables.map((table) => team.tasks.find((task) => task.group === table && isRich(task))!);
  const started = pLimit(AT_ONCE);
  const work: Promise<Judged[]>[] = [];
  for (const role of roles) {
    const spelled = new Map<string, number>();
    for (const program of team.list[role]) {
      if (program.fault === null || (program.style === 'pandas' && team.python === null)) continue;
      const kind = program.kind ?? program.fault;
      const spelling = (spelled.get(kind) ?? 0) + 1;
      spelled.set(kind, spelling);
      const count = extent.tables[program.style];
      const tasks = Array.from({ length: count }, (_, at) => all[(spelling * count + at) % all.length]!);
      const of = { role, fault: kind, style: program.style, spelling };
      work.push(
        started(async () => {
          const ended = await runTeam(
            team,
            tasks,
            (at) => (at === role ? program : cleanFor(team.list, at, program.style)),
            program.style,
          );
          say(`${role}, ${kind}, spelling ${spelling} (${program.style})`);
          return ended.map((rollout) => {
            const broken = culprit(rollout);
            const [blamed, code] = [broken?.agent ?? null, broken?.code ?? null];
            return { ...of, task: rollout.task, blamed, code };
          });
        }),
      );
    }
  }
  return (await Promise.all(work)).flat();
}

/** Teams that do everything right, in each style. */
export async function runClean(team: Team, extent: Extent, say: (text: string) => void): Promise<Clean[]> {
  const styles: Style[] = team.python === null ? ['tab', 'plain'] : ['tab', 'plain', 'pandas'];
  const out: Clean[] = [];
  for (const style of styles) {
    const ended = await runTeam(
      team,
      team.tasks.slice(0, extent.clean[style]),
      (role) => cleanFor(team.list, role, style),
      style,
    );
    say(`${ended.length} clean runs in ${style} style`);
    for (const rollout of ended)
      out.push({
        style,
        task: rollout.task,
        success: rollout.outcome?.success ?? false,
        blamed: rollout.scores.flatMap((score) =>
          score.code === null ? [] : [`${score.agent}: ${score.code}`],
        ),
      });
  }
  return out;
}

function isRich(task: Task): boolean {
  const { numeric, categorical } = task.fields as { numeric: string[]; categorical: string[] };
  return numeric.length > 1 && numeric.length + categorical.length > 2;
}

/** Run the real command line over a copy of the team whose model repeats these programs. */
async function runTeam(
  team: Team,
  tasks: readonly Task[],
  programOf: (role: Role) => Program,
  style: Style,
): Promise<Ended[]> {
  const folder = mkdtempSync(join(tmpdir(), 'baton-blame-'));
  try {
    cpSync(join(team.root, 'media/templates/table-team'), folder, { recursive: true });
    const path = join(folder, 'table-team.baton.yaml');
    // Time limits are not what is measured: frames are slow to load on a busy machine.
    const text = readFileSync(path, 'utf8')
      .replace('{provider: embedded}', '{provider: recorded, file: replies.jsonl}')
      .replace('action: {seconds: 10,', 'action: {seconds: 60,');
    writeFileSync(path, text);
    writeFileSync(join(folder, 'replies.jsonl'), '');
    const { workflow } = checkWorkflow(text, path, { files: diskFiles(folder) });
    const lines = tasks.flatMap((task) =>
      roles.map((role) => ({
        when: fillTemplate(workflow!.agents[role]!.prompt!.text, lookupFacts({}, task)).trim(),
        reply: `\`\`\`python\n${programFor(team.list, programOf(role), task)}\`\`\``,
      })),
    );
    writeFileSync(join(folder, 'replies.jsonl'), lines.map((line) => JSON.stringify(line)).join('\n'));
    const flags = ['--tasks', tasks.map((task) => task.id).join(','), '--concurrency', '2'];
    const python = style === 'pandas' && team.python ? ['--python', team.python] : [];
    return await baton(team.root, folder, ['run', '--json', ...flags, ...python]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function baton(root: string, cwd: string, args: string[]): Promise<Ended[]> {
  const env = { ...process.env, XDG_CACHE_HOME: join(cwd, '.cache') };
  const child = spawn(process.execPath, [join(root, 'dist/cli.mjs'), ...args], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (code !== 0)
    throw new Error(`baton ${args.slice(0, 2).join(' ')} ended with ${code}: ${errors.slice(-2000)}`);
  const events = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string } & Ended);
  return events.filter((event) => event.event === 'rollout.ended');
}
