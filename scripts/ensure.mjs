// Makes sure that what Baton needs is installed: npm packages, git, Python and a sandbox. Used by start and test.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';

const [major, minor] = process.versions.node.split('.').map(Number);

export function fail(sentence) {
  console.error(sentence);
  process.exit(3);
}

/** npm packages by the lock file, only where they are missing or the lock changed. */
export function ensurePackages() {
  if (major < 20 || (major === 20 && minor < 12))
    fail(
      `Baton needs Node 20.12 or later; this is ${process.version}. Install it from nodejs.org or with your version manager.`,
    );
  const lock = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
  const stamp = 'node_modules/.baton-lock';
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  if (!existsSync('node_modules/typescript') || existsSync(stamp)) {
    console.error('Installing npm packages (about half a minute) ...');
    const done = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      stdio: ['ignore', 2, 2],
      shell: process.platform === 'win32',
    });
    if (done.status !== 0)
      fail(
        'npm could not install the packages; the lines above say why. Check the network and run the same command again.',
      );
  }
  mkdirSync('node_modules', { recursive: true });
  writeFileSync(stamp, lock);
}

function has(program, args = ['--version']) {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

/** Whether Docker or Podman is there with its service and the image that agents' programs run in. */
export function hasContainer() {
  const image = process.env.BATON_IMAGE || 'python:3.12-slim';
  return ['docker', 'podman'].some((program) => has(program, ['image', 'inspect', image]));
}

/**
 * git, python3 and (on Linux) bubblewrap, from the system's package manager where there are rights. `sandboxed`: there is
 * another sandbox that will do.
 */
export async function ensureSystem(sandboxed = false) {
  const missing = [];
  if (!has('git')) missing.push('git');
  if (!has('python3')) missing.push('python3');
  if (process.platform === 'linux' && !has('bwrap') && !sandboxed) missing.push('bubblewrap');
  if (missing.length === 0) return;
  const root = process.getuid?.() === 0;
  const manager = managers().find(({ program }) => has(program));
  const words = missing.join(' and ');
  if (!manager)
    fail(
      `Baton needs ${words}: install ${missing.length === 1 ? 'it' : 'them'} with your package manager and run this again.`,
    );
  const commands = manager.commands(missing).map((command) => (root ? command : ['sudo', ...command]));
  const shown = commands.map((command) => command.join(' ')).join(' && ');
  if (!root && !has('sudo', ['-n', 'true']) && !process.stdin.isTTY)
    fail(`Baton needs ${words}; run: ${shown}`);
  if (process.stdin.isTTY && process.stderr.isTTY) {
    const ask = createInterface({ input: process.stdin, output: process.stderr });
    const answer = await ask.question(`Baton needs ${words}. Install with "${shown}"? [Y/n] `);
    ask.close();
    if (!/^(y(es)?)?$/i.test(answer.trim())) fail(`Not installed. When you want to: ${shown}`);
  } else console.error(`Installing ${words}: ${shown}`);
  for (const [program, ...args] of commands) {
    try {
      execFileSync(program, args, {
        stdio: ['inherit', 'ignore', 'inherit'],
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      });
    } catch {
      fail(`That did not work; install ${words} yourself and run this again: ${shown}`);
    }
  }
}

/** Debian packages, as root only. */
function installed(...names) {
  const commands = [
    ['apt-get', 'update', '-qq'],
    ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...names],
  ];
  return (
    process.getuid?.() === 0 &&
    has('apt-get') &&
    commands.every(
      ([program, ...args]) =>
        spawnSync(program, args, {
          stdio: ['ignore', 2, 2],
          env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
        }).status === 0,
    )
  );
}

/** Whether there is a real sshd for the tests of targets; installed where there are rights. */
export function hasSshd() {
  return existsSync('/usr/sbin/sshd') || has('sshd', ['-V']) || installed('openssh-server', 'openssh-client');
}

export function ensureSshd() {
  if (!hasSshd())
    fail(
      'The tests of ssh targets need an sshd; install openssh-server with your package manager and run this again.',
    );
}

/** A C shell, for a test of targets whose login shell is one. */
export function ensureTcsh() {
  if (!has('tcsh', ['--version']) && !installed('tcsh'))
    fail('The tests of ssh targets need tcsh; install it with your package manager and run this again.');
}

/** Docker's service and Podman, both with runc, for the tests of these levels: installed where there are rights. */
export function ensureContainers() {
  const programs = ['dockerd', 'podman', 'runc', 'catatonit'];
  if (programs.every((name) => has(name, ['--version']))) return;
  if (!installed('docker.io', 'podman', 'runc', 'catatonit'))
    fail(
      `The tests of containers need ${programs.join(', ')}; install them with your package manager and run this again.`,
    );
}

/**
 * An interpreter with pandas and scikit-learn for the tests that need one: that of BATON_TEST_PYTHON, or one in the
 * user's cache, made here (about a minute, once). Null, with a sentence, where it cannot be made.
 */
export function ensurePandas() {
  const works = (python) => has(python, ['-c', 'import pandas, sklearn']);
  const named = process.env.BATON_TEST_PYTHON;
  if (named) {
    if (works(named)) return named;
    fail(`BATON_TEST_PYTHON names ${named}, which has no pandas and scikit-learn.`);
  }
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'baton', 'test-python');
  const python = join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  if (works(python)) return python;
  console.error(
    'Making a Python environment with pandas and scikit-learn for the tests (about a minute, once) ...',
  );
  const venv = () => spawnSync('python3', ['-m', 'venv', folder], { stdio: 'ignore' }).status === 0;
  // Debian keeps venv in a package of its own.
  if (!venv() && process.getuid?.() === 0 && has('apt-get')) {
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'python3-venv'], {
      stdio: 'ignore',
    });
    venv();
  }
  const pip = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', 'pandas', 'scikit-learn'];
  spawnSync(python, pip, { stdio: ['ignore', 2, 2] });
  if (works(python)) return python;
  console.error(
    `It could not be made; make it by hand and run this again: python3 -m venv ${folder} && ${python} -m pip install pandas scikit-learn`,
  );
  return null;
}

function managers() {
  return [
    {
      program: 'apt-get',
      commands: (names) => [
        ['apt-get', 'update', '-qq'],
        ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...names],
      ],
    },
    { program: 'dnf', commands: (names) => [['dnf', 'install', '-y', ...names]] },
    { program: 'apk', commands: (names) => [['apk', 'add', ...names]] },
    {
      program: 'pacman',
      commands: (names) => [
        ['pacman', '-Sy', '--noconfirm', ...names.map((name) => (name === 'python3' ? 'python' : name))],
      ],
    },
    {
      program: 'brew',
      commands: (names) => [['brew', 'install', ...names.filter((name) => name !== 'bubblewrap')]],
    },
  ];
}
