// Bundles the command line, the engine process and the extension. `npm run build`
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { build, transform } from 'esbuild';

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

// The extension is CommonJS: that is what every supported editor loads. Its entry is one small file, since finding and
// reading files is what an activation costs; what it loads later is built apart, so that the two share none.
const later = { parts: 'src/editor/parts.ts', shell: 'src/editor/shell.ts' };
const common = {
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: 'inline',
  minify: true,
  external: ['vscode'],
  define: { 'import.meta.url': '__importMetaUrl' },
  write: false,
  metafile: true,
  logLevel: 'warning',
};
const entry = await build({
  ...common,
  entryPoints: { extension: 'src/extension.ts' },
  plugins: [
    {
      name: 'later',
      setup: ({ onResolve }) =>
        onResolve({ filter: /^\./ }, ({ kind, path }) =>
          kind === 'dynamic-import' ? { path: laterFile(path), external: true } : undefined,
        ),
    },
  ],
});
// esbuild splits ES modules only, so each part is turned into CommonJS afterwards.
const parts = await build({
  ...common,
  entryPoints: Object.fromEntries(Object.entries(later).map(([name, path]) => [`extension-${name}`, path])),
  chunkNames: 'extension-[hash]',
  splitting: true,
});
mkdirSync('dist', { recursive: true });
for (const name of readdirSync('dist')) if (/^extension.*\.cjs/.test(name)) rmSync(join('dist', name));
const needed = new Set();
for (const name of Object.keys(later)) reached(`dist/extension-${name}.cjs`, needed);
for (const { path, text } of [...entry.outputFiles, ...parts.outputFiles]) {
  // What only dropped code would have loaded is written as well: it is left out here.
  if (
    !entry.outputFiles.some((file) => file.path === path) &&
    !needed.has(relative('.', path).replaceAll('\\', '/'))
  )
    continue;
  const { code, map } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    supported: { 'dynamic-import': false },
    sourcemap: 'external',
    minify: true,
    banner: text.includes('__importMetaUrl')
      ? "const __importMetaUrl = require('node:url').pathToFileURL(__filename).href;"
      : '',
  });
  writeFileSync(path, code);
  writeFileSync(`${path}.map`, map);
}

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

/** The file that an import of the entry loads later. */
function laterFile(path) {
  const name = basename(path, '.js');
  if (!later[name]) throw new Error(`scripts/build.mjs: what the extension loads later names no ${path}.`);
  return `./extension-${name}.cjs`;
}

/** The files that one of the extension's files loads, at once or later. */
function reached(path, found) {
  if (found.has(path) || !parts.metafile.outputs[path]) return;
  found.add(path);
  for (const each of parts.metafile.outputs[path].imports) reached(each.path, found);
}
