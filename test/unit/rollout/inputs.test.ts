import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Inputs } from '../../../src/rollout/index.js';
import type { Task } from '../../../src/workflow/index.js';

test('inputs that another run makes at the same time are taken as they are', () => {
  const cache = mkdtempSync(join(tmpdir(), 'baton-inputs-'));
  const task = (read: () => string) =>
    ({
      id: 't',
      files: [
        {
          name: 'a.csv',
          get text() {
            return read();
          },
        },
      ],
    }) as unknown as Task;
  const folder = new Inputs(cache).folder(task(() => 'x,y\n'));
  rmSync(folder, { recursive: true });
  // The other one is done while this one writes its file.
  let reads = 0;
  const meanwhile = () => {
    reads += 1;
    if (reads > 1) mkdirSync(join(folder, 'theirs'), { recursive: true });
    return 'x,y\n';
  };
  expect(new Inputs(cache).folder(task(meanwhile))).toBe(folder);
  expect(readdirSync(cache)).toHaveLength(1);
  expect(readdirSync(folder)).toEqual(['theirs']);
  rmSync(folder, { recursive: true });
  expect(readFileSync(join(new Inputs(cache).folder(task(() => 'x,y\n')), 'a.csv'), 'utf8')).toBe('x,y\n');
  rmSync(cache, { recursive: true });
});

test('a file that was changed since an earlier run is another input', () => {
  const cache = mkdtempSync(join(tmpdir(), 'baton-inputs-'));
  const path = join(cache, 'notes.txt');
  const read = () => {
    const task = { id: 't', files: [{ name: 'notes.txt', path }] } as unknown as Task;
    return readFileSync(join(new Inputs(cache).folder(task), 'notes.txt'), 'utf8');
  };
  writeFileSync(path, 'old');
  expect([read(), read()]).toEqual(['old', 'old']);
  writeFileSync(path, 'new');
  expect(read()).toBe('new');
  rmSync(cache, { recursive: true });
});
