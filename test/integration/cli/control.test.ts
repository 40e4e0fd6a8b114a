import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ControlClient, type HeldAt } from '../../../src/rollout/index.js';
import { Blobs, RunFolder, readLog, stateAfter } from '../../../src/trace/index.js';
import { countingServer, folderWith, type Ran, runCli, startCli } from './command.js';

let server: Awaited<ReturnType<typeof countingServer>>;
beforeAll(async () => {
  server = await countingServer(({ messages }) => {
    const asked = messages.at(-1)!.content;
    // The writer says in capitals what it is asked; python is written where a file is wanted.
    if (asked.includes('file')) return `\`\`\`python\nopen("note.txt", "w").write("${asked.length}")\n\`\`\``;
    return asked.toUpperCase();
  });
});
afterAll(() => void server.server.close());

const workflow = (url: string, tasks = 1) => `baton: 1
models: {m: {provider: openai, base_url: "${url}", model: m}}
tasks:
${Array.from({ length: tasks }, (_, at) => `  - {prompt: make a file ${at}}`).join('\n')}
artifacts: {note: {path: note.txt, kind: text, checks: [words > 0]}, answer: {kind: message, checks: ['words < 4']}}
agents:
  reader: {role: Read., tools: [python], produces: [note]}
  writer: {role: Write., consumes: [note], produces: [answer], prompt: "say {{note.bytes}} words"}
`;

async function started(args: string[], tasks = 1, url = server.url) {
  const folder = folderWith({ 'a.baton.yaml': workflow(url, tasks) });
  const process = startCli(folder, ['run', ...args]);
  const runs = join(folder, '.baton/runs');
  const name = await until(() => existsSync(runs) && readdirSync(runs)[0]);
  const run = new RunFolder(join(runs, name));
  await until(() => existsSync(run.control));
  return { folder, process, run };
}

async function until<T>(look: () => T): Promise<Exclude<T, false | undefined | null | ''>> {
  for (;;) {
    const found = look();
    if (found) return found as Exclude<T, false | undefined | null | ''>;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function attach(run: RunFolder, onLost: 'continue' | 'cancel' | 'stay' = 'continue') {
  const found = await ControlClient.attach(run, { role: 'control', onLost, client: 'a test' });
  if ('refused' in found) throw new Error(found.refused);
  const { client } = found;
  const held: HeldAt[] = [];
  client.on('held', (at) => held.push(at));
  return {
    client,
    held,
    next: async (count: number) => until(() => held.length >= count && held[count - 1]),
  };
}

const outcomeOf = (run: RunFolder, rollout: string) =>
  readLog(run.rollout(rollout)).events.findLast((event) => event.type === 'outcome')?.data;

describe('steering a run of another process', () => {
  test('held at the start, stepped action by action and into the stages, looked back at, forked, and let go', async () => {
    const { process, run } = await started(['--hold', '--sandbox', 'auto']);
    const { client, held } = await attach(run);
    await until(() => client.first.held.length > 0 || held.length > 0);
    const rollout = (client.first.held[0] ?? held[0])!.rollout;
    expect(statSync(run.control).mode & 0o077).toBe(0);
    await client.ask('step', { rollout, mode: 'into' });
    await until(() => held.at(-1)?.stage === 'model');
    await client.ask('step', { rollout, mode: 'into' });
    await until(() => held.at(-1)?.stage === 'tool');
    await client.ask('step', { rollout });
    const second = await until(() => held.find((at) => at.agent === 'writer'));
    expect(second).toMatchObject({ action: 'writer.0.0', stage: 'before', why: 'step' });

    const moment = await client.ask('goTo', { rollout, action: 'reader.0.0' });
    expect(moment.files).toEqual(['note.txt']);
    expect(readFileSync(join(moment.folder, 'note.txt'), 'utf8')).toBe('13');
    expect((await client.ask('goTo', { rollout, action: null })).files).toEqual([]);

    // Before an action begins it can be forked where it is held; one that nobody holds cannot.
    await expect(client.ask('fork', { rollout, action: 'writer.0.1', change: {} })).rejects.toThrow(
      /no action "writer.0.1"; it has reader.0.0/,
    );
    await expect(client.ask('messages', { rollout, action: 'reader.0.0' })).rejects.toThrow(/is not held/);
    const { messages } = await client.ask('messages', { rollout, action: 'writer.0.0' });
    expect(messages.at(-1)!.content).toBe('say 2 words');
    const forked = await client.ask('fork', {
      rollout,
      action: 'reader.0.0',
      change: { prompt: 'make a much longer file' },
    });
    expect(forked.rollout).toBe(`${rollout}.fork-1`);
    await until(() => held.find((at) => at.rollout === forked.rollout));
    await client.ask('continue', {});
    const ended = await process.ended;
    expect(ended.code, ended.stderr).toBe(0);
    const parent = readLog(run.rollout(rollout)).events;
    const child = readLog(run.rollout(forked.rollout)).events;
    const blobs = new Blobs(run.blobs);
    const note = (events: typeof parent) => blobs.get(stateAfter(events).get('note.txt')!.sha256).toString();
    expect([note(parent), note(child)]).toEqual(['13', '23']);
    expect(child[0]).toMatchObject({ data: { parent: { rollout, action: 'reader.0.0' } } });
    // A fork counts in no summary.
    expect(ended.stdout).toMatch(/1 rollout/);
  });

  test('breakpoints with conditions and hits, log points, filters, and a fault in a condition', async () => {
    const { process, run } = await started(['--hold', '--concurrency', '1'], 3);
    const { client, held } = await attach(run);
    // Held before the first turn, which no log point set from here on tells.
    await until(() => client.first.held.length > 0 || held.length > 0);
    const logged: string[] = [];
    client.on('logged', ({ text }) => logged.push(text));
    const { wrong } = await client.ask('breakpoints', {
      breakpoints: [
        { id: 'a', agent: 'writer', condition: 'note.words == 1', hits: 2 },
        { id: 'b', agent: 'reader', log: 'turn {turn} of {agent}' },
        { id: 'c', agent: 'reader', condition: 'tokens >' },
        { id: 'd', agent: 'reader', condition: 'tokens > 5 and tool == "ok"', hits: 3 },
      ],
      filters: { scoreBelow: 11 },
    });
    expect(Object.keys(wrong)).toEqual(['c']);
    await client.ask('continue', {});
    const low = await until(() => held.find((at) => at.stage === 'after'));
    expect(low.why).toMatch(/^score \d+ is below 11$/);
    await client.ask('breakpoints', {
      breakpoints: [
        { id: 'a', agent: 'writer', condition: 'note.words == 1', hits: 2 },
        { id: 'b', agent: 'reader', log: 'turn {turn} of {agent}' },
      ],
      filters: { contractBroken: true },
    });
    await client.ask('continue', {});
    const broken = await until(() => held.find((at) => at.breakpoint === 'a'));
    expect(broken).toMatchObject({ agent: 'writer', stage: 'before', why: 'note.words == 1' });
    expect(logged).toEqual(['turn 1 of reader']);
    await client.ask('breakpoints', { breakpoints: [], filters: {} });
    await client.ask('continue', {});
    expect((await process.ended).code).toBe(0);
  });

  test('one controller at a time, followers only look, tokens are used once, and a wrong one is refused', async () => {
    const { process, run } = await started(['--hold']);
    const token = readFileSync(run.control, 'utf8');
    const { client } = await attach(run);
    expect(readFileSync(run.control, 'utf8')).not.toBe(token);
    const second = await ControlClient.attach(run, { role: 'control', client: 'another' });
    expect(second).toEqual({
      refused: 'a test controls this run; detach there first, or attach with the role follow.',
    });
    const watcher = await ControlClient.attach(run, { role: 'follow' });
    if ('refused' in watcher) throw new Error(watcher.refused);
    await expect(watcher.client.ask('cancel', {})).rejects.toThrow(/only follows/);
    expect((await watcher.client.ask('status', {})).paused).toBe(true);
    const address = JSON.parse(readFileSync(run.control, 'utf8'));
    writeFileSync(run.control, JSON.stringify({ ...address, token: 'f'.repeat(48) }));
    expect(await ControlClient.attach(run, { role: 'follow' })).toMatchObject({
      refused: expect.stringMatching(/token/),
    });
    await client.ask('continue', {});
    expect((await process.ended).code).toBe(0);
    expect(await ControlClient.attach(run, { role: 'control' })).toMatchObject({
      refused: expect.stringMatching(/is not running here/),
    });
  });

  test.each([
    ['continue', 0],
    ['cancel', 130],
  ] as const)('a controller that vanishes while the run is paused: %s', async (onLost, code) => {
    const { process, run } = await started(['--hold']);
    const { client } = await attach(run, onLost);
    client.detach();
    expect((await process.ended).code).toBe(code);
  });

  test('from terminals: pause, continue, cancel, resume, follow', async () => {
    const slow = await countingServer(({ messages }) => messages.at(-1)!.content, 700);
    const { folder, process, run } = await started(['--concurrency', '1', '--hold'], 6, slow.url);
    const cli = (...args: string[]) => runCli(folder, args);
    const follower = startCli(folder, ['follow', run.name, '--json']);
    expect(await cli('pause')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/holds before its next/),
    });
    expect(await cli('continue')).toMatchObject({ code: 0 });
    await until(() => readLog(run.log).events.some((event) => event.type === 'rollout.ended'));
    const cancelled: Ran = await cli('cancel');
    const first = await process.ended;
    expect([cancelled.code, first.code]).toEqual([0, 130]);
    expect(first.stdout).toMatch(/baton resume/);
    // Nobody carries it any more: whoever follows it is told so, and does not wait for ever.
    const left = await follower.ended;
    expect(left).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/Nobody carries it out now.* resume/),
    });
    expect(left.stdout.trim().split('\n').at(-1)).toMatch(/run.paused.*cancelled/);
    expect(await cli('pause')).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/is not running here/),
    });
    expect(await cli('resume')).toMatchObject({ code: 0, stdout: expect.stringMatching(/6 rollouts/) });
    const followed = await cli('follow', run.name, '--json');
    expect(followed.code).toBe(0);
    expect(followed.stdout.trim().split('\n').at(-1)).toMatch(/run.finished/);
    slow.server.close();
  });
});

describe('forking a run that has ended', () => {
  test('another reply, another file, another policy; and what cannot be', async () => {
    const { folder, process, run } = await started([]);
    expect((await process.ended).code).toBe(0);
    const rollout = readdirSync(join(run.path, 'rollouts'))[0]!.replace(/\.jsonl$/, '');
    writeFileSync(join(folder, 'reply.txt'), 'one two three four five');
    writeFileSync(join(folder, 'mine.txt'), 'mine and longer');
    const cli = (...args: string[]) => runCli(folder, ['fork', run.name, rollout, ...args]);
    const calls = server.calls();

    const reply = await cli('writer.0.0', '--reply', 'reply.txt');
    expect(reply).toMatchObject({ code: 0, stderr: '' });
    expect(reply.stdout).toMatch(/success\n.*fork-1: failure/);
    expect(server.calls()).toBe(calls);

    const file = await cli('writer.0.0', '--file', 'note.txt=mine.txt');
    expect(file.code, file.stderr).toBe(0);
    const events = readLog(run.rollout(`${rollout}.fork-2`)).events;
    expect(events.find((event) => event.type === 'workspace.edited')).toMatchObject({
      data: { action: 'writer.0.0', facts: { note: { bytes: 15, words: 3 } } },
    });
    const called = events.findLast((event) => event.type === 'model.called')!.data as { messages: string };
    expect(called.messages).toContain('say 15 words');
    expect(server.calls()).toBe(calls + 1);

    const gone = await cli('writer.0.0', '--file', 'note.txt=');
    expect(gone.stdout).toMatch(/fork-3: failure/);
    const outside = await cli('writer.0.0', '--file', '../x=mine.txt');
    expect(outside.stdout + outside.stderr).toMatch(/outside the workspace/);
    expect((await cli('writer.0.0', '--policy', 'm')).code).toBe(0);
    expect(await cli('writer.9.9')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/no action "writer.9.9"/),
    });
    expect(await cli('writer.0.0', '--reply', 'absent.txt')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/absent.txt/),
    });
    expect(outcomeOf(run, rollout)?.success).toBe(true);
    // The workflow that counts is the run's own copy.
    writeFileSync(join(folder, 'a.baton.yaml'), 'baton: 1\nbroken');
    expect((await cli('writer.0.0', '--reply', 'reply.txt')).code).toBe(0);
  });
});

test('a branch that is cancelled stays as far as it came, and goes on with its run; a budget stops one too', async () => {
  const slow = await countingServer(() => 'an answer', 1500);
  const team = (limits: string) =>
    folderWith({
      'a.baton.yaml': `baton: 1
models: {m: {provider: openai, base_url: "${slow.url}", model: m}}
tasks: [{prompt: a thing}]
artifacts: {draft: {kind: message, checks: [words > 0]}, answer: {kind: message, checks: [words > 0]}}
agents:
  writer: {role: Write., produces: [draft]}
  editor: {role: Edit., consumes: [draft], produces: [answer]}
limits: {${limits}}
`,
    });
  const ran = async (folder: string, code: number) => {
    expect((await runCli(folder, ['run', '--sandbox', 'none'])).code).toBe(code);
    const [name] = readdirSync(join(folder, '.baton/runs'));
    const run = new RunFolder(join(folder, '.baton/runs', name!));
    const [rollout] = readdirSync(join(run.path, 'rollouts')).map((file) => file.replace('.jsonl', ''));
    return { run, rollout: rollout!, again: ['fork', name!, rollout!, 'writer.0.0', '--policy', 'm'] };
  };
  const folder = team('calls: 9');
  const { run, rollout, again } = await ran(folder, 0);
  const before = slow.calls();
  const forked = startCli(folder, again);
  await until(() => slow.calls() > before);
  forked.child.kill('SIGINT');
  const cancelled = await forked.ended;
  expect(cancelled.code, cancelled.stderr).toBe(130);
  expect(cancelled.stderr).toContain(`${rollout}.fork-1 was cancelled; go on with:`);
  const resumed = await runCli(folder, ['resume', run.name]);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(outcomeOf(run, `${rollout}.fork-1`)).toMatchObject({ success: true });

  const poor = team('calls: 1');
  const tried = await ran(poor, 4);
  const stopped = await runCli(poor, tried.again);
  expect(stopped.code, stopped.stderr).toBe(4);
  expect(stopped.stderr).toContain(
    `${rollout}.fork-1 stopped: limits.calls 1 is reached. Go on with a higher one:`,
  );
  const raised = await runCli(poor, ['resume', '--calls', '9']);
  expect(raised.code, raised.stderr).toBe(0);
  expect(outcomeOf(tried.run, `${tried.rollout}.fork-1`)).toMatchObject({ success: true });
  slow.server.close();
});
