// `npm run l10n`: writes the bundle that a translation starts from: what `l10n.t` is called with, and the catalogues.
import { spawnSync } from 'node:child_process';
import { runBundled } from './bundle.mjs';

const rooms = ['src/editor', 'src/workflow', 'src/target', 'webview'];
const { status } = spawnSync(
  'npx',
  ['--yes', '@vscode/l10n-dev@0.0.35', 'export', '--outDir', 'media/l10n', ...rooms],
  { stdio: 'inherit' },
);
if (status !== 0) process.exit(status ?? 1);
await runBundled('scripts/l10n/main.ts', 'l10n', []);
