import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkFile } from '../../../src/cli/open-workflow.js';

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'baton-open-'));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

it('a byte order mark is no part of a workflow or of what it names, and moves no place', () => {
  const text = `{baton: 1, models: {m: {provider: embedded}}, tasks: [{prompt: go}], artifacts: {answer: {kind: message}},
  agents: {a: {role: Answer., instructions: {file: role.md}, produces: [answer]}}}\n`;
  const file = join(place, 'team.baton.yaml');
  writeFileSync(file, `\uFEFF${text}`);
  writeFileSync(join(place, 'role.md'), '\uFEFFAnswer.\n');
  const options = { allowEnv: [], embeddedRoles: undefined };
  const { workflow } = checkFile(file, options);
  expect(workflow?.text).toBe(text);
  expect(Object.values(workflow!.texts)).toEqual(['Answer.\n']);

  const wrong = text.replace('tasks:', 'taks:');
  writeFileSync(file, `\uFEFF${wrong}`);
  const [problem] = checkFile(file, options).problems.filter(({ message }) => /taks/.test(message));
  expect(problem).toMatchObject({ line: 1, column: wrong.indexOf('taks') + 1 });
});
