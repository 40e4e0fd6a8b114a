import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { culprit } from '../../../src/coach/index.js';
import { lastFailed } from '../../../src/editor/debug/last-failed.js';
import type { Host } from '../../../src/editor/host.js';
import { evidencePath } from '../../../src/editor/runs/evidence-path.js';
import { blamedRole, filterOf, isFiltering, passes } from '../../../src/editor/runs/filter.js';
import { evaluated, measuredIn, measuredWords } from '../../../src/editor/runs/measured.js';
import { filesAt, textOf } from '../../../src/editor/runs/moments.js';
import { Run } from '../../../src/editor/runs/run.js';
import { underWay } from '../../../src/editor/runs/under-way.js';
import { Scores } from '../../../src/editor/scores/book.js';
import { ScoreBook } from '../../../src/editor/scores/stats.js';
import {
  keepOverrule,
  type LogEvent,
  LogWriter,
  listRuns,
  RunFolder,
  readLog,
  takeLock,
} from '../../../src/trace/index.js';

let place: string;
let run: Run;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'baton-runs-'));
  cpSync(join(import.meta.dirname, '../../../media/sample/runs'), join(place, 'team/.baton/runs'), {
    recursive: true,
  });
  const [folder] = listRuns(join(place, 'team'));
  const found = Run.open(folder!, false);
  if (!(found instanceof Run)) throw new Error(found.unreadable);
  run = found;
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

test('whatever a verdict rests on can be opened', () => {
  const kinds = new Set<string>();
  for (const row of run.pages.page(0, 100)) {
    const { events } = readLog(run.folder.rollout(row.rollout));
    for (const event of events)
      for (const each of event.type === 'verdict' ? event.data.evidence : []) {
        const path = evidencePath(each, (event.data as { action: string }).action, events);
        const [, action, rest] = /^at\/([^/]+)\/(.+)$/.exec(path)!;
        const file = /^files\/(.+)$/.exec(rest!)?.[1];
        kinds.add(file ? 'file' : rest!.replace(/\d+/, 'n'));
        if (file) expect(filesAt(run, row.rollout, action!).has(file), path).toBe(true);
        else expect(textOf(run, row.rollout, action!, rest!), path).toBeTruthy();
      }
  }
  // Faults of programs, of files that are there, and of such as were never written.
  expect([...kinds]).toEqual(expect.arrayContaining(['file', 'program-n.py']));
});

test('rollouts that came to no end count in no share, and are counted beside it', () => {
  const rows = run.pages.page(0, 100);
  const lost = rows
    .slice(0, 2)
    .map((row) => ({ ...row, status: 'failed' as const, outcome: null, scores: [] }));
  const book = new ScoreBook();
  book.add(lost);
  expect(book.read()).toMatchObject({ rollouts: 0, lost: 2, succeeded: 0 });
  book.add(rows);
  const whole = new ScoreBook();
  whole.add(rows);
  expect(book.read()).toEqual({ ...whole.read(), lost: 2 });
});

test('a finished run says how many of its rollouts came to no end', async () => {
  const folder = new RunFolder(join(place, 'team/.baton/runs/lost'));
  cpSync(run.folder.path, folder.path, { recursive: true });
  const { log } = await LogWriter.open(folder.log);
  const summary = { rollouts: 0, lost: 2, success: null };
  log.append({ type: 'run.finished', data: { status: 'done', reason: null, summary } });
  await log.close();
  expect(Run.open(folder, false)).toMatchObject({ success: null, lost: 2 });
  rmSync(folder.path, { recursive: true });
});

test('choices of one kind are alternatives, those of several kinds are asked together', () => {
  const rows = run.pages.page(0, 100);
  const by = (...choices: Parameters<typeof filterOf>[0]) =>
    rows.filter((row) => passes(row, filterOf(choices)));
  const broke = (role: string) => rows.filter((row) => blamedRole(row) === role).length;
  expect(broke('analyst') * broke('modeler')).toBeGreaterThan(0);
  expect(by({ blamed: ['analyst'] }, { blamed: ['modeler'] })).toHaveLength(
    broke('analyst') + broke('modeler'),
  );
  expect(by({ outcome: ['failed'] }, { outcome: ['succeeded'] })).toHaveLength(rows.length);
  expect(by({ blamed: ['analyst'] }, { outcome: ['succeeded'] })).toHaveLength(0);
  expect(by()).toHaveLength(rows.length);
  expect(isFiltering(filterOf([]))).toBe(false);
});

test('a run is of its workflow also where the folder was moved or is reached by a link', () => {
  const name = basename(run.info.file);
  expect(run.ranWith(`\uFEFF${run.workflow.replace('\n', '\r\n')}`)).toBe(true);
  expect(run.ranWith(`${run.workflow}\n`)).toBe(false);
  expect(run.isOf(run.info.file)).toBe(true);
  expect(run.isOf(join(place, 'team', name))).toBe(true);
  symlinkSync(join(place, 'team'), join(place, 'link'));
  expect(run.isOf(join(place, 'link', name))).toBe(true);
  expect(run.isOf(join(place, 'team', 'other.baton.yaml'))).toBe(false);
  expect(run.isOf(join(place, name))).toBe(false);
});

test('the file of a workflow is the one beside the runs, wherever they were moved to', () => {
  const name = basename(run.info.file);
  expect(run.workflowFile).toBe(run.info.file);
  const beside = join(place, 'team', name);
  writeFileSync(beside, run.workflow);
  expect(run.workflowFile).toBe(beside);
  rmSync(beside);
});

test('what has begun and not ended is under way while its run is live, also when it was cut off and goes on', async () => {
  const { log } = await LogWriter.open(run.folder.rollout('run.new.0'));
  const started = { rollout: 'run.new.0', task: 'new', stratum: 's', sample: 0, step: 'run' };
  log.append({
    type: 'rollout.started',
    data: { ...started, branch: 'main', seed: 1, policies: {}, parent: null },
  });
  const begins = { action: 'writer.0.0', agent: 'writer', visit: 0, turn: 0, arm: '' };
  log.append({ type: 'action.started', data: begins });
  await log.sync();
  expect(underWay(run)).toEqual([]);
  const taken = takeLock(run.folder.lock);
  if (!('lock' in taken)) throw new Error('the lock is taken');
  // Those of the recorded run have ended.
  expect(underWay(run)).toEqual([{ rollout: 'run.new.0', task: 'new', acting: ['writer'] }]);
  log.append({ type: 'rollout.finished', data: { status: 'cancelled', reason: null } });
  await log.sync();
  expect(underWay(run)).toEqual([]);
  log.append({ type: 'action.started', data: { ...begins, action: 'writer.0.1', turn: 1 } });
  await log.close();
  expect(underWay(run)).toEqual([{ rollout: 'run.new.0', task: 'new', acting: ['writer'] }]);

  // One that had ended is taken up again: its row is gone, and it goes on.
  const [row] = run.pages.page(0, 1);
  const scores = new Scores({} as Host);
  const before = scores.of(run).rollouts;
  for (const path of [run.folder.log, run.folder.rollout(row!.rollout)]) {
    const { log: own } = await LogWriter.open(path);
    own.append({ type: 'rollout.reopened', data: { rollout: row!.rollout } });
    await own.close();
  }
  expect(run.pages.find(row!.rollout)).toBeUndefined();
  expect(underWay(run).map(({ rollout }) => rollout)).toEqual(['run.new.0', row!.rollout].sort());
  expect(scores.of(run).rollouts).toBe(before - 1);
  taken.lock.release();
});

test('a checkpoint says how it did on held-out tasks: as the newest evaluation of it found, else its own training', () => {
  const evaluation = (name: string, split: string, success: object) =>
    ({ type: 'evaluation', data: { name, split, policies: {}, report: { success } } }) as unknown as LogEvent;
  const half = { mean: 0.5, low: 0.254, high: 0.746, n: 4 };
  const trained = measuredIn('t', [
    evaluation('step-1', 'select', half),
    evaluation('step-2', 'test', half),
    // Too few tables for an interval; and a report that is none.
    evaluation('step-3', 'test', { mean: 1, low: null, high: null, n: 1 }),
    evaluation('step-4', 'test', { mean: null }),
  ]);
  expect([...trained.keys()]).toEqual(['step-2', 'step-3']);
  expect(measuredWords(trained.get('step-2')!)).toEqual({
    short: 'test 50 %',
    long: '50 % [25, 75] of held-out rollouts succeeded (t)',
  });
  expect(measuredWords(trained.get('step-3')!).long).toBe('100 % of held-out rollouts succeeded (t)');
  const runOf = (name: string, kind: string, from: string, mean: number) =>
    ({
      ...{ folder: { name }, info: { kind, options: { from } } },
      tail: () => [evaluation('step-2', 'test', { ...half, mean })],
    }) as unknown as Run;
  const runs = [
    runOf('new', 'eval', '/a/.baton/runs/t:step-2', 0.75),
    runOf('old', 'eval', '/a/.baton/runs/t:step-2', 0.25),
    runOf('other', 'run', '/a/.baton/runs/t:step-3', 0),
  ];
  const found = evaluated(runs, (each) => measuredIn(each.folder.name, each.tail()));
  expect([...found]).toEqual([['t:step-2', { mean: 0.75, low: 0.254, high: 0.746, run: 'new' }]]);
});

test('rows, who is blamed and means follow what a person says, also of a run that was read before', async () => {
  const copy = join(place, 'judged');
  cpSync(join(place, 'team'), copy, { recursive: true });
  const read = Run.open(listRuns(copy)[0]!, false);
  if (!(read instanceof Run)) throw new Error(read.unreadable);
  const scores = new Scores({} as Host);
  const before = scores.of(read);
  const broken = read.pages.all().find((row) => blamedRole(row) === 'analyst')!;
  const { rollout } = broken;
  const { action } = culprit(broken)!;
  const { agent: first, action: began } = broken.scores[0]!;
  const stamp = read.stamp();

  const word = { rollout, reason: 'I looked.', author: 'me' };
  await keepOverrule(read.folder, { ...word, action, score: 9 });
  expect(read.stamp()).not.toBe(stamp);
  expect(read.isOverruled(rollout, action)).toBe(true);
  expect(read.isOverruled(rollout, began)).toBe(false);
  expect(blamedRole(read.pages.find(rollout)!)).toBeNull();
  const cleared = scores.of(read).roles.get('analyst')!;
  expect(cleared.broke).toBe(before.roles.get('analyst')!.broke - 1);
  expect(cleared.mean).toBeGreaterThan(before.roles.get('analyst')!.mean!);

  await keepOverrule(read.folder, { ...word, action: began, score: 0 });
  expect(blamedRole(read.pages.find(rollout)!)).toBe(first);
  expect(read.pages.all().find((row) => row.rollout === rollout)!.scores[0]).toMatchObject({
    ...{ score: 0, code: 'judged.low', diagnosis: 'me: I looked.' },
  });
});

test('a rollout that came to no end has failed of nobody’s doing, and a branch is no rollout of its run', async () => {
  const copy = join(place, 'lost');
  cpSync(join(place, 'team'), copy, { recursive: true });
  const read = Run.open(listRuns(copy)[0]!, false);
  if (!(read instanceof Run)) throw new Error(read.unreadable);
  const count = read.pages.count();
  const failed = lastFailed(read)!;
  expect(failed.outcome!.success).toBe(false);
  expect(read.forks).toBe(0);

  const { log } = await LogWriter.open(read.folder.log);
  const lost = { rollout: 'run.lost.0', status: 'failed' as const, outcome: null, scores: [] };
  log.append({ type: 'rollout.ended', data: { ...failed, ...lost } });
  const branch = { rollout: `${failed.rollout}.fork-1`, branch: 'fork-1' };
  log.append({ type: 'rollout.ended', data: { ...failed, ...branch } });
  await log.close();
  const own = await LogWriter.open(read.folder.rollout('run.lost.0'));
  own.log.append({ type: 'rollout.finished', data: { status: 'failed', reason: 'HTTP 401: no key' } });
  await own.log.close();

  expect([read.pages.count(), read.forks]).toEqual([count + 2, 1]);
  expect(lastFailed(read)!.rollout).toBe(failed.rollout);
  const row = read.pages.find('run.lost.0')!;
  expect(passes(row, filterOf([{ outcome: ['failed'] }]))).toBe(false);
  expect(passes(row, filterOf([{ outcome: ['lost'] }]))).toBe(true);
  expect(read.lostReason('run.lost.0')).toBe('HTTP 401: no key');
});
