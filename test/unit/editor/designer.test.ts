import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { changed } from '../../../src/editor/designer/changes.js';
import { graphOf } from '../../../src/editor/designer/graph.js';
import { analyse } from '../../../src/editor/language/index.js';
import { type DesignerEdit, graphSchema, toHost } from '../../../src/editor/protocol/designer.js';
import { diskFiles, oneEdit } from '../../../src/workflow/index.js';

const folder = join(import.meta.dirname, '../../../media/templates/table-team');
const path = join(folder, 'table-team.baton.yaml');
const template = readFileSync(path, 'utf8');
const files = diskFiles(folder);
const none = { scores: new Map(), acting: new Set<string>() };
const graph = (text: string) => graphOf(analyse(text, path, files), 'table-team', none);

function edited(text: string, ...edits: DesignerEdit[]): string {
  return edits.reduce((now, edit) => {
    const found = changed(now, edit, files);
    if ('refused' in found) throw new Error(found.refused);
    return found.text;
  }, text);
}

describe('the graph of a workflow', () => {
  it('has its roles, artifacts with producer and consumers, and fits the protocol', () => {
    const shown = graph(template);
    expect(graphSchema.parse(shown)).toEqual(shown);
    expect(shown.roles.map(({ name }) => name)).toEqual(['data_engineer', 'modeler', 'analyst']);
    expect(shown.artifacts.find(({ name }) => name === 'X_train')).toMatchObject({
      producer: 'data_engineer',
      consumers: ['modeler'],
      kind: 'table',
    });
    expect(shown.artifacts.find(({ name }) => name === 'submission')?.consumers).toEqual([]);
    expect(shown.problems).toEqual([]);
  });

  it('has what a role is told and may use, as its own text says and not as the defaults do', () => {
    const text = template.replace(
      '    consumes: [X_test, fitted]',
      '    tools: []\n    context: previous\n    consumes: [X_test, fitted]',
    );
    const roles = graph(text).roles;
    expect(roles.find(({ name }) => name === 'analyst')).toMatchObject({
      instructions: { file: 'prompts/analyst.md' },
      prompt: { text: expect.stringContaining('{{task.target}}') },
      tools: [],
      context: 'previous',
      model: 'student',
      ownModel: null,
    });
    expect(roles.find(({ name }) => name === 'modeler')).toMatchObject({ tools: null, context: null });
  });

  it('has problems where they belong, and says when the text is no YAML', () => {
    const broken = graph(template.replace('consumes: [X_train, y_train]', 'consumes: [X_train, y_trian]'));
    expect(broken.roles.find(({ name }) => name === 'modeler')?.problems[0]?.message).toMatch(
      /y_trian.*y_train/,
    );
    expect(broken.roles.find(({ name }) => name === 'analyst')?.problems).toEqual([]);
    expect(graph(`${template}\n  : [`).stale).toBe(true);
  });

  it('looks for the lines of a role or an artifact once, however many problems there are', () => {
    const analysis = analyse(template.replaceAll('consumes: [', 'consumes: [nothing, '), path, files);
    expect(analysis.problems.length).toBeGreaterThan(1);
    const looks = (problems: typeof analysis.problems) => {
      let count = 0;
      const source = new Proxy(analysis.source!, {
        get: (of, name) => {
          count += 1;
          return Reflect.get(of, name);
        },
      });
      graphOf({ ...analysis, source, problems }, 'table-team', none);
      return count;
    };
    const many = Array.from({ length: 50 }, () => analysis.problems).flat();
    expect(looks(many)).toBe(looks([]));
    const { roles, artifacts } = graph(template);
    expect(looks(many)).toBeLessThan(5 * (roles.length + artifacts.length));
  });

  it('has the parallel and repeated parts as frames', () => {
    const text = template.replace(
      '\ndefaults:',
      '\nflow:\n  - data_engineer\n  - repeat: {do: [modeler, {parallel: [analyst]}], until: submission.valid, max: 2}\n\ndefaults:',
    );
    expect(graph(text).groups).toMatchObject([
      {
        label: 'repeat until submission.valid, 2 times at most',
        roles: ['modeler'],
        groups: [{ label: 'in parallel', roles: ['analyst'] }],
      },
    ]);
  });
});

describe('what is drawn becomes a small edit of the text', () => {
  it('a role, an artifact between two roles, and a contract', () => {
    const text = edited(
      template,
      { do: 'add', kind: 'role', name: 'critic' },
      { do: 'add', kind: 'artifact', name: 'review', producer: 'critic' },
      { do: 'connect', artifact: 'submission', role: 'critic' },
      { do: 'checks', name: 'review', at: 0, value: 'words > 3' },
      { do: 'role', name: 'critic', field: 'max_turns', value: 3 },
      { do: 'role', name: 'critic', field: 'trained', value: false },
    );
    const shown = graph(text);
    expect(shown.roles.at(-1)).toMatchObject({
      name: 'critic',
      consumes: ['submission'],
      produces: ['review'],
      maxTurns: 3,
      trained: false,
    });
    expect(shown.artifacts.at(-1)).toMatchObject({
      name: 'review',
      kind: 'text',
      checks: ['words > 3'],
      producer: 'critic',
    });
    expect(text.match(/#.*$/gm)).toEqual(template.match(/#.*$/gm));
  });

  it('takes back and hands to another', () => {
    const text = edited(
      template,
      { do: 'disconnect', artifact: 'y_train', role: 'modeler' },
      { do: 'produce', artifact: 'X_test', role: 'modeler' },
    );
    const shown = graph(text);
    expect(shown.roles.map(({ consumes, produces }) => [consumes, produces])).toEqual([
      [[], ['X_train', 'y_train']],
      [['X_train'], ['fitted', 'X_test']],
      [['X_test', 'fitted'], ['submission']],
    ]);
  });

  it('edits a check inside a mapping, and removes one', () => {
    const one = edited(template, { do: 'checks', name: 'fitted', at: 1, value: 'predicts == "nothing"' });
    expect(oneEdit(template, one)?.text.length).toBeLessThan(30);
    expect(graph(one).artifacts.find(({ name }) => name === 'fitted')?.checks[1]).toBe(
      'predicts == "nothing"',
    );
    const gone = edited(template, { do: 'checks', name: 'fitted', at: 0, value: null });
    expect(graph(gone).artifacts.find(({ name }) => name === 'fitted')?.checks).toHaveLength(1);
  });

  it('deletes an artifact from every list', () => {
    const shown = graph(edited(template, { do: 'delete', kind: 'artifact', name: 'y_train' }));
    expect(shown.roles.flatMap(({ consumes, produces }) => [...consumes, ...produces])).not.toContain(
      'y_train',
    );
  });

  it('renames everywhere', () => {
    const text = edited(template, { do: 'rename', kind: 'role', from: 'modeler', to: 'learner' });
    expect(text.includes('modeler:')).toBe(false);
    expect(graph(text).roles[1]?.name).toBe('learner');
  });

  it.each([
    [{ do: 'add', kind: 'role', name: 'two words' }, /cannot be a name/],
    [{ do: 'add', kind: 'role', name: 'modeler' }, /already a role/],
    [{ do: 'rename', kind: 'artifact', from: 'fitted', to: 'X_test' }, /already/],
    [{ do: 'connect', artifact: 'fitted', role: 'modeler' }, /makes fitted itself/],
  ] as [DesignerEdit, RegExp][])('says why it cannot: %o', (edit, why) => {
    expect(changed(template, edit, files)).toEqual({ refused: expect.stringMatching(why) });
  });

  it('leaves a text alone that is no YAML', () => {
    expect(changed('a: [', { do: 'add', kind: 'role', name: 'x' })).toEqual({
      refused: expect.stringMatching(/not valid YAML/),
    });
  });
});

describe('a written flow', () => {
  const team = `baton: 1
models: {m: {provider: embedded}, j: {provider: openai, base_url: "http://127.0.0.1:9/v1", model: j}} # one for all
tasks: [{prompt: go}]
artifacts:
  a: {kind: message}
  b: {kind: message}
  c: {kind: message}
  d: {kind: message}
agents:
  reader: {role: Read., produces: [a]} # first
  left: {role: Left., produces: [b]}
  right: {role: Right., produces: [c]}
  writer: {role: Write., consumes: [b], produces: [d]}
defaults: {model: m}
coach: {model: j, sees_ground_truth: [reader, right]}
`;
  const block = `${team}flow:
  # who begins
  - reader # alone
  # both at once
  - parallel:
      - left # one
      - sequence: [right] # two
  - repeat: # until it is good
      do: [writer]
      until: d.words > 3
      max: 2
`;
  const line = `${team}flow: [reader, {parallel: [left, {sequence: [right]}]}, {repeat: {do: [writer], until: d.words > 3, max: 2}}]
`;
  const without = (text: string, ...names: string[]) =>
    edited(text, ...names.map((name): DesignerEdit => ({ do: 'delete', kind: 'role', name })));
  const codes = (text: string) => analyse(text, path, files).problems.map(({ code }) => code);
  const flowOf = (text: string) => text.slice(text.indexOf('flow:'));
  const comments = (text: string) => text.match(/#.*/g);

  it('is one that this test may rest on', () => expect([codes(block), codes(line)]).toEqual([[], []]));

  it('loses a role that is deleted, with a group that nobody is left in', () => {
    expect(flowOf(without(block, 'right'))).toBe(
      flowOf(block).replace('      - sequence: [right] # two\n', ''),
    );
    expect(flowOf(without(block, 'reader'))).toBe(flowOf(block).replace('  - reader # alone\n', ''));
    expect(flowOf(without(block, 'writer'))).toBe(flowOf(block).replace(/ {2}- repeat:[\s\S]*/, ''));
    const alone = without(block, 'left', 'right');
    expect(flowOf(alone)).toBe(flowOf(block).replace(/ {2}- parallel:[\s\S]*(?= {2}- repeat)/, ''));
    expect(flowOf(without(line, 'right'))).toBe(flowOf(line).replace(', {sequence: [right]}', ''));
    expect(flowOf(without(line, 'left', 'right'))).toBe(
      flowOf(line).replace(' {parallel: [left, {sequence: [right]}]},', ''),
    );
    for (const text of [block, line])
      for (const name of ['reader', 'left', 'right', 'writer']) {
        const after = codes(without(text, name));
        expect(after.filter((code) => !code.startsWith('artifact.'))).toEqual([]);
      }
  });

  it('loses the last role as a whole, and the order is derived again', () => {
    const text = without(block, 'reader', 'left', 'right', 'writer');
    expect(text).not.toContain('flow:');
  });

  it('is no more judged with the answers at hand where the role is gone', () => {
    expect(without(block, 'right')).toContain('sees_ground_truth: [reader]}');
    expect(without(block, 'right', 'reader')).toContain('sees_ground_truth: []}');
  });

  it('renames a role wherever it stands', () => {
    const text = edited(block, { do: 'rename', kind: 'role', from: 'right', to: 'second' });
    expect(text).toBe(
      block.replaceAll('right', 'second').replace('second: {role: second.', 'second: {role: Right.'),
    );
    expect(codes(text)).toEqual([]);
    expect(comments(text)).toEqual(comments(block));
  });

  it('gets a role that is added, as its last step', () => {
    const add: DesignerEdit = { do: 'add', kind: 'role', name: 'checker' };
    expect(flowOf(edited(block, add))).toBe(`${flowOf(block)}  - checker\n`);
    expect(flowOf(edited(line, add))).toBe(flowOf(line).replace(']\n', ', checker]\n'));
    expect([codes(edited(block, add)), codes(edited(line, add))]).toEqual([[], []]);
    expect(edited(team, add)).not.toContain('flow:');
  });
});

describe('a forged message', () => {
  it.each([
    { type: 'run' },
    { type: 'edit', edit: { do: 'exec' } },
    { type: 'reveal', kind: 'file', name: '/etc' },
    null,
    'x',
  ])('is not of the protocol: %o', (message) => expect(toHost.safeParse(message).success).toBe(false));
});

it('what comes too late for a role or an artifact brings neither back', () => {
  const late: DesignerEdit[] = [
    { do: 'role', name: 'writer', field: 'role', value: 'Write.' },
    { do: 'connect', role: 'writer', artifact: 'X_train' },
    { do: 'produce', role: 'writer', artifact: 'X_train' },
    { do: 'artifact', name: 'note', field: 'path', value: 'note.txt' },
    { do: 'checks', name: 'note', at: 0, value: 'rows > 1' },
  ];
  for (const edit of late)
    expect(changed(template, edit, files)).toEqual({ refused: expect.stringMatching(/ any more\.$/) });
});
