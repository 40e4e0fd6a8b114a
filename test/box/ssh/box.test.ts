// Jobs behind a real sshd: what travels, what is left when something breaks, and what is refused.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assess, Box, cargoOf, manifestOf, passes, probeThere } from '../../../src/target/index.js';
import { start } from '../../../src/target/job/scripts.js';
import { runThere } from '../../../src/target/ssh/connection.js';
import { processStart } from '../../../src/trace/index.js';
import { type Sshd, startSshd } from './sshd.js';

let sshd: Sshd;
let box: Box;
let folder: string;

beforeAll(async () => {
  sshd = await startSshd();
  box = await Box.open(sshd.target);
  folder = mkdtempSync(join(tmpdir(), 'baton-box-'));
});

afterAll(() => {
  sshd?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Prepares a job that runs a shell script there. */
async function job(name: string, script: string): Promise<void> {
  const work = join(folder, name);
  mkdirSync(work, { recursive: true });
  writeFileSync(join(work, 'go.sh'), script);
  await box.send(work, await manifestOf(work), `${box.job(name)}/work`);
}

async function logOf(name: string): Promise<{ text: string; state: unknown }> {
  let text = '';
  const state = await box.follow(name, (chunk) => {
    text += chunk.toString();
  });
  return { text, state };
}

/** Waits until a condition holds; the test's own limit ends it. */
async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
}

it('tells what the machine has', async () => {
  const facts = await probeThere(sshd.target);
  expect(facts.node).toBe(process.version);
  expect(facts.memory).toBeGreaterThan(0);
  const findings = assess(facts, { engine: 'tfjs' });
  expect(passes(findings)).toBe(true);
  const none = assess({ ...facts, node: 'v18.1.0', python: '' }, { engine: 'torch' });
  expect(none.filter((finding) => !finding.works && finding.needed).map((finding) => finding.what)).toEqual(
    expect.arrayContaining(['node', 'python']),
  );
});

it('takes a program under the home folder there by its tilde', async () => {
  const tilde = `~/${relative(homedir(), process.execPath)}`;
  const near = await Box.open({ ...sshd.target, node: tilde, engine_python: '~/python' });
  expect(near.target).toMatchObject({
    node: `${homedir()}/${tilde.slice(2)}`,
    engine_python: `${homedir()}/python`,
  });
  expect(near.engineCommand(new Map(), 'weights', [])).toContain(near.target.node);
  expect((await probeThere({ ...sshd.target, node: tilde })).node).toBe(process.version);
});

describe('files', () => {
  it('travel only where they changed, and arrive as they were', async () => {
    const own = join(folder, 'files');
    mkdirSync(join(own, 'a b'), { recursive: true });
    writeFileSync(join(own, 'a b', "it's.txt"), 'one');
    writeFileSync(join(own, 'two.bin'), Buffer.from([0, 10, 13, 255]));
    writeFileSync(join(own, 'empty'), '');
    const there = `${box.root}/files`;
    expect(await box.send(own, await manifestOf(own), there)).toBe(3);
    expect(await box.send(own, await manifestOf(own), there)).toBe(0);
    writeFileSync(join(own, 'two.bin'), 'changed');
    expect(await box.send(own, await manifestOf(own), there)).toBe(1);
    const back = join(folder, 'back');
    expect(await box.fetch(there, back)).toMatchObject({ came: 3 });
    expect(await box.fetch(there, back)).toMatchObject({ came: 0 });
    rmSync(join(back, 'fetched.json'));
    expect(await manifestOf(back)).toEqual(await manifestOf(own));
  });

  it('that are links arrive as what they show', async () => {
    const own = join(folder, 'links');
    mkdirSync(join(own, 'data'), { recursive: true });
    writeFileSync(join(own, 'data/a'), 'one');
    symlinkSync('data/a', join(own, 'b'));
    symlinkSync('data', join(own, 'again'));
    const { files } = await cargoOf(own);
    const there = `${box.root}/links`;
    expect(await box.send(own, files, there)).toBe(3);
    for (const path of ['b', 'again/a']) {
      expect(lstatSync(join(there, path)).isFile()).toBe(true);
      expect(readFileSync(join(there, path), 'utf8')).toBe('one');
    }
    // What is behind a link is sent anew where it changes.
    writeFileSync(join(own, 'data/a'), 'two');
    await box.send(own, (await cargoOf(own)).files, there);
    expect(readFileSync(join(there, 'b'), 'utf8')).toBe('two');
  });

  it('are whole where several fetch them at once', async () => {
    const there = join(box.root, 'large');
    mkdirSync(there, { recursive: true });
    for (const name of ['a', 'b', 'c']) writeFileSync(join(there, name), Buffer.alloc(20 << 20, name));
    const back = join(folder, 'twice');
    await Promise.all([box.fetch(there, back), box.fetch(there, back), box.fetch(there, back)]);
    rmSync(join(back, 'fetched.json'));
    expect(await manifestOf(back)).toEqual(await manifestOf(there));
  });

  it('that are being written come as far as they are there', async () => {
    const there = join(box.root, 'live');
    mkdirSync(there, { recursive: true });
    const writing = spawn(
      'sh',
      ['-c', 'i=0; while :; do i=$((i+1)); echo line $i >> run.jsonl; echo x > "a b $i"; rm "a b $i"; done'],
      { cwd: there },
    );
    try {
      await until(() => existsSync(join(there, 'run.jsonl')));
      for (const time of [1, 2]) {
        await box.fetch(there, join(folder, 'live'));
        const came = readFileSync(join(folder, 'live/run.jsonl'), 'utf8');
        expect(`${time} ${readFileSync(join(there, 'run.jsonl'), 'utf8').startsWith(came)}`).toBe(
          `${time} true`,
        );
        expect(came).toContain('line 1\n');
      }
    } finally {
      writing.kill('SIGKILL');
    }
  });

  it('with names that could lead elsewhere are refused', async () => {
    const there = join(box.root, 'hostile');
    mkdirSync(there, { recursive: true });
    writeFileSync(join(there, 'a\nb'), 'x');
    await expect(box.fetch(there, join(folder, 'hostile'))).rejects.toThrow('not safe here');
    expect(() => readdirSync(join(folder, 'hostile'))).toThrow();
  });
});

describe('a job', () => {
  it('runs detached, its log can be followed from any offset, and its end is kept', async () => {
    await job('plain', 'echo one; echo two >&2; exit 3\n');
    expect(await box.start('plain', 1, ['sh', 'go.sh'], {})).toBe('started');
    expect(await logOf('plain')).toEqual({ text: 'one\ntwo\n', state: { is: 'exited', code: 3 } });
    let rest = '';
    await box.follow('plain', (chunk) => (rest += chunk.toString()), { from: 4 });
    expect(rest).toBe('two\n');
    // The link may drop after the start and before its answer: asked again, nothing starts twice.
    expect(await box.start('plain', 1, ['sh', 'go.sh'], {})).toBe('already');
    expect((await logOf('plain')).text).toBe('one\ntwo\n');
  });

  it('gets keys as environment only: not in arguments, files or logs', async () => {
    const key = 'a-key-of-this-test';
    await job('key', 'test "$BATON_K" = "$(printf %s a-key-of; printf %s -this-test)" && echo right\n');
    await box.start('key', 1, ['sh', 'go.sh'], { BATON_K: key });
    expect((await logOf('key')).text).toBe('right\n');
    const found = spawnSync('grep', ['-rl', key, box.root], { encoding: 'utf8' });
    expect(found.stdout).toBe('');
  });

  it('goes on when the link is cut, and the log has no gap', async () => {
    await job('cut', 'i=0; while [ $i -lt 40 ]; do i=$((i+1)); echo line $i; sleep 0.1; done\n');
    await box.start('cut', 1, ['sh', 'go.sh'], {});
    let text = '';
    let cuts = 0;
    const state = await box.follow(
      'cut',
      (chunk) => {
        text += chunk.toString();
        if (cuts === 0 && text.includes('line 5\n')) {
          cuts = 1;
          const pids = execFileSync('pgrep', ['-f', `ssh .*${sshd.target.config}`], { encoding: 'utf8' });
          for (const pid of pids.trim().split('\n')) process.kill(Number(pid), 'SIGKILL');
        }
      },
      { onCut: () => (cuts += 1) },
    );
    expect(cuts).toBeGreaterThan(1);
    expect(state).toEqual({ is: 'exited', code: 0 });
    expect(text).toBe(Array.from({ length: 40 }, (_, i) => `line ${i + 1}\n`).join(''));
  });

  it('leaves no process behind when it is cancelled', async () => {
    await job('cancel', 'sleep 600 & echo $! ; wait\n');
    await box.start('cancel', 1, ['sh', 'go.sh'], {});
    const log = join(box.job('cancel'), 'log');
    await until(() => readFileSync(log, 'utf8').includes('\n'));
    const child = Number(readFileSync(log, 'utf8'));
    expect(await box.cancel('cancel')).toEqual({ is: 'cancelled' });
    // Gone, or ended and not yet taken off the list by the first process of this machine.
    const stat = () => {
      try {
        return readFileSync(`/proc/${child}/stat`, 'utf8').split(' ')[2];
      } catch {
        return 'gone';
      }
    };
    await until(() => ['gone', 'Z'].includes(stat()!));
    expect((await box.state('cancel')).is).toBe('exited');
  });

  it('whose process id now belongs to another is not touched by a cancel', async () => {
    await job('reused', 'exit 0\n');
    await box.start('reused', 1, ['sh', 'go.sh'], {});
    await logOf('reused');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    rmSync(join(box.job('reused'), 'exit'));
    writeFileSync(join(box.job('reused'), 'pid'), `${process.pid} 1 ${boot}\n`);
    expect(await box.cancel('reused')).toEqual({ is: 'lost' });
    expect((await box.state('reused')).is).toBe('lost');
  });

  it('that ended where nothing could be written any more is lost, and does not hide the others', async () => {
    // What the shell writes its end to cannot be made, as on a full disk.
    await job('full', 'mkdir ../exit.part; exit 0\n');
    await box.start('full', 1, ['sh', 'go.sh'], {});
    await expect.poll(async () => (await box.state('full')).is, { timeout: 10_000 }).toBe('lost');
    // An earlier version left an empty file then.
    writeFileSync(join(box.job('full'), 'exit'), '');
    expect(await box.state('full')).toEqual({ is: 'lost' });
    expect(await box.jobs()).toContainEqual({ name: 'full', state: { is: 'lost' }, step: null });
  });

  it('finds the models and the login of its user, and keeps its own cache', async () => {
    const home = homedir();
    const there =
      process.env.HF_HOME ?? join(process.env.XDG_CACHE_HOME ?? join(home, '.cache'), 'huggingface');
    const command = box.engineCommand(new Map(), 'weights', []);
    expect(command).toContain(`HF_HOME=${there}`);
    expect(command.find((each) => each.startsWith('XDG_CACHE_HOME='))).not.toContain(home);
  });

  it('that cannot be started is not taken for one that was', async () => {
    await job('blocked', 'echo x\n');
    writeFileSync(join(box.job('blocked'), 'attempt-1'), '');
    await expect(box.start('blocked', 1, ['sh', 'go.sh'], {})).rejects.toThrow(
      /could not be started in .*File exists/,
    );
  });

  it('is known as cut by a reboot, and a new attempt starts', async () => {
    await job('boot', 'echo again\n');
    await box.start('boot', 1, ['sh', 'go.sh'], {});
    await logOf('boot');
    rmSync(join(box.job('boot'), 'exit'));
    writeFileSync(join(box.job('boot'), 'pid'), `${process.pid} 1 another-boot\n`);
    expect(await box.state('boot')).toEqual({ is: 'rebooted' });
    expect(await box.start('boot', 2, ['sh', 'go.sh'], {})).toBe('started');
    expect(await logOf('boot')).toEqual({ text: 'again\nagain\n', state: { is: 'exited', code: 0 } });
  });

  it('that was never started is absent, and one whose files are there is sent and can be removed', async () => {
    expect(await box.state('never')).toEqual({ is: 'absent' });
    await job('half', 'echo x\n');
    expect(await box.state('half')).toEqual({ is: 'sent' });
    expect(await box.jobs()).toContainEqual({ name: 'half', state: { is: 'sent' }, step: null });
    expect(await box.cancel('half')).toEqual({ is: 'sent' });
    expect(await logOf('half')).toEqual({ text: '', state: { is: 'sent' } });
    expect(await box.nextAttempt('half')).toBe(1);
    await box.remove('half');
    expect(await box.state('half')).toEqual({ is: 'absent' });
  });

  it('is starting as long as who starts it lives, and no longer after a reboot', async () => {
    await job('begin', 'echo x\n');
    const by = join(box.job('begin'), 'attempt-10/by');
    mkdirSync(join(box.job('begin'), 'attempt-9'), { recursive: true });
    mkdirSync(join(by, '..'));
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    writeFileSync(by, `${process.pid} ${processStart(process.pid)} ${boot}\n`);
    expect(await box.state('begin')).toEqual({ is: 'starting' });
    await expect(box.remove('begin')).rejects.toThrow('cannot be removed');
    writeFileSync(by, `${process.pid} 1 ${boot}\n`);
    expect(await box.state('begin')).toEqual({ is: 'lost' });
    writeFileSync(by, `${process.pid} ${processStart(process.pid)} another-boot\n`);
    expect(await box.state('begin')).toEqual({ is: 'rebooted' });
    expect(await box.nextAttempt('begin')).toBe(11);
    await box.remove('begin');
    expect(existsSync(box.job('begin'))).toBe(false);
  });

  it('is not started where the link was cut in the middle of its environment', async () => {
    await job('keys', 'echo x\n');
    const cut = runThere(sshd.target, start, [box.job('keys'), '1', 'sh', 'go.sh'], { input: 'A=YQ==\nB=Y' });
    expect(await cut).toMatchObject({ code: 1, stderr: expect.stringContaining('did not come whole') });
    expect(await box.state('keys')).toEqual({ is: 'sent' });
  });

  it('is removed with its weights and nothing else, and not while it runs', async () => {
    const weights = (name: string) => join(box.root, 'cache/baton/engines', name);
    await job('old', 'sleep 600\n');
    for (const name of ['old', 'old-2', 'here'])
      mkdirSync(join(weights(name), 'policies'), { recursive: true });
    await box.start('old', 1, ['sh', 'go.sh'], {});
    await expect(box.remove('old')).rejects.toThrow('old cannot be removed: box: it is still running');
    expect(existsSync(weights('old'))).toBe(true);
    await box.cancel('old');
    await box.remove('old');
    expect([existsSync(box.job('old')), existsSync(weights('old'))]).toEqual([false, false]);
    // An engine of a loop elsewhere has weights there and no job.
    await expect(box.remove('here')).rejects.toThrow('it is not there');
    expect(readdirSync(join(weights('old'), '..')).sort()).toEqual(['here', 'old-2']);
    expect(existsSync(box.job('plain'))).toBe(true);
  });

  it('is listed with its last step', async () => {
    await job(
      'steps',
      'echo "step 1/3: success 0 %"; echo "step 2/3: success 50 %"; echo saved step 9/9: not; exit 4\n',
    );
    await box.start('steps', 1, ['sh', 'go.sh'], {});
    await logOf('steps');
    const step = { at: 2, of: 3 };
    expect(await box.jobs()).toContainEqual({ name: 'steps', state: { is: 'exited', code: 4 }, step });
  });
});

describe('hosts', () => {
  it.each(['-oProxyCommand=touch /tmp/x', 'a\nProxyCommand x', '$(id)', 'a b', ''])(
    '%j is refused',
    async (host) => {
      await expect(Box.open({ ...sshd.target, host })).rejects.toThrow();
    },
  );

  it('whose key has changed or is not known get nothing', async () => {
    const known = join(sshd.folder, 'known');
    const before = readFileSync(known, 'utf8');
    await sshd.changeKey();
    await expect(Box.open(sshd.target)).rejects.toThrow(/host key has changed, so nothing was sent/);
    writeFileSync(known, '');
    await expect(Box.open(sshd.target)).rejects.toThrow(/is not known here.*Baton never does/s);
    expect(readFileSync(known, 'utf8')).toBe('');
    expect(before).not.toBe('');
  });

  it('that do not answer say so', async () => {
    sshd.stop();
    await expect(box.state('plain')).rejects.toThrow(/cut|identity|config/i);
  });
});

it('takes no job name that means something to a shell', () => {
  for (const name of ['$(id)', '../x', '-rf', 'a b', "a'b"]) expect(() => box.job(name)).toThrow();
});
