// A debug session over the sample run, spoken to as an editor speaks to it.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { expect, test } from 'vitest';
import { RoleLines } from '../../../src/editor/debug/breakpoints.js';
import type { LiveRun } from '../../../src/editor/debug/live.js';
import { RolloutSession } from '../../../src/editor/debug/session.js';
import { timelineOf } from '../../../src/editor/debug/timeline.js';
import { Run } from '../../../src/editor/runs/run.js';
import { RunFolder, readLog } from '../../../src/trace/index.js';
import { DapClient } from '../../dap.js';

const runs = join(import.meta.dirname, '../../../media/sample/runs');
const run = Run.open(new RunFolder(join(runs, readdirSync(runs)[0]!)), true) as Run;
const rollout = 'run.penguins-0.0';
const timeline = timelineOf(rollout, readLog(run.folder.rollout(rollout)).events);
const source = { path: '/table-team.baton.yaml', name: 'table-team.baton.yaml' };
const roles = new RoleLines([
  { role: 'data_engineer', from: 10, to: 14 },
  { role: 'modeler', from: 15, to: 19 },
  { role: 'analyst', from: 20, to: 24 },
]);

/** What was asked of the sandbox. */
const looked: (string | null)[][] = [];

/** A session that stands before the first action. */
async function opened(filters: object = { filters: [] }): Promise<DapClient> {
  const recording = {
    timeline,
    run: 'key',
    source,
    isSource: (path: string) => path === source.path,
    roles,
    handed: () => ({ consumes: [], produces: ['X_train'] }),
    kinds: new Map([['X_train', { kind: 'table' }]]),
    inspect: async (names: string[], of: string, after: string | null) => {
      looked.push([...names, of, after]);
      return after === null ? {} : { X_train: { exists: true, rows: 140, covers: null, head: [[1, 2]] } };
    },
    text: () => '[]',
    scoreBelow: 5,
    startAt: null,
    task: null,
    budget: {
      at: () => ({ calls: 1, tokens: 2, dollars: 0, seconds: 3 }),
      nearly: (time: number) => (time === timeline.events.at(-1)!.at ? null : '90 % of the budget is spent'),
      limits: null,
    },
    onMoment: () => undefined,
    live: null,
  };
  const client = new DapClient(
    new RolloutSession(
      async () => recording,
      async () => roles,
    ),
  );
  await client.ask('initialize', { adapterID: 'baton', pathFormat: 'path' });
  await client.ask('launch', {});
  await client.event('initialized');
  await client.ask('setExceptionBreakpoints', filters);
  await client.ask('configurationDone');
  expect(await client.stopped()).toBe('before data_engineer.0.0');
  return client;
}

const breakpoints = (client: DapClient, ...asked: Dap.SourceBreakpoint[]) =>
  client.ask<Dap.SetBreakpointsResponse['body']>('setBreakpoints', { source, breakpoints: asked });

test('each role is a thread, and each of its actions a frame, the latest first', async () => {
  const client = await opened();
  const { threads } = await client.ask<Dap.ThreadsResponse['body']>('threads');
  expect(threads.map(({ name }) => name)).toEqual(['data_engineer', 'modeler', 'analyst']);
  await client.move('next');
  const { stackFrames } = await client.ask<Dap.StackTraceResponse['body']>('stackTrace', { threadId: 1 });
  expect(stackFrames.map(({ name, line }) => [name.split(': ')[0], line])).toEqual([
    ['before data_engineer.0.1', 10],
    ['data_engineer.0.0', 10],
  ]);
  const none = await client.ask<Dap.StackTraceResponse['body']>('stackTrace', { threadId: 3 });
  expect(none.stackFrames).toEqual([]);
});

test('it steps into the model call, the tool run, the artifact check and the verdict, and over all of them', async () => {
  const client = await opened();
  expect(await client.move('stepIn')).toMatch(/: the model answered, \d+ tokens$/);
  expect(await client.move('stepIn')).toMatch(/: program 1: ok$/);
  expect(await client.move('stepIn')).toContain('the id column is among the features');
  expect(await client.move('stepIn')).toMatch(/^data_engineer\.0\.0 is done$/);
  expect(await client.move('stepIn')).toMatch(/: verdict 2: /);
  expect(await client.move('stepBack')).toMatch(/^before data_engineer\.0\.0$/);
  expect(await client.move('next')).toMatch(/^before data_engineer\.0\.1$/);
});

test('it goes on to the end, back to the start, and starts over', async () => {
  const client = await opened();
  expect(await client.move('continue')).toContain('the rollout failed');
  expect(client.said).toEqual([`${rollout}: the rollout failed`]);
  expect(await client.move('reverseContinue')).toMatch(/^before data_engineer\.0\.0$/);
  await client.move('continue');
  expect(await client.move('restart')).toMatch(/^before data_engineer\.0\.0$/);
  await client.move('continue');
  await client.ask('continue', { threadId: 1 });
  await client.event('terminated');
});

test('breakpoints stop at their role; conditions and hit counts decide, and a log point only says', async () => {
  const client = await opened();
  const set = await breakpoints(
    client,
    { line: 12, hitCondition: '3' },
    { line: 16, condition: 'turn == 1', logMessage: '{agent} has acted {turn} times' },
    { line: 21, condition: 'X_train.rows < 0' },
    { line: 22, condition: 'score <' },
    { line: 1 },
    { line: 12, condition: 'scoer < 5' },
    { line: 12, hitCondition: 'often' },
  );
  expect(set.breakpoints.map(({ verified, line }) => [verified, line])).toEqual([
    [true, 10],
    [true, 15],
    [true, 20],
    [false, 20],
    [false, 1],
    [false, 10],
    [false, 10],
  ]);
  expect(set.breakpoints[3]!.message).toContain('ends too early');
  expect(set.breakpoints[4]!.message).toBe('Set breakpoints on the lines of a role.');
  expect(set.breakpoints[5]!.message).toContain('Nothing here is called "scoer". An action has score');
  expect(set.breakpoints[6]!.message).toContain('"often" is none');
  const at = await client.move('continue');
  expect(client.said.concat(at).join('\n')).toContain('modeler has acted 1 times');
  // The role acts twice.
  expect(at).toContain('the rollout failed');
  // Its first action, where it stands at the start, is the first hit; and whichever way one comes.
  await breakpoints(client, { line: 12, hitCondition: '== 2' });
  expect(await client.move('reverseContinue')).toMatch(/^before data_engineer\.0\.1$/);
  await client.move('restart');
  expect(await client.move('continue')).toMatch(/^before data_engineer\.0\.1$/);
  await breakpoints(client, { line: 21 });
  await client.move('continue');
  await client.move('continue');
  expect(await client.move('reverseContinue')).toMatch(/^before analyst\.0\.0$/);
  await breakpoints(client, { line: 21, condition: 'X_train.rows > 0 and agent == "analyst"' });
  await client.move('restart');
  expect(await client.move('continue')).toMatch(/^before analyst\.0\.0$/);
});

test.each([
  ['contractBroken', /the id column is among the features/],
  ['lowScore', /: verdict 2: /],
  ['budgetNearlySpent', /: the model answered/],
])('the filter %s stops there', async (filter, wanted) => {
  const client = await opened({ filters: [filter] });
  expect(await client.move('continue')).toMatch(wanted);
  // The console says why in full.
  expect(client.said[0]).toMatch(/^data_engineer\.0\.0: (contract broken|score 2|90 % of the budget)/);
});

test('the filter on low scores takes a limit of its own, and that on programs stops at one that failed', async () => {
  const low = await opened({ filters: [], filterOptions: [{ filterId: 'lowScore', condition: '1' }] });
  expect(await low.move('continue')).toContain('the rollout failed');
  const failed = timeline.stops.some(
    ({ is, action, index }) => is === 'tool' && timeline.actions[action]!.tools[index]?.outcome !== 'ok',
  );
  const programs = await opened({ filters: ['toolFailed'] });
  const at = await programs.move('continue');
  expect(at.includes('the rollout failed')).toBe(!failed);
});

test('the console computes over what is known there, and says what it does not know', async () => {
  const client = await opened();
  await client.move('continue');
  const { result } = await client.ask<Dap.EvaluateResponse['body']>('evaluate', {
    expression: 'X_train.rows > 0 and count(agent) > 3',
    context: 'repl',
  });
  expect(result).toBe('true');
  // Of the frame that is selected, which may be an earlier action of another role.
  const agent = async (frameId?: number) =>
    (
      await client.ask<Dap.EvaluateResponse['body']>('evaluate', {
        expression: 'agent',
        context: 'watch',
        frameId,
      })
    ).result;
  const { stackFrames } = await client.ask<Dap.StackTraceResponse['body']>('stackTrace', { threadId: 1 });
  expect(await agent(stackFrames.at(-1)!.id)).toContain('data_engineer');
  expect(await agent()).toContain('analyst');
  await expect(client.ask('evaluate', { expression: 'scoer > 1' })).rejects.toThrow('Nothing here is called');
  await expect(client.ask('evaluate', { expression: 'score >' })).rejects.toThrow('ends too early');
});

test("what a condition asks of the end of an action stops there, and another workflow's breakpoints do not", async () => {
  const client = await opened();
  await breakpoints(client, { line: 12, condition: 'score < 5', hitCondition: '== 2' });
  expect(await client.move('continue')).toMatch(/^data_engineer\.0\.1: verdict/);
  await breakpoints(client, { line: 16, condition: 'status == "done"' });
  expect(await client.move('continue')).toMatch(/^modeler\.0\.0: verdict/);
  await breakpoints(client);
  const other = await client.ask<Dap.SetBreakpointsResponse['body']>('setBreakpoints', {
    source: { path: '/other.baton.yaml' },
    breakpoints: [{ line: 21 }],
  });
  expect(other.breakpoints[0]).toMatchObject({
    verified: false,
    message: 'This is not the workflow of the rollout that is open.',
  });
  expect(await client.move('continue')).toContain('the rollout failed');
});

test('the console looks into artifacts in the sandbox, as they were at the moment; what is watched does not', async () => {
  const client = await opened();
  const ask = (expression: string, context = 'repl') =>
    client.ask<Dap.EvaluateResponse['body']>('evaluate', { expression, context });
  looked.length = 0;
  await expect(ask('X_train.head')).rejects.toThrow('X_train is not there yet.');
  await client.move('next');
  await expect(ask('X_train.head', 'watch')).rejects.toThrow('Nothing here is called "X_train.head"');
  expect((await ask('X_train.rows', 'watch')).result).toBe('140');
  expect((await ask('count(X_train.head)')).result).toBe('1');
  expect(looked).toEqual([
    ['X_train', rollout, null],
    ['X_train', rollout, 'data_engineer.0.0'],
  ]);
  // By its name alone: all that is known, from the log as well, to open part by part.
  const { variablesReference } = await ask('X_train');
  const { variables } = await client.ask<Dap.VariablesResponse['body']>('variables', { variablesReference });
  expect(variables.find(({ name }) => name === 'head')!.value).toBe('[[1,2]]');
  expect(variables.find(({ name }) => name === 'covers')!.value).toContain('Body Mass');
  expect((await ask('help')).result).toContain('Edit and Fork');
  await expect(ask('{_x} + 1')).rejects.toThrow('"{" is not part of the expression language');
});

test('the editor is told which action is paused, of the frame that is meant', async () => {
  const client = await opened();
  await client.move('next');
  const paused = (args: object = {}) => client.ask('baton.paused', args);
  const found = { run: 'key', rollout, live: false, messages: null };
  expect(await paused()).toEqual({ ...found, action: 'data_engineer.0.1' });
  expect(await paused({ frame: 0 })).toEqual({ ...found, action: 'data_engineer.0.0' });
  expect(await paused({ thread: 1, place: 1 })).toEqual({ ...found, action: 'data_engineer.0.0' });
  await expect(paused({ thread: 3, place: 0 })).rejects.toThrow('No action is paused here.');
  await expect(client.ask('baton.fork', { action: 'data_engineer.0.0', change: {} })).rejects.toThrow(
    'The run has ended meanwhile',
  );
});

/** A run that is steered and not held yet, and what was asked of it. */
function steered() {
  const asked: string[] = [];
  const live = {
    continue: async () => void asked.push('continue'),
    cancel: async () => void asked.push('cancel'),
    detach: () => void asked.push('detach'),
  } as unknown as LiveRun;
  return { live, asked };
}
const never = new Promise<never>(() => undefined);

test.each([
  ['launch', undefined, ['cancel', 'detach']],
  ['launch', false, ['continue', 'detach']],
  ['attach', undefined, ['continue', 'detach']],
])(
  'stopped while it waits for the run to be held (%s), it lets the run go',
  async (how, terminateDebuggee, does) => {
    const { live, asked } = steered();
    const session = new RolloutSession(
      async (_, followed) => followed.steers(live),
      async () => roles,
    );
    const client = new DapClient(session);
    await client.ask('initialize', { adapterID: 'baton', pathFormat: 'path' });
    const begun = client.ask(how, {});
    await client.ask('disconnect', { ...(terminateDebuggee === undefined ? {} : { terminateDebuggee }) });
    expect(asked).toEqual(does);
    await expect(begun).rejects.toThrow('stopped before the run was held');
  },
);

test('stopped before the run could be steered, it lets it go as soon as it can', async () => {
  const { live, asked } = steered();
  let started: () => void = () => undefined;
  const starting = new Promise<void>((resolve) => {
    started = resolve;
  });
  const session = new RolloutSession(
    async (_, followed) => {
      await starting;
      return Promise.race([followed.steers(live), never]);
    },
    async () => roles,
  );
  const client = new DapClient(session);
  await client.ask('initialize', { adapterID: 'baton', pathFormat: 'path' });
  const begun = client.ask('launch', {});
  await client.ask('disconnect', {});
  expect(asked).toEqual([]);
  started();
  await expect(begun).rejects.toThrow('stopped before the run was held');
  expect(asked).toEqual(['cancel', 'detach']);
});
