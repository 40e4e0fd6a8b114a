// Runs one bench of test/bench: `node scripts/bench.mjs <name> [arguments]`. Build first.
import { runBundled } from './bundle.mjs';

const [name, ...rest] = process.argv.slice(2);
if (name === undefined) throw new Error('name a file of test/bench, such as "engine"');
await runBundled(`test/bench/${name}.ts`, `bench-${name}`, rest);
