import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { announceServed, servedOf } from '../../../src/engine/index.js';
import { processStart } from '../../../src/trace/index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-serving-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const served = {
  role: 'writer',
  policy: 'writer@p1',
  from: { run: 'r', checkpoint: 'step-1' },
  base_url: 'http://127.0.0.1:9/v1',
};

function leave(name: string, owner: object): void {
  mkdirSync(join(folder, '.baton/serving'), { recursive: true });
  writeFileSync(join(folder, '.baton/serving', name), JSON.stringify({ ...served, ...owner }));
}

test('a policy is served from when it is told until it is taken back', () => {
  expect(servedOf(folder)).toEqual([]);
  const conceal = announceServed(folder, served);
  expect(servedOf(folder)).toEqual([served]);
  conceal();
  expect(servedOf(folder)).toEqual([]);
});

test('what a process left that was killed is not served, and goes when the next one serves', () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  leave('1.json', { pid, started: '5', host: hostname() });
  // Its number may have been given to another process since: this one.
  leave('2.json', { pid: process.pid, started: '5', host: hostname() });
  expect(servedOf(folder)).toEqual([]);
  announceServed(folder, served);
  expect(readdirSync(join(folder, '.baton/serving'))).toEqual([`${process.pid}.json`]);
});

test('what came with a clone from another machine is not served here, nor is what is no such file', () => {
  const mine = { pid: process.pid, started: processStart(process.pid) };
  leave('1.json', { ...mine, host: 'elsewhere' });
  leave('2.json', { ...mine, host: hostname(), base_url: 'no address' });
  writeFileSync(join(folder, '.baton/serving/3.json'), 'nonsense');
  expect(servedOf(folder)).toEqual([]);
});
