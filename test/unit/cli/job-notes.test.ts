import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { secretsOf, variablesOf } from '../../../src/cli/carried.js';
import {
  allowedIn,
  allowing,
  forgetJob,
  homeOf,
  noteJob,
  readNote,
  startOf,
} from '../../../src/cli/job-notes.js';
import { SecretFile } from '../../../src/policy/index.js';

let folder: string;
const { XDG_CACHE_HOME } = process.env;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-notes-'));
  process.env.XDG_CACHE_HOME = join(folder, 'cache');
});
afterEach(() => {
  if (XDG_CACHE_HOME === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = XDG_CACHE_HOME;
  rmSync(folder, { recursive: true, force: true });
});

it('a job is noted with how it is started, and one that an earlier version noted is known', () => {
  const start = { args: ['train', 'a', '--allow-env', 'K,L'], carried: ['K'] };
  noteJob(folder, 'j', { target: 'box', workflow: 'a', engine: [] }, start);
  expect(readNote(folder, 'j')).toEqual({ target: 'box', workflow: 'a', engine: [] });
  expect(startOf('j')).toMatchObject(start);
  mkdirSync(join(folder, 'cache/baton/jobs'), { recursive: true });
  writeFileSync(join(folder, 'cache/baton/jobs/old.json'), '["train","a"]');
  expect(startOf('old')).toMatchObject({ args: ['train', 'a'], carried: [] });
  expect(startOf('other')).toBeNull();
});

it('variables that a job may read are those that it was started with, and others that are allowed', () => {
  const args = ['train', 'a', '--allow-env', 'K,L', '--steps', '1'];
  expect(allowedIn(args)).toEqual(['K', 'L']);
  expect(allowedIn(['train', 'a'])).toEqual([]);
  expect(allowing(args, ['K', 'L', 'M'])).toEqual(['train', 'a', '--steps', '1', '--allow-env', 'K,L,M']);
  expect(allowing(['resume', 'j'], [])).toEqual(['resume', 'j']);
});

it('only variables that the workflow names, and that are called BATON_* or allowed, are carried', () => {
  const text = 'a: "${env:BATON_A}"\nb: "${env:OWN}"\nc: "${env:OTHER}"';
  const env = { BATON_A: '1', OWN: '2', OTHER: '3', UNNAMED: '4' };
  const keys = new SecretFile(join(folder, 'secrets.json'));
  expect(secretsOf(text, keys, env, ['OWN', 'UNNAMED'])).toEqual({ BATON_A: '1', OWN: '2' });
  expect(variablesOf(text, ['OWN', 'UNNAMED'])).toEqual(['BATON_A', 'OWN']);
  expect(secretsOf(text, keys, env)).toEqual({ BATON_A: '1' });
});

it('a job belongs to the folder that it was sent from, wherever one asks for it', () => {
  const [own, other, moved] = ['own', 'other', 'moved'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [own, other]) mkdirSync(path);
  const note = { target: 'box', workflow: 'a', engine: [] };
  noteJob(own, 'j', note, { args: ['train', 'a'], carried: [] });
  expect([own, other].map((here) => homeOf('j', here))).toEqual([own, own]);
  expect(homeOf('unknown', other)).toBe(other);
  renameSync(own, moved);
  expect([moved, other].map((here) => homeOf('j', here))).toEqual([moved, other]);
  forgetJob(moved, 'j');
  expect([readNote(moved, 'j'), startOf('j')]).toEqual([null, null]);
});
