import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  LogTail,
  LogWriter,
  RolloutPages,
  type RolloutRow,
  RunFolder,
  readLog,
  reopenedIn,
} from '../../../src/trace/index.js';

function row(rollout: string, seconds: number): RolloutRow {
  return {
    ...{ rollout, task: 't', stratum: 's', group: 'g', sample: 0, step: 'run', branch: 'main' },
    ...{ status: 'done', outcome: null, scores: [], repaired: { failed: 0, repaired: 0 }, head: '', seconds },
  };
}

test('a rollout is found by its name, also one that ended since; another’s name in a text is not it', async () => {
  const folder = new RunFolder(mkdtempSync(join(tmpdir(), 'baton-pages-')));
  const { log } = await LogWriter.open(folder.log);
  for (let at = 0; at < 20; at++) log.append({ type: 'rollout.ended', data: row(`run.${at}.0`, at) });
  const misleading = { ...row('run.other.0', 99), task: '"rollout":"run.7.0"' };
  log.append({ type: 'rollout.ended', data: misleading });
  await log.sync();
  const pages = new RolloutPages(folder);
  expect(pages.find('run.7.0')?.seconds).toBe(7);
  expect(pages.find('run.21.0')).toBeUndefined();
  log.append({ type: 'rollout.ended', data: row('run.21.0', 21) });
  await log.sync();
  expect(pages.find('run.21.0')?.seconds).toBe(21);
  expect(pages.names(19)).toEqual(['run.19.0', 'run.other.0', 'run.21.0']);
  expect(pages.names(22)).toEqual([]);
  await log.close();
});

test('a tail gives each event once, and waits for the rest of a line', async () => {
  const folder = new RunFolder(mkdtempSync(join(tmpdir(), 'baton-tail-')));
  const tail = new LogTail(folder.log);
  expect(tail.read()).toBeNull();
  const { log } = await LogWriter.open(folder.log);
  log.append({ type: 'run.continued', data: {} });
  await log.sync();
  expect(tail.read()?.map(({ event }) => event.type)).toEqual(['run.continued']);
  expect(tail.read()).toBeNull();
  log.append({ type: 'run.paused', data: { why: 'x' } });
  await log.close();
  expect(tail.read()?.map(({ event }) => event.type)).toEqual(['run.paused']);
});

test('a row counts no more once its rollout was taken up again, also for who has read it before', async () => {
  const folder = new RunFolder(mkdtempSync(join(tmpdir(), 'baton-again-')));
  const { log } = await LogWriter.open(folder.log);
  for (let at = 0; at < 5; at++) log.append({ type: 'rollout.ended', data: row(`run.${at}.0`, at) });
  await log.sync();
  const pages = new RolloutPages(folder);
  expect([pages.count(), pages.leftOut]).toEqual([5, 0]);
  log.append({ type: 'rollout.reopened', data: { rollout: 'run.1.0' } });
  log.append({ type: 'rollout.reopened', data: { rollout: 'run.3.0' } });
  log.append({ type: 'rollout.ended', data: row('run.3.0', 33) });
  await log.sync();
  const left = ['run.0.0', 'run.2.0', 'run.4.0', 'run.3.0'];
  for (const each of [pages, new RolloutPages(folder)]) {
    expect([each.names(0), each.leftOut]).toEqual([left, 2]);
    expect(each.find('run.1.0')).toBeUndefined();
    expect(each.find('run.3.0')?.seconds).toBe(33);
  }
  expect([...reopenedIn(readLog(folder.log).events)]).toEqual(['run.1.0']);
  await log.close();
});
