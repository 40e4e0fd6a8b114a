// Bundles the command line, the engine process and the extension. `npm run build`
import { copyFileSync, cpSync, existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const entryPoints = { cli: 'src/cli.ts', engine: 'src/engine/main.ts' };

await build({
  entryPoints: Object.fromEntries(Object.entries(entryPoints).filter(([, path]) => existsSync(path))),
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  external: ['@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu'],
  banner: {
    js: [
      "import { createRequire as __createRequire } from 'node:module';",
      "import { fileURLToPath as __fileURLToPath } from 'node:url';",
      'const require = __createRequire(import.meta.url);',
      'const __filename = __fileURLToPath(import.meta.url);',
      "const __dirname = __fileURLToPath(new URL('.', import.meta.url));",
    ].join(' '),
  },
  logLevel: 'warning',
});

// The extension is CommonJS: that is what every supported editor loads. Small and minified, since it is read at start.
await build({
  entryPoints: { extension: 'src/extension.ts' },
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  sourcemap: true,
  minify: true,
  treeShaking: true,
  external: ['vscode'],
  define: { 'import.meta.url': '__importMetaUrl' },
  banner: { js: "const __importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  metafile: process.argv.includes('--meta'),
  logLevel: 'warning',
});

// The pages inside the editor: one script and one style sheet each.
await build({
  entryPoints: Object.fromEntries(
    ['designer', 'training']
      .map((name) => [name, `webview/${name}/main.tsx`])
      .filter(([, path]) => existsSync(path)),
  ),
  outdir: 'dist/webview',
  bundle: true,
  platform: 'browser',
  format: 'iife',
  target: 'es2022',
  jsx: 'automatic',
  minify: true,
  define: { 'process.env.NODE_ENV': '"production"' },
  logLevel: 'warning',
});

// The tensor backend's binary lies beside the engine's bundle.
const wasm = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
copyFileSync(join(wasm, 'tfjs-backend-wasm-simd.wasm'), join('dist', 'tfjs-backend-wasm-simd.wasm'));

// The torch engine and the driver of Ray jobs are Python: their sources travel as they are.
rmSync('dist/ray', { recursive: true, force: true });
cpSync('src/target/ray/driver', 'dist/ray', {
  recursive: true,
  filter: (path) => !path.includes('__pycache__'),
});
rmSync('dist/torch', { recursive: true, force: true });
for (const name of ['baton_torch', 'pyproject.toml', 'constraints.txt']) {
  cpSync(join('src/engine/torch', name), join('dist/torch', name), {
    recursive: true,
    filter: (path) => !path.includes('__pycache__'),
  });
}
