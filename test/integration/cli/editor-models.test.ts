import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ControlClient } from '../../../src/rollout/index.js';
import { RunFolder, readLog } from '../../../src/trace/index.js';
import { countingServer, folderWith, runCli, startCli } from './command.js';

const workflow = `baton: 1
models: {copilot: {provider: editor, model: some-model}}
tasks: [{prompt: one}, {prompt: two}, {prompt: three}, {prompt: four}]
artifacts: {answer: {kind: message, checks: [words > 0]}}
agents:
  writer: {role: Write., produces: [answer]}
`;
const token = 'a-token-of-this-test';

async function until<T>(look: () => T): Promise<Exclude<T, false | undefined | null | ''>> {
  for (;;) {
    const found = look();
    if (found) return found as Exclude<T, false | undefined | null | ''>;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** How an editor offers its models: a connection that only follows. */
async function offer(run: RunFolder, baseUrl: string) {
  const found = await ControlClient.attach(run, { role: 'follow', client: 'an editor' });
  if ('refused' in found) throw new Error(found.refused);
  await found.client.ask('editor', { baseUrl, token });
  return found.client;
}

test('a run waits for the editor, and goes on with the next one when the first is closed', async () => {
  const folder = folderWith({ 'a.baton.yaml': workflow });
  const run = startCli(folder, ['run', '--editor', '--concurrency', '1']);
  const runs = join(folder, '.baton/runs');
  const at = new RunFolder(join(runs, await until(() => existsSync(runs) && readdirSync(runs)[0])));
  const said = (type: string) => readLog(at.log).events.filter((event) => event.type === type);
  await until(() => said('run.paused').length === 1);
  expect(said('run.paused')[0]!.data).toEqual({ why: 'waiting for the editor' });

  // The first window is closed in the middle of its second call.
  let connection: ControlClient | undefined;
  const first = await countingServer(() => {
    if (first.calls() === 2) {
      connection!.detach();
      first.server.closeAllConnections();
      first.server.close();
    }
    return 'done here';
  });
  connection = await offer(at, first.url);
  await until(() => said('run.paused').length === 2);

  const second = await countingServer(() => 'done there');
  const client = await offer(at, second.url);
  const { code } = await run.ended;
  client.detach();
  second.server.close();
  expect(code).toBe(0);
  expect(said('run.continued')).toHaveLength(2);
  expect(said('rollout.ended')).toHaveLength(4);
  // What was answered is not asked again: one call was in flight when the window closed.
  expect([first.calls(), second.calls()]).toEqual([2, 3]);
});

const verdict = JSON.stringify({
  ...{ evidence: ['it says nothing'], diagnosis: 'Nothing was said.', advice: 'Say something.', code: null },
  ...{ blamed_role: 'writer', score: 3, confidence: 0.5 },
});

test('a model of the editor judges: the verdict waits for it, and nothing is continued by hand meanwhile', async () => {
  const acting = await countingServer(() => 'an answer');
  const folder = folderWith({
    'a.baton.yaml': `baton: 1
models:
  m: {provider: openai, base_url: "${acting.url}", model: m}
  judge: {provider: editor, model: some-model}
tasks: [{prompt: one}]
artifacts: {answer: {kind: message, checks: [words > 0]}}
agents: {writer: {role: Write., model: m, produces: [answer]}}
coach: {model: judge}
`,
  });
  const run = startCli(folder, ['run', '--editor']);
  const runs = join(folder, '.baton/runs');
  const at = new RunFolder(join(runs, await until(() => existsSync(runs) && readdirSync(runs)[0])));
  const said = (type: string) => readLog(at.log).events.filter((event) => event.type === type);
  await until(() => said('run.paused').length === 1);
  expect(said('run.paused')[0]!.data).toEqual({ why: 'waiting for the editor' });
  expect(acting.calls()).toBe(1);
  expect(await runCli(folder, ['continue'])).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('waits for models of an editor'),
  });
  expect(said('run.continued')).toEqual([]);

  const editor = await countingServer(() => verdict);
  const client = await offer(at, editor.url);
  const { code } = await run.ended;
  client.detach();
  expect(code).toBe(0);
  expect(editor.calls()).toBe(1);
  expect(said('run.continued')).toHaveLength(1);
  const [ended] = said('rollout.ended');
  expect(ended!.data).toMatchObject({
    scores: [{ agent: 'writer', score: 3, diagnosis: 'Nothing was said.' }],
  });
  for (const { server } of [acting, editor]) server.close();
});

test('an address that is not of this machine is refused', async () => {
  const folder = folderWith({ 'a.baton.yaml': workflow });
  const run = startCli(folder, ['run', '--editor']);
  const runs = join(folder, '.baton/runs');
  const at = new RunFolder(join(runs, await until(() => existsSync(runs) && readdirSync(runs)[0])));
  await until(() => existsSync(at.control));
  await expect(offer(at, 'http://models.example.com:80/v1')).rejects.toThrow(
    'only an address of this machine',
  );
  run.child.kill('SIGINT');
  expect((await run.ended).code).toBe(130);
});

test('started from a terminal without --editor, it says where to start it', async () => {
  const ran = await runCli(folderWith({ 'a.baton.yaml': workflow }), ['run']);
  expect(ran.code).toBe(3);
  expect(ran.stderr).toContain('start this run from the editor');
});

test('such a role cannot be trained, and such a workflow not on a target', async () => {
  const trained = workflow.replace('produces: [answer]', 'produces: [answer], trained: true');
  const folder = folderWith({ 'a.baton.yaml': trained });
  const checked = await runCli(folder, ['check', '--json']);
  expect(checked.code).toBe(1);
  expect(checked.stdout).toContain('model.not-trainable');
  const plain = folderWith({ 'a.baton.yaml': workflow });
  await runCli(plain, ['target', 'add', 'box', '--ssh', 'nowhere.invalid']);
  const there = await runCli(plain, ['train', '--target', 'box']);
  expect(there.stderr).toContain('which box cannot reach');
});
