// A base that lies beside the workflow is sent with it. What was trained over it there is used here, over the one here.
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RunFolder } from '../../../src/trace/index.js';
import { type Ran, runCli } from '../../integration/cli/command.js';
import { type Machine, startMachine } from './machine.js';

const media = join(import.meta.dirname, '../../../media');
const sizes = ['--steps', '1', '--rollouts', '4', '--eval-tasks', '1', '--select-tasks', '1'];
const how = ['--engine', 'tfjs', '--backend', 'wasm'];
let here: Machine;

const right = ({ code, stderr }: Ran) => expect(`${code} ${code === 0 ? '' : stderr}`).toBe('0 ');

beforeAll(async () => {
  here = await startMachine();
  cpSync(join(media, 'templates/table-team'), here.folder, { recursive: true });
  cpSync(join(media, 'base'), join(here.folder, 'model'), { recursive: true });
  const file = join(here.folder, 'table-team.baton.yaml');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('provider: embedded', 'provider: embedded, base: ./model'));
});
afterAll(() => here?.stop());

it('is found here when the job is fetched and removed there', async () => {
  const cli = (...args: string[]) => runCli(here.folder, args);
  right(await cli('train', ...sizes, ...how, '--target', 'box'));
  const [job] = readdirSync(join(here.folder, '.baton/runs')) as [string];
  const run = new RunFolder(join(here.folder, '.baton/runs', job));
  expect(run.readInfo().options.base).toBe('./model');
  right(await cli('jobs', 'remove', job));
  expect(existsSync(join(here.sshd.target.folder, 'jobs', job))).toBe(false);
  right(await cli('promote', 'modeler', job, '--checkpoint', 'step-1'));
  right(await cli('eval', '--from', `${job}:step-1`, '--split', 'test', '--limit', '1'));
  right(await cli('run', '--split', 'test', '--limit', '1'));
  right(await cli('export-model', 'modeler', 'out'));
  right(await cli('train', ...sizes, ...how, '--roles', 'analyst'));
});
