// `npm run docs`: writes docs/reference.md from the workflow's schema and the extension's manifest.
import { runBundled } from './bundle.mjs';

await runBundled('scripts/docs/main.ts', 'docs', ['write']);
