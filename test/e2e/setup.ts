import { type ChildProcess, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserServer, chromium } from 'playwright-core';
import type { TestProject } from 'vitest/node';
import { installInto, startEditor, type Testbed } from './server.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Address of the editor, of the browser, and the folder that both may write to. */
    editor: string;
    browser: string;
    place: string;
    testbed: Testbed;
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
  installInto(testbed, place, vsix);
  const server = await startEditor(testbed, place, { trust: true });
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
  project.provide('testbed', testbed);
  return () => stop(server.child, browser, place);
}

async function stop(child: ChildProcess, browser: BrowserServer, place: string): Promise<void> {
  await browser.close();
  child.kill();
  await new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve(null)));
  rmSync(place, { recursive: true, force: true });
}
