import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserServer, chromium } from 'playwright-core';
import type { TestProject } from 'vitest/node';

export interface Testbed {
  node: string;
  entry: string;
  chromium: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Address of the editor, of the browser, and the folder that both may write to. */
    editor: string;
    browser: string;
    place: string;
  }
}

/** A real editor with the packed extension in it, and a real browser: once for all tours. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const root = join(import.meta.dirname, '../..');
  execFileSync(process.execPath, ['scripts/package.mjs'], { cwd: root, stdio: ['ignore', 2, 2] });
  const version = process.env.BATON_EDITOR ?? 'newest';
  const testbed = JSON.parse(
    execFileSync(process.execPath, ['scripts/testbed.mjs', version], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 2],
    }),
  ) as Testbed;
  const place = mkdtempSync(join(tmpdir(), 'baton-editor-'));
  const vsix = join(root, 'dist/baton.vsix');
  const server = await startEditor(testbed, place, vsix);
  const browser = await chromium.launchServer({
    executablePath: testbed.chromium,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  project.provide('editor', server.url);
  project.provide('browser', browser.wsEndpoint());
  project.provide('place', place);
  return () => stop(server.child, browser, place);
}

async function stop(child: ChildProcess, browser: BrowserServer, place: string): Promise<void> {
  await browser.close();
  child.kill();
  await new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve(null)));
  rmSync(place, { recursive: true, force: true });
}

async function startEditor(
  { node, entry }: Testbed,
  place: string,
  vsix: string,
): Promise<{ url: string; child: ChildProcess }> {
  const user = join(place, 'user');
  const extensions = join(place, 'extensions');
  mkdirSync(join(user, 'User'), { recursive: true });
  writeFileSync(
    join(user, 'User', 'settings.json'),
    JSON.stringify({
      'window.autoDetectColorScheme': false,
      'workbench.startupEditor': 'none',
      'workbench.tips.enabled': false,
      'security.workspace.trust.untrustedFiles': 'open',
      'telemetry.telemetryLevel': 'off',
      'chat.disableAIFeatures': true,
      'files.autoSave': 'off',
      'workbench.secondarySideBar.defaultVisibility': 'hidden',
      'workbench.colorTheme': 'Default Dark Modern',
    }),
  );
  const common = ['--user-data-dir', user, '--extensions-dir', extensions];
  // No Node on PATH: the extension must bring its own way to run the command line.
  const env = {
    ...process.env,
    PATH: (process.env.PATH ?? '')
      .split(':')
      .filter((folder) => !/node|nvm/.test(folder))
      .join(':'),
    XDG_CONFIG_HOME: join(place, 'config'),
    XDG_DATA_HOME: join(place, 'data'),
  };
  execFileSync(node, [entry, ...common, '--install-extension', vsix], {
    env,
    stdio: ['ignore', 'ignore', 2],
  });
  const port = await freePort();
  const child = spawn(
    node,
    [
      entry,
      '--auth',
      'none',
      '--bind-addr',
      `127.0.0.1:${port}`,
      ...common,
      '--disable-telemetry',
      '--disable-update-check',
      '--disable-workspace-trust',
      '--config',
      join(place, 'none.yaml'),
    ],
    {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    if (child.exitCode !== null)
      throw new Error(`The editor ended with ${child.exitCode}: ${child.stderr?.read()}`);
    if (
      await fetch(`${url}/healthz`).then(
        (answer) => answer.ok,
        () => false,
      )
    )
      return { url, child };
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
