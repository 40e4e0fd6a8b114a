import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Run } from '../../../src/editor/runs/run.js';
import { FileProblem, listRuns, RUN_FORMAT, RunFolder } from '../../../src/trace/index.js';

const runs = join(import.meta.dirname, '../../../media/sample/runs');

/** The sample run with something else in its run.json. */
function sampleWith(change: object): RunFolder {
  const path = join(mkdtempSync(join(tmpdir(), 'baton-format-')), 'run-1');
  cpSync(join(runs, readdirSync(runs)[0]!), path, { recursive: true });
  const folder = new RunFolder(path);
  const info = JSON.parse(readFileSync(folder.info, 'utf8')) as object;
  writeFileSync(folder.info, JSON.stringify({ ...info, ...change }));
  return folder;
}

describe('a run of another version', () => {
  test('one that a newer Baton wrote is refused with a sentence that says what to do', () => {
    // What a newer version adds or drops does not matter: its number alone decides.
    const folder = sampleWith({ format: RUN_FORMAT + 1, kind: 'tournament', tasks: undefined });
    const says = `${folder.path} was written by a newer Baton (log format ${RUN_FORMAT + 1}, this one reads ${RUN_FORMAT}); update Baton to open it.`;
    expect(() => folder.readInfo()).toThrow(says);
    // The Runs view shows the sentence in place of the run.
    expect(Run.open(folder, false)).toEqual({ unreadable: says, folder });
  });

  test('one of this version is opened, and what is none is named with its file', () => {
    expect(sampleWith({}).readInfo().format).toBe(RUN_FORMAT);
    const folder = sampleWith({ kind: 'tournament' });
    expect(() => folder.readInfo()).toThrow(`${folder.info} is not a run of Baton: `);
  });
});

test('a place of runs that is no folder is refused with a sentence; none at all is no run', () => {
  const base = mkdtempSync(join(tmpdir(), 'baton-list-'));
  expect(listRuns(base)).toEqual([]);
  writeFileSync(join(base, '.baton'), '');
  expect(() => listRuns(base)).toThrow(FileProblem);
  expect(() => listRuns(base)).toThrow(/^The runs in .* cannot be listed \(ENOTDIR.*move it away\.$/);
});
