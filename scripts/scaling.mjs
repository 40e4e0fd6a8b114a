// `npm run scaling`: unit costs measured from a training run, and what 1, 8 and 64 devices give from them.
import { runBundled } from './bundle.mjs';

await runBundled('scripts/scaling/main.ts', 'scaling', process.argv.slice(2));
