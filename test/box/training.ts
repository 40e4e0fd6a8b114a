// What the tests of trainings on the torch engine share.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type LogEvent, RunFolder, readLog } from '../../src/trace/index.js';
import { runCli, startCli } from '../integration/cli/command.js';
import { torchPython } from './python.js';
import type { Sshd } from './ssh/sshd.js';

const template = join(import.meta.dirname, '../../media/templates/table-team');
export const sizes = ['--steps', '2', '--rollouts', '4', '--eval-tasks', '1', '--select-tasks', '1'];
export const how = ['--engine', 'torch', '--backend', 'cpu', '--deterministic'];

/** The tables of these trainings, one of each kind in each split: every other is measured more often than needed here. */
const tables = ['iris', 'tips', 'wine', 'wages', 'penguins', 'cars'];

/** A folder with table-team over those. */
export function team(): string {
  const folder = mkdtempSync(join(tmpdir(), 'baton-torch-'));
  cpSync(template, folder, { recursive: true });
  const file = join(folder, 'tables/tables.yaml');
  const kept = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith('  - ') || tables.some((name) => line.includes(`"name": "${name}"`)));
  writeFileSync(file, kept.join('\n'));
  return folder;
}

/** Makes a machine of one's own out of a folder: `text` are its targets. */
export function withTargets(folder: string, text: string): string {
  mkdirSync(join(folder, '.config/baton'), { recursive: true });
  const file = join(folder, '.config/baton/targets.yaml');
  writeFileSync(file, text);
  return file;
}

/** The target `box`, as a line of `targets.yaml`. */
export const boxOf = ({ target }: Sshd): string =>
  `  box: {kind: ssh, host: ${target.host}, config: ${target.config}, folder: ${target.folder}, node: ${target.node}, engine_python: ${torchPython()}}\n`;

/** The targets of a Ray cluster: one engine, an engine a role, and three engines that one node of four CPUs cannot hold. */
export function clustersAt(address: string): string {
  const cluster = `kind: ray, address: "${address}", token: "\${env:BATON_RAY_TOKEN}", workers: 2, node: ${process.execPath}, engine_python: ${torchPython()}`;
  return [
    `  cluster: {${cluster}}`,
    `  apart: {${cluster}, engines: role}`,
    `  spread: {${cluster}, engines: role, engine_cpus: 2}`,
    '',
  ].join('\n');
}

/** The events of a folder's first run, or of the named one. */
export function events(folder: string, run?: string): LogEvent[] {
  const runs = join(folder, '.baton/runs');
  return readLog(new RunFolder(join(runs, run ?? readdirSync(runs)[0]!)).log).events;
}

/** The adapters' hashes at each checkpoint. */
export const hashes = (log: LogEvent[]) =>
  log.flatMap((event) => (event.type === 'checkpoint.saved' ? [event.data.hashes] : []));

/** Trains in a folder and gives the hashes; it must end well. */
export async function trained(folder: string, ...args: string[]): Promise<ReturnType<typeof hashes>> {
  const { code, stderr } = await runCli(folder, ['train', ...how, ...args], {
    BATON_TORCH_PYTHON: torchPython(),
  });
  expect(`${code} ${code === 0 ? '' : stderr}`).toBe('0 ');
  return hashes(events(folder));
}

/** Shows a job until its engine is up, then kills the client that showed it. */
export async function attachAndKill(folder: string, job: string): Promise<void> {
  const client = startCli(folder, ['jobs', 'attach', job]);
  let said = '';
  await new Promise<void>((resolve, reject) => {
    client.child.stderr!.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('engine:')) resolve();
    });
    void client.ended.then(() => reject(new Error(`it ended before its engine was up: ${said}`)));
  });
  client.child.kill('SIGKILL');
  await client.ended;
}

export const pause = () => new Promise((resolve) => setTimeout(resolve, 100));
