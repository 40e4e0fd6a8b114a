// A two-step training of table-team on the torch engine, through the command line.
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { type LogEvent, RunFolder, readLog } from '../../src/trace/index.js';
import { startCli } from '../integration/cli/command.js';
import { torchPython } from './python.js';

const template = join(import.meta.dirname, '../../media/templates/table-team');
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function train(method: string): Promise<LogEvent[]> {
  const folder = mkdtempSync(join(tmpdir(), 'baton-torch-'));
  folders.push(folder);
  cpSync(template, folder, { recursive: true });
  const sizes = ['--steps', '2', '--rollouts', '6', '--eval-tasks', '2', '--select-tasks', '2'];
  const how = ['--engine', 'torch', '--method', method, '--engine-python', torchPython(), '--backend', 'cpu'];
  const { ended } = startCli(folder, ['train', ...sizes, ...how, '--deterministic']);
  const { code, stderr } = await ended;
  expect(`${code} ${code === 0 ? '' : stderr}`).toBe('0 ');
  expect(stderr).toContain('cpu: asked for');
  const runs = join(folder, '.baton/runs');
  return readLog(new RunFolder(join(runs, readdirSync(runs)[0]!)).log).events;
}

const hashes = (events: LogEvent[]) =>
  events.flatMap((event) => (event.type === 'checkpoint.saved' ? [event.data.hashes] : []));

it.each(['full', 'lora'])(
  'trains with %s weights, and the same seed gives the same weights',
  async (method) => {
    const [one, two] = [await train(method), await train(method)];
    const saved = hashes(one);
    expect(saved).toHaveLength(2);
    expect(saved[1]).not.toEqual(saved[0]);
    expect(hashes(two)).toEqual(saved);
  },
);
