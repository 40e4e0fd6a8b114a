// Bundles the pre-training script and runs it. `npm run pretrain`
import { runBundled } from './bundle.mjs';

await runBundled('scripts/pretrain/main.ts', 'pretrain', process.argv.slice(2));
