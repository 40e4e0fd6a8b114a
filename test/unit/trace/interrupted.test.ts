// An action that was stopped in the middle and gone on with is logged as started twice; its reply is bought once.
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { actionsOf } from '../../../src/coach/index.js';
import {
  type EventData,
  exportedRollouts,
  type Happening,
  LogWriter,
  RunFolder,
  readLog,
} from '../../../src/trace/index.js';

const action = 'writer.0.0';
const started: Happening = {
  type: 'action.started',
  data: { action, agent: 'writer', visit: 0, turn: 0, arm: 'main' },
};
const call: EventData<'model.called'> = {
  ...{ action, call: 0, attempt: 0, model: 'm', policy: 'm', weights: null },
  ...{ messages: '[]', reply: 'said', promptIds: null, ids: null, logprobs: null },
  ...{ temperature: 0, topP: 1, seed: 0, finish: 'stop', dollars: 0, seconds: 0 },
  usage: { promptTokens: 3, replyTokens: 4, counted: true },
};
const ran = (index: number, stdout: string): Happening => ({
  type: 'tool.ran',
  data: {
    ...{ action, tool: 'python', index, program: 'p', outcome: 'ok', exitCode: 0, stdout, stderr: '' },
    ...{ cut: false, seconds: 1, memoryMb: null, reads: [] },
  },
});
const finished: Happening = {
  type: 'action.finished',
  data: {
    ...{ action, agent: 'writer', status: 'done', why: null },
    ...{ wrote: [], deleted: [], refused: [], commit: null },
  },
};

test('what reads the log sees one action, its reply, and what its programs did the last time', async () => {
  const folder = new RunFolder(mkdtempSync(join(tmpdir(), 'baton-interrupted-')));
  mkdirSync(join(folder.path, 'rollouts'));
  const { log } = await LogWriter.open(folder.rollout('run.t.0'));
  const called: Happening = { type: 'model.called', data: call };
  for (const event of [started, called, ran(0, 'first'), ran(1, 'cut'), started, ran(0, 'second'), finished])
    log.append(event);
  await log.close();
  const run = await LogWriter.open(folder.log);
  run.log.append({
    type: 'rollout.ended',
    data: {
      ...{ rollout: 'run.t.0', task: 't', stratum: 's', group: 'g', sample: 0, step: 'run', branch: 'main' },
      ...{ status: 'done', outcome: null, scores: [], repaired: { failed: 0, repaired: 0 } },
      ...{ head: '', seconds: 1 },
    },
  });
  await run.log.close();

  const [judged, ...others] = actionsOf(readLog(folder.rollout('run.t.0')).events);
  expect(others).toEqual([]);
  expect(judged?.call).toMatchObject({ reply: 'said' });
  expect(judged?.tools.map(({ stdout }) => stdout)).toEqual(['second']);
  expect(judged?.finished?.status).toBe('done');

  const [rollout] = [...exportedRollouts(folder)];
  expect(rollout?.actions).toMatchObject([
    { action, status: 'done', call: { reply: 'said' }, tools: [{ stdout: 'second' }] },
  ]);
});
