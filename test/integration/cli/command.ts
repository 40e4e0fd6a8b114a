import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The built command line. */
export const cli = join(import.meta.dirname, '../../../dist/cli.mjs');

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Start the built command line in a folder, with a cache and settings of its own. */
export function startCli(
  cwd: string,
  args: string[],
  env: Record<string, string> = {},
  stdin: 'ignore' | 'pipe' = 'ignore',
): { child: ChildProcess; ended: Promise<Ran> } {
  const own = { XDG_CACHE_HOME: join(cwd, '.cache'), XDG_CONFIG_HOME: join(cwd, '.config') };
  const child = spawn(process.execPath, [cli, ...args], {
    cwd,
    env: { ...process.env, ...own, ...env },
    stdio: [stdin, 'pipe', 'pipe'],
  });
  const out: Ran = { code: null, stdout: '', stderr: '' };
  child.stdout!.on('data', (chunk: Buffer) => {
    out.stdout += chunk.toString();
  });
  child.stderr!.on('data', (chunk: Buffer) => {
    out.stderr += chunk.toString();
  });
  const ended = new Promise<Ran>((resolve) => child.on('close', (code) => resolve({ ...out, code })));
  return { child, ended };
}

export const runCli = (cwd: string, args: string[], env: Record<string, string> = {}): Promise<Ran> =>
  startCli(cwd, args, env).ended;

/** What a recorded model says to each role that is told "I am ROLE": a program to run. */
export function programReplies(programs: Readonly<Record<string, string>>): string {
  const lines = Object.entries(programs).map(([role, program]) =>
    JSON.stringify({ when: `I am ${role}`, reply: `\`\`\`python\n${program}\n\`\`\`` }),
  );
  return lines.join('\n');
}

export function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'baton-cli-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/**
 * A model server that counts the calls that came. It answers each after some time, and none before `until`; where the
 * reply is null, it hangs up instead, and where it is a number, it refuses with that status.
 */
export async function countingServer(
  reply: (body: {
    model?: string;
    temperature?: number;
    messages: { content: string }[];
  }) => string | number | null,
  delayMs = 0,
  until: Promise<void> = Promise.resolve(),
): Promise<{ url: string; calls: () => number; server: Server }> {
  let calls = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      calls += 1;
      const body = JSON.parse(Buffer.concat(chunks).toString()) as { messages: { content: string }[] };
      const content = reply(body);
      if (content === null) return request.socket.destroy();
      if (typeof content === 'number') return response.writeHead(content).end('{}');
      const answer = {
        id: 'x',
        object: 'chat.completion',
        created: 0,
        model: 'm',
        choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }],
        usage: { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 },
      };
      const send = () =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      void until.then(() => setTimeout(send, delayMs));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, calls: () => calls, server };
}
