// `npm run blame [-- --python PATH]`: inject known faults into the table team, each in several spellings, on held-out
// tables, and print whom the contract coach blames, beside clean runs in several styles. Build first.
import { runBundled } from './bundle.mjs';
import { ensurePandas } from './ensure.mjs';

if (!process.argv.some((given) => given.startsWith('--python')))
  process.env.BATON_TEST_PYTHON = ensurePandas() ?? '';
await runBundled('scripts/blame/main.ts', 'blame', process.argv.slice(2));
