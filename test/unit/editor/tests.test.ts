// What the Test Explorer's tests rest on: which are meant, when a run has ended, and one run at a time.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { chosen, tasksOf } from '../../../src/editor/tests/chosen.js';
import { rolloutsOf } from '../../../src/editor/tests/following.js';
import { LastWins } from '../../../src/editor/tests/last-wins.js';
import { type Happening, LogWriter, RunFolder } from '../../../src/trace/index.js';

interface Item {
  id: string;
  parent: Item | undefined;
}
const workflow: Item = { id: 'file', parent: undefined };
const task = (name: string): Item => ({ id: `file#${name}`, parent: workflow });
const tasks = ['a', 'b', 'c'].map(task);

describe('which tasks are meant', () => {
  const meant = (included: Item[], excluded: Item[] = []) =>
    chosen(included, excluded).map((each) => {
      const { items, all } = tasksOf(each, tasks);
      return [items.map(({ id }) => id), all];
    });
  test('a workflow means all of its tasks, which then need no names', () => {
    expect(meant([workflow])).toEqual([[['file#a', 'file#b', 'file#c'], true]]);
    expect(meant([task('b'), workflow])).toEqual([[['file#a', 'file#b', 'file#c'], true]]);
  });
  test('some of its tasks', () => {
    expect(meant([task('a'), task('c')])).toEqual([[['file#a', 'file#c'], false]]);
  });
  test('what is excluded is left out, also where its workflow is asked for', () => {
    expect(meant([workflow], [task('b')])).toEqual([[['file#a', 'file#c'], false]]);
    expect(meant([task('a'), task('b')], [task('b')])).toEqual([[['file#a'], false]]);
    expect(meant([workflow, task('a')], [workflow])).toEqual([]);
  });
});

describe('when a run has ended', () => {
  const ended = (name: string): Happening => ({
    type: 'rollout.ended',
    data: {
      ...{ rollout: `run.${name}-0.0`, task: name, stratum: 'all', group: name, sample: 0, step: 'run' },
      ...{ status: 'done', outcome: null, scores: [], repaired: { failed: 0, repaired: 0 } },
      ...{ head: '', seconds: 1 },
    },
  });
  const finished: Happening = {
    type: 'run.finished',
    data: { status: 'done', reason: null, summary: null },
  };
  /** A run that is followed while the test writes it; `live`: whether a process does. */
  async function followed() {
    const folder = new RunFolder(mkdtempSync(join(tmpdir(), 'baton-run-')));
    const { log } = await LogWriter.open(folder.log);
    const run = { folder, live: true };
    const seen: string[] = [];
    const over = (async () => {
      for await (const row of rolloutsOf(run)) seen.push(row.task);
    })();
    const write = async (...happenings: Happening[]) => {
      for (const each of happenings) log.append(each);
      await log.sync();
    };
    return { run, seen, over, write, close: () => log.close() };
  }

  test('a pause by hand and a wait for the editor are no end', async () => {
    const { seen, over, write, close } = await followed();
    await write({ type: 'run.paused', data: { why: 'paused by hand' } }, ended('a'));
    await expect.poll(() => seen).toEqual(['a']);
    await write({ type: 'run.continued', data: {} });
    await write({ type: 'run.paused', data: { why: 'waiting for the editor' } }, ended('b'));
    await expect.poll(() => seen).toEqual(['a', 'b']);
    await write(ended('c'), finished);
    await over;
    expect(seen).toEqual(['a', 'b', 'c']);
    await close();
  });

  test('a process that is gone has ended it, after what it wrote last', async () => {
    const { run, seen, over, write, close } = await followed();
    await write(ended('a'));
    run.live = false;
    await over;
    expect(seen).toEqual(['a']);
    await close();
  });
});

describe('one run at a time', () => {
  test('asked again meanwhile, it stops what goes on, and the last asking wins', async () => {
    const log: string[] = [];
    let at = 0;
    const work = new LastWins(async (stop) => {
      const own = ++at;
      log.push(`begin ${own}`);
      if (own < 2) await new Promise((resolve) => stop.addEventListener('abort', resolve));
      log.push(`${stop.aborted ? 'stopped' : 'end'} ${own}`);
    });
    const first = work.ask();
    await Promise.all([work.ask(), work.ask()]);
    await first;
    expect(log).toEqual(['begin 1', 'stopped 1', 'begin 2', 'end 2']);
    await work.ask();
    expect(log.slice(4)).toEqual(['begin 3', 'end 3']);
  });

  test('stopped for good, it does not begin again, and a failure is no reason to stay away', async () => {
    let times = 0;
    const work = new LastWins(async (stop) => {
      times += 1;
      if (times === 1) throw new Error('no sandbox');
      await new Promise((resolve) => stop.addEventListener('abort', resolve));
    });
    await expect(work.ask()).rejects.toThrow('no sandbox');
    const second = work.ask();
    work.stop();
    await second;
    expect(times).toBe(2);
  });
});
