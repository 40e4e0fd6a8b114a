import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSandbox, probeAll, type Sandbox } from '../../../src/sandbox/index.js';
import { artifacts } from './cases-artifacts.js';
import { exhaust } from './cases-exhaust.js';
import { reach } from './cases-reach.js';
import { limits, placeFor, processesWith } from './place.js';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../../..');
const cases = [...reach, ...artifacts, ...exhaust];

describe(`hostile programs in bubblewrap as the user of this test (uid ${process.getuid?.()})`, () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    const opened = await openSandbox({ level: 'bubblewrap' });
    if (!opened.ok) throw new Error(JSON.stringify(opened.report));
    sandbox = opened.sandbox;
  });
  afterAll(() => sandbox.close());
  it.each(cases)('$name', (each) => each.run(placeFor(sandbox)));
});

// Where the test is not root it is an ordinary user already, and the cases above were those.
describe.runIf(process.getuid?.() === 0)('the same as an ordinary user', () => {
  const results = new Map<string, { user: number; problem: string | null }>();
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'baton-ordinary-'));
    await build({
      entryPoints: [join(here, 'ordinary.ts')],
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: join(folder, 'ordinary.mjs'),
      logLevel: 'error',
    });
    cpSync(join(root, 'media/python'), join(folder, 'media/python'), { recursive: true });
    mkdirSync(join(folder, 'tmp'));
    chmodSync(folder, 0o755);
    chmodSync(join(folder, 'tmp'), 0o1777);
    const { stdout } = await promisify(execFile)(
      'setpriv',
      [
        '--reuid',
        '54321',
        '--regid',
        '54321',
        '--clear-groups',
        '--inh-caps=-all',
        process.execPath,
        join(folder, 'ordinary.mjs'),
      ],
      {
        env: { PATH: process.env.PATH, TMPDIR: join(folder, 'tmp'), HOME: join(folder, 'tmp') },
        cwd: folder,
      },
    );
    for (const line of stdout.trim().split('\n')) {
      const { name, ...rest } = JSON.parse(line) as { name: string; user: number; problem: string | null };
      results.set(name, rest);
    }
  });
  it.each(cases)('$name', ({ name }) => {
    expect(results.get(name)).toEqual({ user: 54321, problem: null });
  });
});

describe('without a working sandbox', () => {
  it('refuses and says what to install when bubblewrap is missing', async () => {
    const before = process.env.PATH;
    process.env.PATH = '/nonexistent';
    try {
      const opened = await openSandbox({ python: '/usr/bin/python3' });
      expect(opened.ok).toBe(false);
      if (opened.ok) return;
      const report = opened.report.levels.find((each) => each.level === 'bubblewrap');
      expect(report?.why).toContain('not installed');
      expect(report?.todo.join(' ')).toContain('install');
    } finally {
      process.env.PATH = before;
    }
  });

  it('runs without isolation only by name and with consent', async () => {
    expect((await openSandbox({ level: 'none' })).ok).toBe(false);
    const opened = await openSandbox({ level: 'none', allowNone: true });
    if (!opened.ok) throw new Error(JSON.stringify(opened.report));
    expect(opened.sandbox.describe()).toContain('no sandbox');
    const place = placeFor(opened.sandbox);
    const finished = await place.python('open("/work/a", "w").write("b"); print(1)');
    expect([finished.outcome, finished.stdout.text]).toEqual(['ok', '1\n']);
    // Long enough to be looked at while it runs: what else lies in the host's /tmp is not its memory.
    const slow = await place.python('import time; time.sleep(1.5); print(2)');
    expect([slow.outcome, slow.stdout.text]).toEqual(['ok', '2\n']);
    expect(readFileSync(join(place.workspace, 'a'), 'utf8')).toBe('b');
    await opened.sandbox.close();
  });

  it('waits without isolation for no child that left the group, past the time or a cancel', async () => {
    const opened = await openSandbox({ level: 'none', allowNone: true });
    if (!opened.ok) throw new Error(JSON.stringify(opened.report));
    const { workspace, python } = placeFor(opened.sandbox);
    const leave = (then: string) =>
      `import subprocess, time\nsubprocess.Popen(["sleep", "25"], start_new_session=True)\nprint(1, flush=True)\n${then}`;
    const began = performance.now();
    const ended = await python(leave(''));
    expect([ended.outcome, ended.stdout.text]).toEqual(['ok', '1\n']);
    const late = await python(leave('time.sleep(20)'), { seconds: 2 });
    expect([late.outcome, late.stdout.text]).toEqual(['timeout', '1\n']);
    const cancelled = await opened.sandbox.run({
      workspace,
      run: { python: leave('time.sleep(20)') },
      limits,
      signal: AbortSignal.timeout(1000),
    });
    expect(cancelled.outcome).toBe('killed');
    expect(performance.now() - began).toBeLessThan(15_000);
    await opened.sandbox.close();
  });

  it('ends without isolation what left the session, the parent, or cleared its environment', async () => {
    const opened = await openSandbox({ level: 'none', allowNone: true });
    if (!opened.ok) throw new Error(JSON.stringify(opened.report));
    const { python } = placeFor(opened.sandbox);
    const other = spawn('/usr/bin/sleep', ['100'], { detached: true, stdio: 'ignore' });
    const mark = `left-${randomUUID()}`;
    const daemon = (exec: string, wait: string) =>
      `import os, time\nif os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0:\n    ${exec}\n  ${wait}\n  os._exit(0)\n`;
    const exec = `os.execv("/usr/bin/sleep", [${JSON.stringify(mark)}, "1000"])`;
    const bare = `os.execve("/usr/bin/sleep", [${JSON.stringify(mark)}, "1000"], {})`;
    // Alone with no environment, it is known from its session, as long as that was seen.
    const programs = [
      daemon(exec, ''),
      `${daemon(exec, '')}time.sleep(100)`,
      `${daemon(bare, 'time.sleep(1)')}time.sleep(2)`,
      `import subprocess\nsubprocess.Popen([${JSON.stringify(mark)}, "1000"], executable="/usr/bin/sleep", start_new_session=True)`,
    ];
    for (const [at, program] of programs.entries()) {
      const ended = await python(program, { seconds: at === 1 ? 2 : 20 });
      expect([ended.outcome, ended.stderr.text]).toEqual([at === 1 ? 'timeout' : 'ok', '']);
      expect(processesWith(mark)).toEqual([]);
    }
    // Nobody else's is touched.
    expect([other.exitCode, other.signalCode]).toEqual([null, null]);
    other.kill('SIGKILL');
    expect(opened.sandbox.describe()).toContain('what they leave running is ended as far as');
    await opened.sandbox.close();
  });

  it('answers for every level', async () => {
    const report = await probeAll();
    expect(report.levels.map((each) => each.level)).toEqual([
      'bubblewrap',
      'seatbelt',
      'docker',
      'podman',
      'none',
    ]);
    for (const each of report.levels) expect(each.why.length).toBeGreaterThan(5);
  });

  it('leaves no folder, cgroup or process of its own behind', async () => {
    const own = `baton-sandbox-${process.pid}-`;
    const kept = () => readdirSync(tmpdir()).filter((name) => name.startsWith(own));
    const before = kept();
    const opened = await openSandbox({ level: 'bubblewrap' });
    if (!opened.ok) throw new Error(JSON.stringify(opened.report));
    await placeFor(opened.sandbox).python('print(1)');
    await opened.sandbox.close();
    expect(kept()).toEqual(before);
  });
});
