// A real VS Code for the editor's tests, from package registries alone: code-server, run by the Node it wants, and
// Chromium. Everything lies in the user's cache, so that a second run starts at once. `node scripts/testbed.mjs`
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The newest editor that is tested and the oldest that is supported: versions of code-server. */
export const editors = { newest: '4.139.1', oldest: '4.100.3' };

const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'baton', 'testbed');
const natives = ['node-pty', '@vscode/spdlog', '@vscode/native-watchdog', '@parcel/watcher'];

function npm(folder, ...args) {
  const done = spawnSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    // An install script of the server calls npx, which would ask.
    env: { ...process.env, npm_config_yes: 'true' },
    stdio: ['ignore', 2, 2],
  });
  if (done.status !== 0)
    throw new Error(`npm ${args.join(' ')} failed in ${folder}; the lines above say why.`);
}

/** Where Chromium is; installed from the system's packages where there are rights. */
function chromium() {
  const places = [
    process.env.BATON_CHROMIUM,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
  ];
  const found = () => places.find((place) => place && existsSync(place));
  if (found()) return found();
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get'))
    throw new Error(
      'The editor tests need Chromium: install it (Debian: sudo apt-get install chromium) or name it in BATON_CHROMIUM.',
    );
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) => execFileSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  apt('update', '-qq');
  apt('install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-dejavu-core');
  return found();
}

/** Does some work while no other process does it; `lock` is a file. */
function alone(lock, work) {
  for (;;)
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (!lives(lock)) rmSync(lock, { force: true });
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Whether the process that wrote a lock is there; one that was made just now may not have its number yet. */
function lives(lock) {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    return pid === 0 || process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Bring one editor up on disk, if it is not there yet. Returns the paths that a test starts it with. */
export function testbed(version = editors.newest) {
  mkdirSync(cache, { recursive: true });
  return alone(join(cache, 'installing'), () => brought(version));
}

function brought(version) {
  const folder = join(cache, version);
  const server = join(folder, 'node_modules', 'code-server');
  const place = {
    node: join(folder, 'node_modules', 'node', 'bin', 'node'),
    entry: join(server, 'out', 'node', 'entry.js'),
    chromium: chromium(),
  };
  const ready = join(folder, 'ready');
  if (existsSync(ready)) return place;
  console.error(`Installing the editor for tests (code-server ${version}) into ${folder} ...`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"name":"testbed","private":true}\n');
  npm(folder, 'install', version.startsWith('4.100') ? 'node@20' : 'node@24');
  npm(folder, 'install', '--ignore-scripts', `code-server@${version}`);
  npm(folder, 'rebuild', 'argon2');
  const vscode = join(server, 'lib', 'vscode');
  npm(vscode, 'install', '--omit=dev', '--ignore-scripts');
  npm(join(vscode, 'extensions'), 'install', '--omit=dev', '--ignore-scripts');
  npm(vscode, 'rebuild', ...natives);
  writeFileSync(ready, `${version}\n`);
  return place;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  console.log(JSON.stringify(testbed(editors[process.argv[2]] ?? process.argv[2]), null, 2));
