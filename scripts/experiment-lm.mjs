// `npm run experiment:lm`: the torch engine's environment and the model are made where they are not cached. Build first.
import { runBundled } from './bundle.mjs';
import { smolLm2 } from './smollm2.mjs';
import { torchPython } from './torch-env.mjs';

const given = process.argv.slice(2);
if (!given.includes('--help') && !given.includes('-h')) {
  process.env.BATON_TORCH_PYTHON ??= await torchPython(false);
  if (!given.includes('--base')) given.push('--base', smolLm2(process.env.BATON_TORCH_PYTHON).folder);
}
await runBundled('scripts/sums/main.ts', 'sums', given);
