// How a run grows: CPU a rollout, memory, and how long a page of its rollouts takes to read, each size in a process of
// its own. `node scripts/bench.mjs growth [rollouts ...]`
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { RolloutPages } from '../../src/trace/index.js';
import { ours, serve, startServer } from './workload.js';

/** What may be: CPU a rollout of the largest run beside the smallest, and MB of live objects it has more. */
const most = { cpu: 1.3, heap: 30 };

interface Grown {
  rollouts: number;
  /** CPU milliseconds a rollout. */
  cpu: number;
  /** Resident memory at the end, MB: with what the collector has not given back yet. */
  memory: number;
  /** Live objects at the end, MB. */
  heap: number;
  /** Milliseconds for 50 rollouts from the middle, with a cold index. */
  page: number;
}

const [what, ...rest] = process.argv.slice(2);
if (what === 'serve') serve();
else if (what === 'one') console.log(JSON.stringify(await one(rest[0]!, Number(rest[1]))));
else await main(process.argv.slice(2).map(Number));

async function one(url: string, rollouts: number): Promise<Grown> {
  await ours(url, 50);
  let page = 0;
  let heap = 0;
  const { cpu, memory } = await ours(url, rollouts, (folder) => {
    const start = performance.now();
    const rows = new RolloutPages(folder).page(Math.floor(rollouts / 2), 50);
    page = performance.now() - start;
    globalThis.gc?.();
    heap = process.memoryUsage().heapUsed / 2 ** 20;
    if (rows.length !== 50) throw new Error(`a page of 50 has ${rows.length} rollouts`);
  });
  return { rollouts, cpu: cpu * 3, memory, heap, page };
}

async function main(wanted: number[]): Promise<void> {
  const sizes = wanted.length > 0 ? wanted : [100, 1000, 10_000];
  const { url, stop } = await startServer();
  const grown: Grown[] = [];
  for (const size of sizes) {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--expose-gc',
      process.argv[1]!,
      'one',
      url,
      String(size),
    ]);
    const now = JSON.parse(stdout) as Grown;
    grown.push(now);
    console.log(
      `${size} rollouts: ${now.cpu.toFixed(2)} ms of CPU a rollout, ${now.memory.toFixed(0)} MB resident, ${now.heap.toFixed(1)} MB live, a page of 50 in ${now.page.toFixed(0)} ms`,
    );
  }
  stop();
  const [first, last] = [grown[0]!, grown.at(-1)!];
  const [cpu, heap] = [last.cpu / first.cpu, last.heap - first.heap];
  console.log(
    `from ${first.rollouts} to ${last.rollouts}: CPU a rollout x${cpu.toFixed(2)} (at most ${most.cpu}), live memory ${heap >= 0 ? '+' : ''}${heap.toFixed(1)} MB (at most +${most.heap})`,
  );
  if (cpu > most.cpu || heap > most.heap) process.exitCode = 1;
}
