// `npm run experiment:lm [-- --minutes 60 --seeds 3 --steps 20 --rollouts 32 --base FOLDER]`: train an adapter a role of
// SmolLM2 on word problems and write what it reached to docs/results/. Trainings that are on record there are not
// repeated; --minutes starts none after that time. The torch engine's environment and the model are made where they
// are not cached. Build first.
import { runBundled } from './bundle.mjs';
import { smolLm2 } from './smollm2.mjs';
import { torchPython } from './torch-env.mjs';

const given = process.argv.slice(2);
const python = process.env.BATON_TORCH_PYTHON ?? (await torchPython(false));
process.env.BATON_TORCH_PYTHON = python;
const base = given.includes('--base') ? [] : ['--base', smolLm2(python).folder];
await runBundled('scripts/sums/main.ts', 'sums', [...base, ...given]);
