import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { askedOf, taskNameOf } from '../../../src/editor/debug/asked.js';
import { filterHit, lookupAt, parseCondition } from '../../../src/editor/debug/conditions.js';
import { Budgeted } from '../../../src/editor/debug/spending.js';
import { framesOf, move, run, timelineOf } from '../../../src/editor/debug/timeline.js';
import { scopesOf } from '../../../src/editor/debug/variables.js';
import { Run } from '../../../src/editor/runs/run.js';
import { failingLine } from '../../../src/editor/scores/failing-line.js';
import { countMet } from '../../../src/rollout/index.js';
import { LogWriter, RunFolder, readLine, readLog, scanLines } from '../../../src/trace/index.js';
import { type Expression, fillLog, holds } from '../../../src/workflow/index.js';
import { longRollout } from '../../bench/editor/big-runs.js';

const runs = join(import.meta.dirname, '../../../media/sample/runs');
const folder = new RunFolder(join(runs, readdirSync(runs)[0]!));
const { events } = readLog(folder.rollout('run.penguins-0.0'));
const sample = Run.open(folder, true) as Run;
const timeline = timelineOf('run.penguins-0.0', events);
const at = (index: number) => {
  const { is, action } = timeline.stops[index]!;
  return `${is} ${timeline.actions[action]!.id}`;
};

test('a recorded rollout has a stop for each thing that happened, in its order', () => {
  expect(timeline.stops.slice(0, 6).map(({ is }) => is)).toEqual([
    'before',
    'model',
    'tool',
    'checked',
    'finished',
    'verdict',
  ]);
  expect(at(timeline.stops.length - 1)).toBe('end analyst.0.0');
});

test('steps go forwards and backwards, and hold at the ends', () => {
  const second = move(timeline, 0, 'next');
  expect(at(second)).toBe('before data_engineer.0.1');
  expect(at(move(timeline, second, 'stepIn'))).toBe('model data_engineer.0.1');
  expect(move(timeline, second, 'stepBack')).toBe(0);
  expect(move(timeline, 0, 'stepBack')).toBe(0);
  const end = timeline.stops.length - 1;
  expect(move(timeline, end, 'next')).toBe(end);
  expect(framesOf(timeline, second, 'data_engineer')).toEqual([1, 0]);
});

test('a verdict that was not yet given at a moment is marked so', () => {
  const named = (index: number, at: number) =>
    scopesOf(index, timeline.stops[at]!, {
      timeline,
      handed: () => ({ consumes: [], produces: [] }),
      text: () => '',
      workspace: new Map(),
      budget: new Budgeted(sample, null),
    })[1]!.name;
  expect([0, 4, 5, 6].map((at) => [at, named(0, at)])).toEqual([
    [0, 'Verdict, given later'],
    [4, 'Verdict, given later'],
    [5, 'Verdict'],
    [6, 'Verdict'],
  ]);
});

test('running stops where a filter wants it, in both directions', () => {
  const broken = new Set(['contractBroken']);
  const hit = (stop: (typeof timeline.stops)[number]) => filterHit(timeline, stop, broken, 5);
  const first = run(timeline, 0, 1, hit);
  expect(at(first.at)).toBe('checked data_engineer.0.0');
  expect(first.reason).toContain('the id column is among the features');
  const back = run(timeline, timeline.stops.length - 1, -1, hit);
  expect(at(back.at)).toBe('checked data_engineer.0.1');
  expect(run(timeline, 0, -1, hit)).toEqual({ at: 0, reason: null });
});

test.each([
  // Before an action nothing of it is known, and no artifact is there yet.
  ['score < 5', 0, false],
  ['tokens > 0', 0, false],
  ['X_train.rows > 0', 0, false],
  ['turn == 1 and visit == 1', 0, true],
  ['tokens > 0', 1, true],
  ['tool == "ok" and programs == 1', 2, true],
  ['X_train.rows > 0 and agent == "data_engineer"', 3, true],
  ['count(breaches) > 0 and status == "done"', 3, false],
  ['count(breaches) > 0 and status == "done"', 4, true],
  ['score < 5', 4, false],
  ['score < 5', 5, true],
  // The next action knows the artifacts of the one before, and not its score.
  ['X_train.rows > 0 and score == null', 6, true],
  ['nothing.like_it == 1', 6, false],
])('the condition %s at stop %d is %s: only what was known then', (text, stop, wanted) => {
  const lookup = lookupAt(timeline, timeline.stops[stop]!, null);
  expect(holds(parseCondition(text) as Expression, lookup)).toBe(wanted);
});

test.each([
  ['score <', 'ends too early'],
  ['scoer < 5', 'Nothing here is called "scoer". An action has score, code, tokens'],
  ['X_train.row > 0', 'Did you mean "rows"?'],
  ['X_train > 0', 'Nothing here is called "X_train". '],
  ['rows_of(1) > 0', 'There is no function "rows_of"'],
])('the condition %s says what is wrong with it', (text, wanted) => {
  const kinds = new Map([['X_train', { kind: 'table' }]]);
  expect(parseCondition(text, kinds)).toMatchObject({ wrong: expect.stringContaining(wanted) });
});

test.each(['task.depth > 2', 'X_train.rows > 0 or code == "target.leaked"', 'status == "blocked"'])(
  'the condition %s is fine',
  (text) => {
    expect(parseCondition(text, new Map([['X_train', { kind: 'table' }]]))).not.toHaveProperty('wrong');
  },
);

test.each([
  ['3', 2, false],
  ['3', 3, true],
  ['> 3', 3, false],
  ['== 2', 2, true],
  ['% 2', 4, true],
  ['% 2', 5, false],
])('hit count %s at hit %d is %s', (text, hits, wanted) => {
  expect(countMet(text, hits)).toBe(wanted);
});

test('log points fill in what is known and leave the rest', () => {
  expect(fillLog('{agent} got {score}, {nobody}', lookupAt(timeline, timeline.stops[5]!, null))).toBe(
    'data_engineer got 2, {nobody}',
  );
});

test('a rollout that goes on stands where it is held', () => {
  const some = events.slice(0, 7);
  const live = timelineOf('r', some, [], {
    action: 'modeler.0.0',
    agent: 'modeler',
    says: 'before modeler.0.0',
  });
  const last = live.stops.at(-1)!;
  expect(last).toMatchObject({ is: 'before', says: 'before modeler.0.0' });
  expect(live.actions[last.action]).toMatchObject({ id: 'modeler.0.0', agent: 'modeler', call: null });
  expect(live.outcome).toBeNull();
});

test('lines of a log are found without decoding them, and decoded one by one', () => {
  const path = folder.rollout('run.penguins-0.0');
  const lines = scanLines(path);
  expect(lines.map(({ type }) => type)).toEqual(events.map(({ type }) => type));
  expect(lines.map((line) => readLine(path, line)?.seq)).toEqual(events.map(({ seq }) => seq));
  expect(scanLines(path, lines[3]!.offset)).toEqual(lines.slice(3));
});

test('a traceback names the failing line of the program itself', () => {
  const text = `Traceback (most recent call last):
  File "program.py", line 4, in <module>
    fit(x)
  File "/usr/lib/python3/site-packages/tab.py", line 90, in fit
    raise ValueError("no")
ValueError: no`;
  expect(failingLine(text)).toEqual({ line: 4, error: 'ValueError: no' });
  expect(failingLine('nothing')).toBeNull();
  // What the program calls has lines of its own; what is marked is where the program called it.
  const called =
    'File "program.py", line 3, in <module>\n  File "/run/modules/0/tab.py", line 51, in read\nOSError: no';
  expect(failingLine(called)).toEqual({ line: 3, error: 'OSError: no' });
});

test('conditions know the task of a recorded run, and its spending is counted up to a moment', async () => {
  const place = mkdtempSync(join(tmpdir(), 'baton-asked-'));
  try {
    const text = `baton: 1
models: {m: {provider: openai, base_url: "http://127.0.0.1:1/v1", model: m}}
tasks: [{id: long, prompt: go, depth: 3}]
agents: {agent_0: {role: Write.}}
limits: {tokens: 8000}
`;
    const made = Run.open(await longRollout(join(place, 'a.baton.yaml'), text, 1), false);
    if (!(made instanceof Run)) throw new Error(made.unreadable);
    expect(taskNameOf(made, 'long-0')).toBe('long');
    const { task, limits } = askedOf(made, 'long');
    const { events: logged } = readLog(made.folder.rollout('long-0'));
    const own = timelineOf('long-0', logged);
    const holdsFor = (known: typeof task) =>
      holds(parseCondition('task.depth == 3') as Expression, lookupAt(own, own.stops[0]!, known));
    expect([holdsFor(task), holdsFor(null)]).toEqual([true, false]);
    const budget = new Budgeted(made, limits);
    expect(budget.nearly(logged[0]!.at - 1)).toBeNull();
    expect(budget.nearly(logged.at(-1)!.at)).toBe('88 % of the budget is spent');
    expect(new Budgeted(made, null).nearly(Date.now())).toBeNull();
    const bought = logged.flatMap((event) => (event.type === 'model.called' ? [event.data.usage] : []));
    const tokens = bought.reduce((sum, usage) => sum + usage.promptTokens + usage.replyTokens, 0);
    expect(budget.at(logged.at(-1)!.at)).toMatchObject({ calls: bought.length, tokens });
    const stop = own.stops.at(-1)!;
    const scopes = scopesOf(0, stop, {
      timeline: own,
      handed: () => ({ consumes: [], produces: [] }),
      text: () => '',
      workspace: new Map(),
      budget,
    });
    const shown = scopes.find(({ name }) => name === 'Budget of the run')!.variables();
    expect(shown).toContainEqual({ name: 'tokens', value: `${tokens} of 8000` });
    expect(shown).toContainEqual({ name: 'calls', value: String(bought.length) });
    expect(askedOf(made, 'another').task).toBeNull();
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}, 60_000);

test('the minutes of a run that was stopped and resumed are those of all its sittings', async () => {
  const place = mkdtempSync(join(tmpdir(), 'baton-sittings-'));
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    const made = RunFolder.create(join(place, 'run-1'), new RunFolder(sample.folder.path).readInfo());
    const { log } = await LogWriter.open(made.log);
    const minute = 60_000;
    const append = (minutes: number, happening: Parameters<typeof log.append>[0]) => {
      vi.setSystemTime(minutes * minute);
      log.append(happening);
    };
    append(10, { type: 'run.started', data: { pid: 1, host: 'here', version: '0' } });
    append(14, { type: 'run.paused', data: { why: 'cancelled' } });
    append(700, { type: 'run.resumed', data: { pid: 2 } });
    await log.close();
    const action = { seconds: 60, memory_mb: 1, processes: 1, disk_mb: 1, output_kb: 1 };
    const budget = new Budgeted(Run.open(made, true) as Run, { minutes: 10, action });
    const minutes = (at: number) => budget.at(at * minute).seconds / 60;
    expect([12, 14, 600, 700, 705].map(minutes)).toEqual([2, 4, 4, 4, 9]);
    expect(budget.nearly(703 * minute)).toBeNull();
    expect(budget.nearly(705 * minute)).toBe('90 % of the budget is spent');
  } finally {
    vi.useRealTimers();
    rmSync(place, { recursive: true, force: true });
  }
});
