import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import type * as Yaml from 'yaml';
import { checkWorkflow, diskFiles, loadTasks, type WorkflowFiles } from '../../../src/workflow/index.js';

const parsed = vi.hoisted(() => [] as string[]);
vi.mock('yaml', async (original) => {
  const yaml = await original<typeof Yaml>();
  const parseDocument: typeof yaml.parseDocument = (text, options) => {
    parsed.push(text);
    return yaml.parseDocument(text, options) as never;
  };
  return { ...yaml, parseDocument };
});

const workflow = (says: string) => `baton: 1
models: {m: {provider: embedded}}
tasks: {from: "*.yaml"}
artifacts: {answer: {kind: message, checks: [task.level > 0]}}
agents: {a: {role: ${says}, produces: [answer]}}
`;
const list = (field: string) =>
  Array.from({ length: 50 }, (_, at) => `- {prompt: Do ${at}., ${field}: ${at + 1}}\n`).join('');

let folder: string;
let disk: WorkflowFiles;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-tasks-'));
  writeFileSync(join(folder, 'many.yaml'), list('level'));
  disk = diskFiles(folder);
});

/** Codes of problems after a key stroke, and how often a text that is no workflow was parsed for them. */
function stroke(says: string, files = disk) {
  parsed.length = 0;
  const { problems } = checkWorkflow(workflow(says), join(folder, 'a.baton.yaml'), { files });
  return {
    codes: problems.map(({ code }) => code),
    taskFiles: parsed.filter((text) => !text.startsWith('baton:')).length,
  };
}

test('task files are parsed once, and again when they are changed', () => {
  expect(stroke('Answer.')).toEqual({ codes: [], taskFiles: 1 });
  expect(stroke('Answer well.')).toEqual({ codes: [], taskFiles: 0 });
  writeFileSync(join(folder, 'many.yaml'), list('grade'));
  expect(stroke('Answer better.')).toEqual({ codes: ['expression.unknown-name'], taskFiles: 1 });
  writeFileSync(join(folder, 'many.yaml'), list('level'));
  writeFileSync(join(folder, 'more.yaml'), '{prompt: One more., level: 2}');
  expect(stroke('Answer better.')).toEqual({ codes: [], taskFiles: 2 });
});

test('a text that is not saved yet counts, and the saved one again when it is closed', () => {
  const unsaved = { ...disk, read: () => ({ text: list('grade') }) };
  expect(stroke('Answer.').codes).toEqual([]);
  expect(stroke('Answer.', unsaved)).toEqual({ codes: ['expression.unknown-name'], taskFiles: 1 });
  expect(stroke('Answer.')).toEqual({ codes: [], taskFiles: 1 });
});

test('loading the tasks after a check parses nothing again, and says what is wrong each time', () => {
  writeFileSync(join(folder, 'broken.yaml'), '[{prompt: 3}, {prompt: open');
  stroke('Answer.');
  parsed.length = 0;
  const load = () => loadTasks({ from: '*.yaml', files: ['gone.csv'], hidden: [] }, disk);
  const first = load();
  expect(first.problems.filter((each) => each.startsWith('broken.yaml:'))).not.toEqual([]);
  expect(first.problems.filter((each) => each.includes('gone.csv'))).toHaveLength(50);
  expect(load()).toEqual(first);
  expect(parsed).toEqual([]);
});

test('what is kept is bounded: long files push out those that were read longest ago', () => {
  stroke('Answer.');
  const long = `[${Array.from({ length: 90_000 }, () => '1, 1, 1').join(', ')}]`;
  for (let at = 0; at < 10; at++) writeFileSync(join(folder, `long-${at}.jsonl`), long);
  loadTasks({ from: '*.jsonl', files: [], hidden: [] }, disk);
  expect(stroke('Answer.').taskFiles).toBe(1);
});
