// Node for a box that has none: the program alone, from npm's packages, fetched here by the user's own npm, which knows
// registry and proxy and checks what it fetched.
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { manifestOf } from '../job/manifest.js';
import { probeThere } from '../probe.js';
import type { SshTarget } from '../targets.js';
import { Box } from './box.js';
import { runThere, SshError } from './connection.js';

const run = promisify(execFile);

/** The long-term line that is brought. */
const NODE = '22';

const packed = z.tuple([z.object({ name: z.string(), version: z.string(), filename: z.string() })]);

/** npm's package with Node for a machine as `uname` names it; null where there is none. */
export function nodePackage(os: string, arch: string): string | null {
  if (!os.startsWith('Linux')) return null;
  const known: Record<string, string> = { x86_64: 'x64', amd64: 'x64', aarch64: 'arm64', arm64: 'arm64' };
  const cpu = known[arch];
  return cpu === undefined ? null : `node-linux-${cpu}`;
}

/** Fetches a package into a folder of its own and unpacks Node from it. Rejects with what to do. */
async function fetchNode(name: string, into: string): Promise<{ version: string; folder: string }> {
  try {
    const spec = `${name}@${NODE}`;
    const args = ['pack', spec, '--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', into];
    const { stdout } = await run('npm', args, { cwd: into, maxBuffer: 2 ** 24 });
    const [{ filename, version }] = packed.parse(JSON.parse(stdout.slice(stdout.indexOf('['))));
    const folder = join(into, 'node');
    mkdirSync(folder);
    const only = ['package/bin/node', 'package/LICENSE'];
    await run('tar', ['-xzf', join(into, filename), '-C', folder, '--strip-components=1', ...only]);
    chmodSync(join(folder, 'bin/node'), 0o755);
    return { version, folder };
  } catch (error) {
    const words = (error as Error & { stderr?: string }).stderr || (error as Error).message;
    const last = words.trim().split('\n').slice(-3).join('\n');
    const todo = 'It needs npm and a registry on this machine; or install Node 20.12 or newer there yourself';
    throw new SshError('failed', `Node could not be fetched here: ${last}\n${todo}.`);
  }
}

/**
 * Brings Node to a box, beside its jobs, and starts it there once. Gives its version and its absolute path there.
 * Rejects with an SshError where the box cannot be reached, has no package for its kind, or cannot run it.
 */
export async function bringNode(target: SshTarget): Promise<{ version: string; path: string }> {
  const { os, arch } = await probeThere(target);
  const name = nodePackage(os, arch);
  if (name === null) {
    const todo = 'npm has Node for Linux on x64 and arm64; install Node 20.12 or newer there yourself.';
    throw new SshError('failed', `${target.host} is ${os} ${arch}: ${todo}`);
  }
  const place = mkdtempSync(join(tmpdir(), 'baton-node-'));
  try {
    const { version, folder } = await fetchNode(name, place);
    const box = await Box.open(target);
    const to = `${box.root}/node-${version}`;
    await box.send(folder, await manifestOf(folder), to);
    const path = `${to}/bin/node`;
    const { code, stdout, stderr } = await runThere(target, '"$1" --version', [path]);
    if (code !== 0 || stdout.trim() !== `v${version}`) {
      const words = (stderr.trim() || stdout.trim()).split('\n').slice(-3).join('\n');
      const todo =
        'This Node needs glibc 2.28 or newer; install one that fits there, and name it under node:';
      throw new SshError('failed', `${target.host} cannot run the Node that was brought: ${words}\n${todo}`);
    }
    return { version, path };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
