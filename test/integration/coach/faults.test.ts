import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { culprit } from '../../../src/coach/index.js';
import type { Ended } from '../../../src/rollout/index.js';
import {
  checkWorkflow,
  diskFiles,
  fillTemplate,
  loadTasks,
  lookupFacts,
  type Task,
} from '../../../src/workflow/index.js';
import { runCli } from '../cli/command.js';
import { cleanPrograms, faults, type Programs } from './programs.js';

const template = join(import.meta.dirname, '../../../media/templates/table-team');
const tables = ['penguins', 'infert', 'cars', 'new_cars'];

/** The table team with recorded replies: for each task the programs that `make` gives. */
async function runTeam(make: (task: Task) => Programs): Promise<Ended[]> {
  const folder = mkdtempSync(join(tmpdir(), 'baton-faults-'));
  cpSync(template, folder, { recursive: true });
  const path = join(folder, 'table-team.baton.yaml');
  writeFileSync(
    path,
    readFileSync(path, 'utf8').replace('{provider: embedded}', '{provider: recorded, file: replies.jsonl}'),
  );
  writeFileSync(join(folder, 'replies.jsonl'), '');
  const { workflow } = checkWorkflow(readFileSync(path, 'utf8'), path, { files: diskFiles(folder) });
  const all = loadTasks(workflow!.tasks, diskFiles(folder)).tasks;
  // Tasks with at least two numeric columns, so that one can be dropped and the rest still be fitted.
  const tasks = tables.map(
    (table) => all.find((task) => task.group === table && (task.fields.numeric as string[]).length >= 2)!,
  );
  const lines = tasks.flatMap((task) =>
    Object.entries(make(task)).map(([role, program]) => ({
      when: fillTemplate(workflow!.agents[role]!.prompt!.text, lookupFacts({}, task)).trim(),
      reply: `\`\`\`python\n${program}\`\`\``,
    })),
  );
  writeFileSync(join(folder, 'replies.jsonl'), lines.map((line) => JSON.stringify(line)).join('\n'));
  const run = await runCli(folder, [
    'run',
    '--json',
    '--tasks',
    tasks.map((task) => task.id).join(','),
    '--concurrency',
    '4',
  ]);
  const events = run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string } & Ended);
  return events.filter((event) => event.event === 'rollout.ended');
}

const told = (ended: Ended) => ({
  task: ended.task,
  why: ended.outcome?.why,
  scores: ended.scores.map(({ action, code, diagnosis }) => [action, code, diagnosis]),
});

describe('clean work is blamed on nobody', () => {
  test.each(['tab', 'plain'] as const)('%s style', async (style) => {
    const ended = await runTeam((task) => cleanPrograms(task, style));
    expect(ended).toHaveLength(tables.length);
    for (const rollout of ended) {
      expect(rollout.outcome?.success, JSON.stringify(told(rollout))).toBe(true);
      expect(rollout.scores.map((score) => score.code)).toEqual([null, null, null]);
    }
  });
});

test('hostile case 20: a program ten times as long is judged as its clean twin; a constant answer is near the floor', async () => {
  const padding = Array.from(
    { length: 40 },
    (_, at) => `# This is step ${at} of very careful, thorough work.`,
  );
  const pad = (program: string) => [...padding, program, ...padding, ''].join('\n');
  const scores = (ended: Ended[]) =>
    Object.fromEntries(
      ended.map(({ task, scores }) => [task, scores.map(({ action, score }) => [action, score])]),
    );
  const clean = await runTeam((task) => cleanPrograms(task, 'tab'));
  const padded = await runTeam((task) => {
    const { data_engineer, modeler, analyst } = cleanPrograms(task, 'tab');
    return { data_engineer: pad(data_engineer), modeler: pad(modeler), analyst: pad(analyst) };
  });
  expect(scores(padded)).toEqual(scores(clean));
  const constant = faults.find(({ name }) => name === 'constant predictions')!;
  const flat = await runTeam((task) => constant.change(cleanPrograms(task, 'tab'), task));
  for (const rollout of flat) {
    const last = rollout.scores.find(({ agent }) => agent === constant.role);
    expect(last?.score, JSON.stringify(told(rollout))).toBeLessThanOrEqual(3);
  }
});

describe('each fault is charged to the role that made it', () => {
  test.each(faults)('$name', async ({ role, codes, change }) => {
    const ended = await runTeam((task) => change(cleanPrograms(task, 'tab'), task));
    expect(ended).toHaveLength(tables.length);
    for (const rollout of ended) {
      expect(rollout.outcome?.success).toBe(false);
      const broken = culprit(rollout);
      expect(broken?.agent, JSON.stringify(told(rollout))).toBe(role);
      expect(codes, JSON.stringify(told(rollout))).toContain(broken!.code);
    }
  });
});
