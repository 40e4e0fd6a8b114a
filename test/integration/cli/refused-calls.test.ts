// Calls that a server had and did not answer count in the cap on calls; those that nobody was there to get do not.
import { expect, test } from 'vitest';
import { countingServer, folderWith, runCli } from './command.js';

const workflow = (url: string, more = '') => `baton: 1
models: {m: {provider: openai, base_url: "${url}", model: m, timeout: 5}}
tasks: [{prompt: one}, {prompt: two}, {prompt: three}, {prompt: four}, {prompt: five}]
artifacts: {note: {kind: message, checks: [words > 0]}}
agents: {writer: {role: I write., model: m, produces: [note]}}
${more}`;

test.each([
  ['not tried again', 400],
  ['tried again', 503],
])(
  'calls that are refused and %s stop a run at its cap, also over two sittings',
  { timeout: 60_000 },
  async (...[, status]) => {
    const server = await countingServer(() => status);
    const folder = folderWith({ 'a.baton.yaml': workflow(server.url) });
    const ran = await runCli(folder, ['run', '--calls', '3', '--concurrency', '1']);
    expect(ran.stdout).toContain('limits.calls 3 is reached');
    expect([ran.code, server.calls()]).toEqual([4, 3]);
    const again = await runCli(folder, ['resume', '--calls', '4', '--concurrency', '1']);
    expect([again.code, server.calls()]).toEqual([4, 4]);
    server.server.close();
  },
);

test('a judge that is refused counts as well', { timeout: 60_000 }, async () => {
  const server = await countingServer(({ model }) => (model === 'judge' ? 400 : 'words'));
  const judge = `  j: {provider: openai, base_url: "${server.url}", model: judge}\n`;
  const text = workflow(server.url, 'coach: {model: j}\n').replace(
    /models: \{(.*)\}\n/,
    (_, m: string) => `models:\n  ${m}\n${judge}`,
  );
  const folder = folderWith({ 'a.baton.yaml': text });
  const ran = await runCli(folder, ['run', '--calls', '5', '--concurrency', '1']);
  expect([ran.code, server.calls()], ran.stdout + ran.stderr).toEqual([4, 5]);
  server.server.close();
});

test('a pass of a judge that is refused keeps its cap over two sittings', { timeout: 60_000 }, async () => {
  let refuses = false;
  const server = await countingServer(() => (refuses ? 400 : 'words'));
  const folder = folderWith({ 'a.baton.yaml': workflow(server.url) });
  const ran = await runCli(folder, ['run']);
  expect(ran.code, ran.stderr).toBe(0);
  refuses = true;
  const score = ['score', '--coach', 'm', '--calls', '2'];
  const before = server.calls();
  const first = await runCli(folder, score);
  expect([first.code, server.calls() - before], first.stdout + first.stderr).toEqual([4, 2]);
  const second = await runCli(folder, score);
  expect([second.code, server.calls() - before], second.stdout + second.stderr).toEqual([4, 2]);
  server.server.close();
});

test('a cap on tokens waits for calls under way to say what they took', { timeout: 60_000 }, async () => {
  const server = await countingServer(() => 'words', 50);
  const text = workflow(server.url).replace('timeout: 5', 'timeout: 5, max_tokens: 60');
  const folder = folderWith({ 'a.baton.yaml': text });
  // A call takes 10, and 60 and its prompt at the most: side by side two would not fit.
  const ran = await runCli(folder, ['run', '--tokens', '220', '--concurrency', '5']);
  expect([ran.code, server.calls()], ran.stdout + ran.stderr).toEqual([0, 5]);
  server.server.close();
});

test('where nobody is there, no call is made, and the cap stops nothing', { timeout: 60_000 }, async () => {
  const folder = folderWith({ 'a.baton.yaml': workflow('http://127.0.0.1:9/v1') });
  const ran = await runCli(folder, ['run', '--calls', '1', '--concurrency', '1']);
  expect(ran.stdout).toContain("5 rollouts failed, of no agent's doing");
  expect(ran.code).toBe(3);
});
