import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { factRequests } from '../../../src/rollout/facts.js';
import { openSandbox, type Sandbox, takeFacts } from '../../../src/sandbox/index.js';
import {
  checkWorkflow,
  diskFiles,
  type FactsByArtifact,
  fillTemplate,
  judgeContracts,
  loadTasks,
  lookupFacts,
  type Task,
} from '../../../src/workflow/index.js';

const root = join(import.meta.dirname, '../../..');
const file = join(root, 'media/templates/table-team/table-team.baton.yaml');
const lib = join(dirname(file), 'lib');
const roles = ['data_engineer', 'modeler', 'analyst'] as const;
type Role = (typeof roles)[number];

const programSchema = z.strictObject({
  fault: z.string().nullable(),
  kind: z.string().optional(),
  style: z.enum(['tab', 'plain', 'pandas']),
  body: z.string(),
  needs: z.literal('numeric').optional(),
});
const listSchema = z.object({
  shared: z.record(z.string(), z.string()),
  data_engineer: z.array(programSchema),
  modeler: z.array(programSchema),
  analyst: z.array(programSchema),
});
type Program = z.infer<typeof programSchema>;
const list = listSchema.parse(parse(readFileSync(join(root, 'test/fixtures/faults/programs.yaml'), 'utf8')));

const files = diskFiles(dirname(file));
const workflow = checkWorkflow(readFileSync(file, 'utf8'), file, { files }).workflow!;
const every = loadTasks(workflow.tasks, files).tasks;
const limits = { seconds: 20, memoryMb: 512, processes: 16, diskMb: 32, outputKb: 32 };

/** Two tasks per kind, of different tables, with at least three features of which one is numeric. */
const chosen = ['classification', 'regression'].flatMap((kind) => {
  const fit = every.filter((task) => {
    const { numeric, categorical } = task.fields as { numeric: string[]; categorical: string[] };
    return task.fields.kind === kind && numeric.length > 0 && numeric.length + categorical.length > 2;
  });
  return fit.filter((task, at) => fit.findIndex((each) => each.group === task.group) === at).slice(0, 2);
});

let sandbox: Sandbox;
beforeAll(async () => {
  const opened = await openSandbox({ level: 'bubblewrap' });
  if (!opened.ok) throw new Error(JSON.stringify(opened.report));
  sandbox = opened.sandbox;
});
afterAll(() => sandbox.close());

/** Runs the roles up to this program's, the earlier ones clean; gives the codes that the last one breaks. */
async function codesOf(task: Task, role: Role, program: Program): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'baton-faults-'));
  const place = { workspace: join(folder, 'work'), inputs: join(folder, 'inputs'), modules: [lib] };
  mkdirSync(place.workspace);
  mkdirSync(place.inputs);
  for (const each of task.files)
    writeFileSync(join(place.inputs, each.name), 'text' in each ? each.text : readFileSync(each.path));
  let facts: FactsByArtifact = {};
  for (const at of roles.slice(0, roles.indexOf(role) + 1)) {
    // Every style reads what the tab programs leave.
    const run = at === role ? program : list[at].find((each) => each.fault === null)!;
    const source = fillTemplate(`${list.shared[run.style]}\n${run.body}\n`, lookupFacts({}, task));
    const ended = await sandbox.run({ ...place, run: { python: source }, limits });
    // A library may warn; the program must end well.
    expect(ended.outcome, `${source}\n${ended.stderr.text}`).toBe('ok');
    const agent = workflow.agents[at]!;
    const artifacts = factRequests(workflow, agent);
    facts = { ...facts, ...(await takeFacts(sandbox, { ...place, artifacts })) };
    const judged = judgeContracts(
      agent.produces.map((name) => workflow.artifacts[name]!),
      facts,
      task,
    );
    facts = judged.facts;
    const codes = [...new Set(judged.breaches.map((each) => each.code))];
    if (at === role) return codes;
    expect(codes).toEqual([]);
  }
  return [];
}

it('has tasks of both kinds', () => expect(new Set(chosen.map((task) => task.fields.kind)).size).toBe(2));

// Programs in pandas style are slow to load: coach/confusion.test.ts runs all of those, to the verdict.
for (const role of roles)
  for (const [at, program] of list[role].entries())
    if (program.style !== 'pandas')
      it(`${role} ${at}, ${program.style} style: ${program.fault ?? 'clean'}`, async () => {
        for (const task of chosen) {
          const codes = await codesOf(task, role, program);
          if (program.fault === null) expect(codes, task.id).toEqual([]);
          else expect(codes, task.id).toContain(program.fault);
        }
      });
