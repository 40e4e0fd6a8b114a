// CPU per action of a run (log on disk, fdatasync) above a bare `openai` loop that syncs a line per action, on the
// same work. `node scripts/bench.mjs orchestration [rollouts ...]`
import { bare, type Cost, ours, serve, startServer } from './workload.js';

if (process.argv[2] === 'serve') serve();
else await main();

async function main(): Promise<void> {
  const { url, stop } = await startServer();
  const sizes = process.argv
    .slice(2)
    .map(Number)
    .filter((size) => size > 0);
  await bare(url, 50);
  await ours(url, 50);
  for (const rollouts of sizes.length > 0 ? sizes : [200, 800]) {
    const pairs: { bare: Cost; ours: Cost }[] = [];
    for (let round = 0; round < 3; round++)
      pairs.push({ bare: await bare(url, rollouts), ours: await ours(url, rollouts) });
    const list = (key: 'bare' | 'ours') => pairs.map((pair) => pair[key].cpu).sort((a, b) => a - b);
    const above = pairs.map((pair) => pair.ours.cpu - pair.bare.cpu).sort((a, b) => a - b);
    const show = (values: number[]) =>
      `${values[1]!.toFixed(2)} [${values[0]!.toFixed(2)}, ${values[2]!.toFixed(2)}]`;
    const memory = Math.max(...pairs.map((pair) => pair.ours.memory));
    console.log(
      `${rollouts} rollouts, CPU ms per action, median [min, max] of 3: bare ${show(list('bare'))}, Baton ${show(list('ours'))}, above ${show(above)}; memory ${memory.toFixed(0)} MB`,
    );
  }
  stop();
}
