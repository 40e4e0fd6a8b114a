import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** What scripts/testbed.mjs brought onto the disk. */
export interface Testbed {
  node: string;
  entry: string;
  chromium: string;
}

const settings = {
  'window.autoDetectColorScheme': false,
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.colorTheme': 'Default Dark Modern',
  'security.workspace.trust.untrustedFiles': 'open',
  'security.workspace.trust.startupPrompt': 'never',
  'telemetry.telemetryLevel': 'off',
  'chat.disableAIFeatures': true,
  'files.autoSave': 'off',
  // The panel that the first comments of a window open, at a moment of their own, closes menus and covers others' words.
  'comments.openView': 'never',
};

/** No Node on PATH: the extension must bring its own way to run the command line. */
function environment(place: string): NodeJS.ProcessEnv {
  const folders = (process.env.PATH ?? '').split(':').filter((folder) => !/node|nvm/.test(folder));
  return {
    ...process.env,
    PATH: folders.join(':'),
    XDG_CONFIG_HOME: join(place, 'config'),
    XDG_DATA_HOME: join(place, 'data'),
  };
}

const extensionsOf = (place: string) => ['--extensions-dir', join(place, 'extensions')];

/** Install the packed extension for every editor of this place. */
export function installInto({ node, entry }: Testbed, place: string, vsix: string): void {
  const args = [
    entry,
    '--user-data-dir',
    join(place, 'user'),
    ...extensionsOf(place),
    '--install-extension',
    vsix,
  ];
  execFileSync(node, args, { env: environment(place), stdio: ['ignore', 'ignore', 2] });
}

/** Pack an extension of the tests. */
export function packExtension(folder: string, vsix: string): string {
  const flags = [
    '--no-dependencies',
    '--no-rewrite-relative-links',
    '--allow-missing-repository',
    '--skip-license',
  ];
  const vsce = join(import.meta.dirname, '../../node_modules/.bin/vsce');
  execFileSync(vsce, ['package', ...flags, '-o', vsix], { cwd: folder, stdio: ['ignore', 'ignore', 2] });
  return vsix;
}

/** A real editor on a free port, with user data of its own; `trust`: every folder is trusted, and nobody is asked. */
export async function startEditor(
  { node, entry }: Testbed,
  place: string,
  options: {
    trust: boolean;
    user?: string;
    settings?: Record<string, unknown>;
    /** Settings of the machine, which no window may change. */
    machine?: Record<string, unknown>;
    flags?: string[];
    env?: NodeJS.ProcessEnv;
  },
): Promise<{ url: string; child: ChildProcess }> {
  const user = join(place, options.user ?? (options.trust ? 'user' : 'user-restricted'));
  mkdirSync(join(user, 'User'), { recursive: true });
  writeFileSync(join(user, 'User', 'settings.json'), JSON.stringify({ ...settings, ...options.settings }));
  mkdirSync(join(user, 'Machine'), { recursive: true });
  writeFileSync(join(user, 'Machine', 'settings.json'), JSON.stringify(options.machine ?? {}));
  const port = await freePort();
  const args = [entry, '--auth', 'none', '--bind-addr', `127.0.0.1:${port}`, '--user-data-dir', user];
  args.push(...extensionsOf(place), '--disable-telemetry', '--disable-update-check');
  args.push('--config', join(place, 'none.yaml'), ...(options.trust ? ['--disable-workspace-trust'] : []));
  args.push(...(options.flags ?? []));
  const env = { ...environment(place), ...options.env };
  const child = spawn(node, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    if (child.exitCode !== null)
      throw new Error(`The editor ended with ${child.exitCode}: ${child.stderr?.read()}`);
    const answers = await fetch(`${url}/healthz`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (answers) return { url, child };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
