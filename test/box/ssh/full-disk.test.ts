// A box whose disk is full, before anything is sent and in the middle of a training.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Box, manifestOf } from '../../../src/target/index.js';
import { listRuns, readLog } from '../../../src/trace/index.js';
import { runCli } from '../../integration/cli/command.js';
import { type Sshd, startSshd } from './sshd.js';

const sizes = ['--steps', '2', '--rollouts', '8', '--eval-tasks', '1', '--select-tasks', '1'];
const train = ['train', ...sizes, '--backend', 'wasm', '--target', 'box'];
let sshd: Sshd;
let folder: string;
/** A disk of its own, whose size is changed by mounting it again. */
let disk: string;
const mount = (options: string) => execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', disk]);

// Mounting a disk takes root.
describe.skipIf(process.getuid?.() !== 0)('a box whose disk is full', () => {
  beforeAll(async () => {
    sshd = await startSshd();
    folder = mkdtempSync(join(tmpdir(), 'baton-full-'));
    disk = mkdtempSync(join(tmpdir(), 'baton-disk-'));
    mount('size=2m');
    cpSync(join(import.meta.dirname, '../../../media/templates/table-team'), folder, { recursive: true });
    const { host, config, node } = sshd.target;
    mkdirSync(join(folder, '.config/baton'), { recursive: true });
    writeFileSync(
      join(folder, '.config/baton/targets.yaml'),
      `targets:\n  box: {kind: ssh, host: ${host}, config: ${config}, folder: ${disk}/baton, node: ${node}}\n`,
    );
  });
  afterAll(() => {
    sshd?.stop();
    execFileSync('umount', ['--lazy', disk]);
    for (const each of [folder, disk]) rmSync(each, { recursive: true, force: true });
  });

  it('says so before a job is there, and takes it when there is room', async () => {
    const refused = await runCli(folder, train);
    expect(refused.code).toBe(3);
    expect(refused.stdout).toMatch(/MISSING disk: 2 MiB free[\s\S]*Free disk space there/);
    expect(existsSync(join(disk, 'baton'))).toBe(false);
    // What is full only by the time it is sent there.
    const box = await Box.open({ ...sshd.target, folder: `${disk}/baton` });
    writeFileSync(join(folder, 'large'), Buffer.alloc(4 << 20, 'x'));
    const sent = box.send(folder, await manifestOf(folder), `${box.root}/large`);
    await expect(sent).rejects.toThrow(
      /No space left on device[\s\S]*Free disk space there, then try again\./,
    );
    rmSync(join(folder, 'large'));
    rmSync(`${box.root}/large`, { recursive: true });
    mount('remount,size=400m');
    const started = await runCli(folder, [...train, '--detach', '--json']);
    expect(`${started.code} ${started.code === 0 ? '' : started.stderr}`).toBe('0 ');
  });

  it('ends a training that goes on when there is room again, and nothing of it is lost', async () => {
    const [job] = execFileSync('ls', [join(disk, 'baton/jobs')], { encoding: 'utf8' })
      .trim()
      .split('\n');
    const log = join(disk, 'baton/jobs', job!, 'work/.baton/runs', job!, 'run.jsonl');
    const steps = () => (existsSync(log) ? readFileSync(log, 'utf8').split('"training.step"').length - 1 : 0);
    await expect.poll(steps, { timeout: 120_000, interval: 50 }).toBeGreaterThan(0);
    expect(() => writeFileSync(join(disk, 'ballast'), Buffer.alloc(500 << 20))).toThrow('ENOSPC');
    const ended = await runCli(folder, ['jobs', 'attach', job!]);
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('There is no room to write');
    expect(ended.stdout).toContain(`Go on there with: baton jobs resume ${job}`);
    rmSync(join(disk, 'ballast'));
    const resumed = await runCli(folder, ['jobs', 'resume', job!]);
    expect(`${resumed.code} ${resumed.code === 0 ? '' : resumed.stderr}`).toBe('0 ');
    expect(resumed.stderr).toContain("every hash is the box's");
    const { events, damage } = readLog(listRuns(folder)[0]!.log);
    expect(damage).toEqual([]);
    const stepsTaken = events.flatMap((event) => (event.type === 'training.step' ? [event.data.step] : []));
    expect(stepsTaken).toEqual([0, 1]);
  });
});
