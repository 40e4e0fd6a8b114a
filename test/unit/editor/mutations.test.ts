import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  analyse,
  complete,
  fixesFor,
  formatWorkflow,
  hoverAt,
  outline,
} from '../../../src/editor/language/index.js';
import {
  applyEdits,
  between,
  changeText,
  diskFiles,
  parseSource,
  randomFrom,
  renameEdits,
} from '../../../src/workflow/index.js';
import { mutated } from '../mutated.js';

const ROUNDS = 150;
const folder = join(import.meta.dirname, '../../../media/templates/table-team');
const template = readFileSync(join(folder, 'table-team.baton.yaml'), 'utf8');

test('whatever is being typed, help for it stays within the text and never fails', async () => {
  const random = randomFrom('typing');
  const files = diskFiles(folder);
  const whole = analyse(template, 'table-team.baton.yaml', files);
  for (let round = 0; round < ROUNDS; round++) {
    const text = mutated(template, random);
    const known = analyse(text, 'table-team.baton.yaml', files, {}, whole);
    const at = between(0, text.length, random);
    const { start, end } = complete(known, at, text);
    expect(start).toBeLessThanOrEqual(end);
    expect(end).toBeLessThanOrEqual(text.length);
    const hover = hoverAt(known, at);
    if (hover) expect(hover.end).toBeLessThanOrEqual(text.length);
    for (const { start, end } of known.problems.flatMap((problem) => fixesFor(problem, known))) {
      expect(start).toBeLessThanOrEqual(end);
      expect(end).toBeLessThanOrEqual(text.length);
    }
    outline(known);
    if (!known.source) continue;
    const laidOut = parseSource(await formatWorkflow(text), 'a.baton.yaml').source;
    expect(laidOut?.value, text).toEqual(known.source.value);
  }
});

test('a workflow that still is YAML is edited and renamed in, and stays YAML with every comment', () => {
  const random = randomFrom('editing');
  const comments = (text: string) => [...text.matchAll(/(?<=^|\s)#.*$/gm)].length;
  let edited = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const text = mutated(template, random);
    const { source } = parseSource(text, 'a.baton.yaml');
    const value = source?.value as { agents?: Record<string, unknown> } | null | undefined;
    if (!source || typeof value?.agents?.modeler !== 'object' || value.agents.modeler === null) continue;
    const next = changeText(text, [
      { do: 'set', path: ['agents', 'modeler', 'max_turns'], value: 3 },
      { do: 'set', path: ['artifacts', 'extra'], value: { path: 'extra.json', kind: 'json' } },
    ]);
    const again = parseSource(next, 'a.baton.yaml').source?.value as typeof value;
    expect(again?.agents?.modeler, text).toMatchObject({ max_turns: 3 });
    expect(comments(next), text).toBe(comments(text));
    const renamed = renameEdits(source, 'role', 'modeler', 'builder');
    if ('edits' in renamed) {
      const after = parseSource(applyEdits(text, renamed.edits), 'a.baton.yaml').source
        ?.value as typeof value;
      expect(Object.keys(after?.agents ?? {}), text).toContain('builder');
    }
    edited += 1;
  }
  expect(edited).toBeGreaterThan(ROUNDS / 10);
});
