// The work that the benches of orchestration measure: three agents, no tools, a zero-latency server in another
// process, concurrency 8.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import pLimit from 'p-limit';
import { contractCoach } from '../../src/coach/index.js';
import { openaiPolicy } from '../../src/policy/index.js';
import { Budget, openGate, type RolloutDeps, runBatch, specsFor } from '../../src/rollout/index.js';
import { Blobs, GitObjects, LogWriter, RunFolder } from '../../src/trace/index.js';
import { checkWorkflow, diskFiles, loadTasks } from '../../src/workflow/index.js';

const CONCURRENCY = 8;
const reply = JSON.stringify({
  id: 'x',
  object: 'chat.completion',
  created: 0,
  model: 'm',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'a short answer' } }],
  usage: { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 },
});

/** Answer until the process ends; a bench starts itself with `serve` for it. */
export function serve(): void {
  const server = createServer((request, response) => {
    request
      .resume()
      .on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end(reply));
  });
  server.listen(0, '127.0.0.1', () =>
    process.stdout.write(`${(server.address() as { port: number }).port}\n`),
  );
}

/** The server, in a process of its own. */
export async function startServer(): Promise<{ url: string; stop: () => void }> {
  const child = spawn(process.execPath, [process.argv[1]!, 'serve'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<string>((resolve) =>
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim())),
  );
  return { url: `http://127.0.0.1:${port}/v1`, stop: () => child.kill() };
}

export interface Cost {
  /** CPU milliseconds per action. */
  cpu: number;
  /** Resident memory at the end, MB. */
  memory: number;
}

async function measured(actions: number, work: () => Promise<void>): Promise<Cost> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / 1000 / actions, memory: process.memoryUsage().rss / 2 ** 20 };
}

/** A loop over the `openai` client that syncs a line per action: what orchestration is measured against. */
export async function bare(url: string, rollouts: number): Promise<Cost> {
  const client = new OpenAI({ baseURL: url, apiKey: 'none', maxRetries: 0 });
  const folder = mkdtempSync(join(tmpdir(), 'baton-bare-'));
  const limit = pLimit(CONCURRENCY);
  const cost = await measured(rollouts * 3, async () => {
    await Promise.all(
      Array.from({ length: rollouts }, (_, at) =>
        limit(async () => {
          const file = await open(join(folder, `${at}.jsonl`), 'a');
          for (const agent of ['a', 'b', 'c']) {
            const answer = await client.chat.completions.create({
              model: 'm',
              messages: [{ role: 'user', content: `${agent}: task ${at}` }],
            });
            await file.appendFile(`${JSON.stringify({ agent, text: answer.choices[0]!.message.content })}\n`);
            await file.datasync();
          }
          await file.close();
        }),
      ),
    );
  });
  rmSync(folder, { recursive: true });
  return cost;
}

/** The same work as a run of ours. `look` sees the run's folder before it is removed. */
export async function ours(
  url: string,
  rollouts: number,
  look: (folder: RunFolder) => void = () => undefined,
): Promise<Cost> {
  const path = mkdtempSync(join(tmpdir(), 'baton-ours-'));
  const agents = ['a', 'b', 'c'].map((name) => `  ${name}: {role: Answer.}`).join('\n');
  const text = `baton: 1\nmodels: {m: {provider: openai, base_url: "${url}", model: m}}\ntasks: [{prompt: task}]\nagents:\n${agents}\n`;
  const files = diskFiles(path);
  const { workflow } = checkWorkflow(text, join(path, 'a.baton.yaml'), { files });
  if (!workflow) throw new Error('the bench workflow has problems');
  const task = loadTasks(workflow.tasks, files).tasks[0]!;
  for (const part of ['rollouts', 'blobs']) mkdirSync(join(path, part));
  const folder = new RunFolder(path);
  const { log } = await LogWriter.open(folder.log);
  const git = new GitObjects(folder.git);
  git.create();
  const policy = openaiPolicy({
    baseUrl: url,
    model: 'm',
    apiKey: null,
    timeoutSeconds: 30,
    tokens: false,
    toolCalls: false,
  });
  const acting = { policy, temperature: 1, topP: 1, maxTokens: 100, price: { input: 0, output: 0 } };
  const deps: RolloutDeps = {
    workflow,
    runSeed: 1,
    acting: () => acting,
    sandbox: null,
    takeFacts: null,
    judge: contractCoach,
    judgeActions: false,
    blobs: new Blobs(folder.blobs),
    git,
    budget: new Budget(workflow.limits),
    gate: openGate,
    cache: join(path, 'work'),
    inputsOf: () => path,
    attempts: 1,
    signal: new AbortController().signal,
  };
  const specs = specsFor([task], rollouts, 'run', {});
  const cost = await measured(rollouts * 3, async () => {
    const { ended } = await runBatch(folder, log, specs, deps, { concurrency: CONCURRENCY });
    if (ended.some((rollout) => rollout.status !== 'done')) throw new Error('a rollout of the bench failed');
  });
  await log.close();
  look(folder);
  rmSync(path, { recursive: true });
  return cost;
}
