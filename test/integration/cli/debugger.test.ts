// The debugger over a run that another process carries out: the real command line, steered over its control channel.
import { existsSync, readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { afterEach, expect, test } from 'vitest';
import { RoleLines } from '../../../src/editor/debug/breakpoints.js';
import { attachLive } from '../../../src/editor/debug/live.js';
import type { Paused } from '../../../src/editor/debug/paused.js';
import type { Followed, Recording } from '../../../src/editor/debug/recording.js';
import { RolloutSession } from '../../../src/editor/debug/session.js';
import { type Held, timelineOf } from '../../../src/editor/debug/timeline.js';
import type { HeldAt } from '../../../src/rollout/index.js';
import { RunFolder, readLog } from '../../../src/trace/index.js';
import { DapClient } from '../../dap.js';
import { messageTeam, served } from '../../e2e/workflows.js';
import { folderWith, runCli, startCli } from './command.js';

let server: Server | undefined;
afterEach(() => server?.close());

/** A model server that answers each call when it is told to. */
async function gatedServer(): Promise<{ url: string; calls: () => number; answer: () => void }> {
  const waiting: (() => void)[] = [];
  let calls = 0;
  let answers = 0;
  server = createServer((request, response) => {
    request.resume().on('end', () => {
      calls += 1;
      const choices = [
        { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'waves move water' } },
      ];
      const usage = { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 };
      const body = JSON.stringify({
        id: 'x',
        object: 'chat.completion',
        created: 0,
        model: 'm',
        choices,
        usage,
      });
      const send = () => response.writeHead(200, { 'content-type': 'application/json' }).end(body);
      if (answers > 0) {
        answers -= 1;
        send();
      } else waiting.push(send);
    });
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const answer = () => {
    const next = waiting.shift();
    if (next) next();
    else answers += 1;
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, calls: () => calls, answer };
}

/** The folder of the one run below a folder, once there is one. */
async function runIn(folder: string): Promise<RunFolder> {
  const runs = join(folder, '.baton/runs');
  const found = () => (existsSync(runs) ? readdirSync(runs) : []);
  await expect.poll(() => found().length, { timeout: 60_000 }).toBe(1);
  return new RunFolder(join(runs, found()[0]!));
}

const roles = new RoleLines([
  { role: 'researcher', from: 10, to: 10 },
  { role: 'writer', from: 11, to: 11 },
]);

/**
 * What the editor does when it attaches. `held`: a client, and where it stands first; `gone` cuts the connection, as a
 * window that is reloaded does.
 */
function attach(folder: RunFolder, filters: string[] = [], how: 'attach' | 'launch' = 'attach') {
  let steered: (cut: () => void) => void;
  const cut = new Promise<() => void>((resolve) => {
    steered = resolve;
  });
  const open = async (_: unknown, session: Followed): Promise<Recording> => {
    let rollout = '';
    const timeline = (held: Held | null) =>
      timelineOf(rollout, readLog(folder.rollout(rollout)).events, [], held);
    const at = (held: HeldAt) => ({
      action: held.action,
      agent: held.agent,
      says: `${held.stage} ${held.action}`,
    });
    const { run, first } = await attachLive(
      folder,
      {
        held: (held) => session.held(timeline(at(held)), held.why),
        logged: (text) => session.say(text),
        wrote: (action, text) => session.wrote(action, text),
        forked: (_, branch) => {
          rollout = branch;
        },
        ended: () => session.ended(timeline(null)),
      },
      true,
    );
    steered(run.detach);
    const held = await first;
    rollout = held.rollout;
    return {
      timeline: timeline(at(held)),
      run: folder.name,
      isSource: () => true,
      kinds: new Map([['facts', { kind: 'message' }]]),
      inspect: async () => ({}),
      source: { path: '/team.baton.yaml', name: 'team.baton.yaml' },
      roles,
      handed: () => ({ consumes: [], produces: [] }),
      text: () => '[]',
      scoreBelow: 5,
      startAt: null,
      task: null,
      budget: {
        at: () => ({ calls: 0, tokens: 0, dollars: 0, seconds: 0 }),
        nearly: () => null,
        limits: null,
      },
      onMoment: () => undefined,
      live: run,
    };
  };
  const client = new DapClient(new RolloutSession(open, async () => roles));
  const held = async () => {
    await client.ask('initialize', { adapterID: 'baton', pathFormat: 'path' });
    await client.ask(how, {});
    await client.event('initialized');
    await client.ask('setExceptionBreakpoints', { filters });
    await client.ask('configurationDone');
    return { client, first: await client.stopped() };
  };
  return { held: held(), gone: async () => (await cut)() };
}

/** Wait until the log of a run holds so many events of a kind. */
const logged = (run: RunFolder, type: string, times: number) =>
  expect
    .poll(() => readLog(run.log).events.filter((event) => event.type === type).length, { timeout: 60_000 })
    .toBe(times);

const team = (url: string) =>
  folderWith({ 'team.baton.yaml': messageTeam(served(url), ['{id: sea, prompt: the sea}']) });

test('a run that a terminal started is held, stepped into and looked back at, also after the window was reloaded', async () => {
  const { url, calls, answer } = await gatedServer();
  const folder = team(url);
  const { ended } = startCli(folder, ['run', '--sandbox', 'none']);
  const run = await runIn(folder);
  await expect.poll(calls, { timeout: 60_000 }).toBe(1);
  // It is in the middle of its first action, and the window that attached is gone before it is held.
  const closed = attach(run);
  const refused = expect(closed.held).rejects.toThrow('ended before it could be held');
  await logged(run, 'run.paused', 1);
  await closed.gone();
  await refused;
  await logged(run, 'run.continued', 1);
  const again = attach(run);
  await logged(run, 'run.paused', 2);
  answer();
  const { client, first } = await again.held;
  expect(first).toBe('before writer.0.0');
  expect(await client.move('stepBack')).toBe('before researcher.0.0');
  // The run restores the workspace of that moment, and says where.
  await expect.poll(() => client.said.join()).toMatch(/The workspace of this moment is in .*-start/);
  expect(await client.move('stepIn')).toMatch(/^researcher\.0\.0: the model answered/);
  expect(await client.move('next')).toBe('before writer.0.0');
  expect(await client.move('reverseContinue')).toBe('before researcher.0.0');
  expect(calls()).toBe(1);
  await again.gone();
  // Nobody holds it any more: it goes on, and asks for the second answer.
  await expect.poll(calls, { timeout: 60_000 }).toBe(2);
  answer();
  expect((await ended).code).toBe(0);
}, 120_000);

test('a filter stops a live run after the action, and disconnecting lets a run that was attached to go on', async () => {
  const { url, calls, answer } = await gatedServer();
  const folder = team(url);
  const { ended } = startCli(folder, ['run', '--sandbox', 'none', '--hold']);
  const { client, first } = await attach(await runIn(folder), ['contractBroken', 'lowScore']).held;
  expect(first).toBe('before researcher.0.0');
  expect(calls()).toBe(0);
  for (let call = 0; call < 2; call++) answer();
  expect(await client.move('stepIn')).toBe('model researcher.0.0');
  await client.ask<Dap.SetBreakpointsResponse['body']>('setBreakpoints', {
    source: { path: '/team.baton.yaml' },
    breakpoints: [{ line: 11, logMessage: '{agent} acts now' }, { line: 11 }],
  });
  expect(await client.move('continue')).toBe('before writer.0.0');
  expect(client.said).toContain('writer acts now');
  await client.ask('disconnect');
  expect((await ended).code).toBe(0);
  expect(calls()).toBe(2);
}, 120_000);

test('the paused action is changed before it begins: the branch is stepped through, and its parent goes on beside it', async () => {
  const { url, calls, answer } = await gatedServer();
  const folder = team(url);
  const { ended } = startCli(folder, ['run', '--sandbox', 'none', '--hold']);
  const run = await runIn(folder);
  const { client } = await attach(run, [], 'launch').held;
  // Restart starts a run that was started for this anew: the editor launches once more.
  const { capabilities } = await client.event<Dap.CapabilitiesEvent['body']>('capabilities');
  expect(capabilities.supportsRestartRequest).toBe(false);
  answer();
  expect(await client.move('next')).toBe('before writer.0.0');
  const paused = await client.ask<Paused>('baton.paused');
  expect(paused).toMatchObject({ rollout: 'run.sea.0', action: 'writer.0.0', live: true });
  expect(paused.messages!.at(-1)!.content).toContain('waves move water');
  // Another terminal may fork as well: it does not take the run from whoever steers it.
  const beside = runCli(folder, ['fork', run.name, 'run.sea.0', 'researcher.0.0', '--policy', 'm']);
  expect(await beside).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('the branch waits with it'),
  });
  const forked = await client.ask<{ rollout: string }>('baton.fork', {
    action: 'writer.0.0',
    change: { reply: 'one two three four five' },
  });
  expect(forked.rollout).toBe('run.sea.0.fork-2');
  expect(await client.stopped()).toBe('before writer.0.0');
  expect(calls()).toBe(1);
  // Of its own answer the branch buys nothing; its parent, and what the terminal forked, go on.
  for (let call = 0; call < 3; call++) answer();
  expect(await client.move('continue')).toBe('writer.0.0: the rollout failed');
  expect((await ended).code).toBe(0);
  expect(calls()).toBe(4);
  const outcomes = ['run.sea.0', forked.rollout].map(
    (name) =>
      readLog(run.rollout(name)).events.findLast((event) => event.type === 'outcome')?.data as {
        success: boolean;
      },
  );
  expect(outcomes.map(({ success }) => success)).toEqual([true, false]);
}, 120_000);

test('conditions of a live run count from one, know how an action ended, and take every kind of hit count', async () => {
  const { url, answer } = await gatedServer();
  const folder = team(url);
  const { ended } = startCli(folder, ['run', '--sandbox', 'none', '--hold']);
  const { client } = await attach(await runIn(folder)).held;
  for (let call = 0; call < 2; call++) answer();
  await client.ask('setBreakpoints', {
    source: { path: '/team.baton.yaml' },
    breakpoints: [
      { line: 11, logMessage: 'turn {turn} of visit {visit}' },
      { line: 11, hitCondition: '<= 1' },
      { line: 10, hitCondition: '>= 2' },
      { line: 10, hitCondition: '== 1', condition: 'status == "done" and code == null and seconds >= 0' },
    ],
  });
  expect(await client.move('continue')).toBe('after researcher.0.0');
  expect(client.said).toContain('researcher.0.0: status == "done" and code == null and seconds >= 0');
  expect(await client.move('continue')).toBe('before writer.0.0');
  expect(client.said).toContain('turn 1 of visit 1');
  await client.ask('disconnect');
  expect((await ended).code).toBe(0);
}, 120_000);

test('what a model writes is shown as it is written, and drives no console (hostile case 25)', async () => {
  const parts = ['waves move ', '\u001b]0;owned\u0007 water'];
  server = createServer(async (request, response) => {
    const choice = (said: object) => JSON.stringify({ choices: [{ index: 0, ...said }] });
    // A call that nobody looks at any more is asked for as one.
    if (!((await json(request)) as { stream?: boolean }).stream) {
      response.writeHead(200, { 'content-type': 'application/json' });
      const message = { role: 'assistant', content: parts.join('') };
      response.end(choice({ finish_reason: 'stop', message }));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const send = (said: object) => response.write(`data: ${choice(said)}\n\n`);
    for (const content of parts) send({ delta: { content } });
    send({ delta: {}, finish_reason: 'stop' });
    response.end('data: [DONE]\n\n');
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const folder = team(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`);
  const { ended } = startCli(folder, ['run', '--sandbox', 'none', '--hold']);
  const { client } = await attach(await runIn(folder)).held;
  await client.move('next');
  const said = client.said.join('\n');
  expect(said).toContain('researcher.0.0 writes:\nwaves move\n');
  expect(said).toContain('water');
  expect(said).not.toContain('\u001b');
  await client.ask('disconnect');
  expect((await ended).code).toBe(0);
}, 120_000);
