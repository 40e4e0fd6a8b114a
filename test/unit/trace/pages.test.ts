import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LogTail, LogWriter, RolloutPages, type RolloutRow, RunFolder } from '../../../src/trace/index.js';

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
