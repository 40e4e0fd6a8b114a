// `npm run experiment`: train the table team over seeds beside its controls, and write table and plots to docs/results/.
// Runs that are on record there are not repeated. Build first.
import { runBundled } from './bundle.mjs';

await runBundled('scripts/experiment/main.ts', 'experiment', process.argv.slice(2));
