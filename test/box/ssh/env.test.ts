// A variable that a workflow's user allows: it reaches the job on a box, now and when the job is resumed, and no file.
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCli } from '../../integration/cli/command.js';
import { hopeless } from '../../integration/cli/engine-between.js';
import { type Machine, machineOf, startMachine } from './machine.js';

const key = 'a-key-of-this-test';
const sizes = ['--steps', '1', '--rollouts', '4', '--eval-tasks', '1', '--select-tasks', '1'];
const asked: (string | undefined)[] = [];
let server: Server;
let here: Machine;

beforeAll(async () => {
  const reply = {
    ...{ id: 'x', object: 'chat.completion', created: 0, model: 'm' },
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'an answer' } }],
    usage: { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 },
  };
  server = createServer((request, response) => {
    asked.push(request.headers.authorization);
    request
      .resume()
      .on('end', () =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reply)),
      );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  here = await startMachine();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const hosted = `j: {provider: openai, base_url: "${url}", model: j, api_key: "\${env:JUDGE_KEY}"}`;
  const text = hopeless
    .replace('models: {', `models: {${hosted}, `)
    .replace('artifacts: {', 'artifacts: {other: {kind: message}, ')
    .replace('agents: {', 'agents: {second: {role: Say., model: j, produces: [other]}, ');
  writeFileSync(join(here.folder, 'a.baton.yaml'), text);
});
afterAll(() => {
  server?.close();
  here?.stop();
});

it('reaches the job, also when it is resumed, and is kept nowhere', async () => {
  const cli = (env: Record<string, string>, ...args: string[]) => runCli(here.folder, args, env);
  const train = ['train', ...sizes, '--backend', 'wasm', '--target', 'box'];
  const refused = await cli({ JUDGE_KEY: key }, ...train);
  expect(`${refused.code} ${refused.stderr}`).toMatch(/^1 .*--allow-env JUDGE_KEY/);

  const trained = await cli({ JUDGE_KEY: key }, ...train, '--allow-env', 'JUDGE_KEY');
  expect(`${trained.code} ${trained.code === 0 ? '' : trained.stderr}`).toBe('0 ');
  expect(new Set(asked)).toEqual(new Set([`Bearer ${key}`]));

  const [job] = readdirSync(join(here.folder, '.baton/runs')) as [string];
  const without = await cli({}, 'jobs', 'resume', job);
  expect(`${without.code} ${without.stderr}`).toContain(
    `3 baton: ${job} was given JUDGE_KEY from your environment when it was started`,
  );
  const resumed = await cli({ JUDGE_KEY: key }, 'jobs', 'resume', job);
  expect(`${resumed.code} ${resumed.code === 0 ? '' : resumed.stderr}`).toBe('0 ');
  // Another machine is told nothing of what may be read.
  const other = machineOf(here.sshd);
  cpSync(join(here.folder, 'a.baton.yaml'), join(other, 'a.baton.yaml'));
  const there = (...more: string[]) =>
    runCli(other, ['jobs', 'resume', job, '--target', 'box', ...more], { JUDGE_KEY: key });
  expect(await there()).toMatchObject({ code: 1, stderr: expect.stringContaining('--allow-env JUDGE_KEY') });
  expect((await there('--allow-env', 'JUDGE_KEY')).code).toBe(0);
  rmSync(other, { recursive: true });
  for (const folder of [here.sshd.target.folder, here.folder])
    expect(spawnSync('grep', ['-rl', key, folder], { encoding: 'utf8' }).stdout).toBe('');
  expect(readFileSync(join(here.folder, '.cache/baton/jobs', `${job}.json`), 'utf8')).toContain('JUDGE_KEY');
});
