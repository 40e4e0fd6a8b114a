import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { folderWith } from './command.js';

const cli = join(import.meta.dirname, '../../../dist/cli.mjs');
const seen: (string | undefined)[] = [];
const server = createServer((request, response) => {
  seen.push(request.headers.authorization);
  const answer = {
    id: 'x',
    object: 'chat.completion',
    created: 0,
    model: 'm',
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'an answer' } }],
    usage: { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 },
  };
  request
    .resume()
    .on('end', () =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer)),
    );
});
const listening = new Promise<string>((resolve) =>
  server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
);
afterAll(() => server.close());

async function run(stdin: string): Promise<{ code: number | null; stderr: string }> {
  const origin = await listening;
  const folder = folderWith({
    't.baton.yaml': `baton: 1
models:
  m: {provider: openai, base_url: "${origin}/v1", model: m, api_key: "\${secret:KEY}"}
tasks: [{prompt: go}]
artifacts: {a: {kind: message}}
agents: {solver: {role: Answer., produces: [a]}}
`,
  });
  const env = {
    ...process.env,
    XDG_CACHE_HOME: join(folder, '.cache'),
    XDG_CONFIG_HOME: join(folder, '.config'),
    BATON_KEYS_ON_STDIN: '1',
  };
  const child = spawn(process.execPath, [cli, 'run', 't.baton.yaml'], { cwd: folder, env });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.stdout.resume();
  child.stdin.end(stdin.replaceAll('ORIGIN', origin));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stderr };
}

test('a key that an editor hands over on stdin goes to its own address', async () => {
  expect(await run('{"KEY": {"ORIGIN": "sk-handed"}}')).toMatchObject({ code: 0 });
  expect(seen).toEqual(['Bearer sk-handed']);
});

test('a key that was handed over for another address is not sent', async () => {
  seen.length = 0;
  const { code, stderr } = await run('{"KEY": {"https://elsewhere.example": "sk-handed"}}');
  expect(code).toBe(3);
  expect(stderr).toContain('It is stored for https://elsewhere.example, and goes nowhere else.');
  expect(seen).toEqual([]);
});

test('what is no keys is refused', async () => {
  const { code, stderr } = await run('["sk-handed"]');
  expect(code).toBe(2);
  expect(stderr).toContain('stdin does not hold keys');
  expect(stderr).not.toContain('sk-handed');
});
