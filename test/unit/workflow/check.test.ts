import { describe, expect, test } from 'vitest';
import { checkWorkflow, diskFiles, type Problem } from '../../../src/workflow/index.js';

const files = diskFiles(import.meta.dirname);
const problemsOf = (text: string): Problem[] =>
  checkWorkflow(text, 'a.baton.yaml', { files, embeddedRoles: ['data_engineer'] }).problems;

const head = `baton: 1
models:
  local: {provider: openai, base_url: "http://127.0.0.1:11434/v1", model: "qwen3:4b"}
tasks:
  - {prompt: Summarise, size: 3}
`;
const agents = `agents:
  reader: {role: Read., produces: [facts]}
  writer: {role: Write., consumes: [facts], produces: [report]}
`;
const artifacts = `artifacts:
  facts: {path: facts.json, kind: json}
  report: {path: report.md, kind: text}
`;

test('the smallest useful file has no problem', () => {
  expect(problemsOf(head + artifacts + agents)).toEqual([]);
});

/** [what, file, code, line and the very text of the place, part of the message] */
const cases: [string, string, string, string, string][] = [
  [
    'consumed and never produced',
    head + artifacts + agents.replace('produces: [facts]', 'produces: []'),
    'artifact.never-produced',
    '11:facts',
    'no agent produces',
  ],
  [
    'produced twice',
    head + artifacts + agents.replace('[report]', '[report, facts]'),
    'artifact.produced-twice',
    '11:facts',
    'already produced by "reader"',
  ],
  [
    'a cycle',
    head + artifacts + agents.replace('{role: Read.,', '{role: Read., consumes: [report],'),
    'flow.cycle',
    '11:writer',
    'wait for each other',
  ],
  [
    'consumer first',
    `${head}${artifacts}${agents}flow: [writer, reader]\n`,
    'flow.consumer-first',
    '11:facts',
    'before "reader" has made it',
  ],
  [
    'unknown artifact',
    head + artifacts + agents.replace('consumes: [facts]', 'consumes: [fact]'),
    'name.unknown-artifact',
    '11:fact',
    'Did you mean "facts"?',
  ],
  [
    'unknown model',
    `${head}${artifacts}${agents}defaults: {model: locl}\n`,
    'name.unknown-model',
    '12:locl',
    'Did you mean "local"?',
  ],
  [
    'unsafe path',
    head + artifacts.replace('report.md', '../../a') + agents,
    'path.unsafe',
    '8:../../a',
    'leaves the workspace',
  ],
  [
    'a file that nobody can write',
    `${head}${artifacts}${agents}defaults: {tools: []}\n`,
    'artifact.unwritable',
    '10:facts',
    'no tool to write it with',
  ],
  [
    'metric without fallback',
    `${head}${artifacts}${agents}outcome: {metrics: {accuracy: {better: higher}}}\n`,
    'metric.no-fallback',
    '12:accuracy',
    'fallback',
  ],
  [
    'expression syntax',
    head + artifacts.replace('kind: text', 'kind: text, checks: [lines >]') + agents,
    'expression.syntax',
    '8:>',
    'ends too early',
  ],
  [
    'expression type',
    head + artifacts.replace('kind: text', 'kind: text, checks: [lines == "a"]') + agents,
    'expression.type',
    '8:lines == "a"',
    'never equals',
  ],
  [
    'unknown fact',
    head + artifacts.replace('kind: text', 'kind: text, checks: [rows == 1]') + agents,
    'expression.unknown-name',
    '8:rows',
    '"rows"',
  ],
  [
    'unknown task field',
    head + artifacts.replace('kind: text', 'kind: text, checks: [lines == task.sizes]') + agents,
    'expression.unknown-name',
    '8:task.sizes',
    'Did you mean "size"?',
  ],
  [
    'secret in clear',
    head.replace('"qwen3:4b"', 'q, api_key: sk-123') + artifacts + agents,
    'secret.in-clear',
    '3:sk-123',
    '${secret:NAME}',
  ],
  [
    'env not allowed',
    head.replace('"qwen3:4b"', 'q, api_key: "${env:AWS_KEY}"') + artifacts + agents,
    'secret.not-allowed',
    '3:"${env:AWS_KEY}"',
    '--allow-env AWS_KEY',
  ],
  [
    'unpriced',
    `${head.replace('127.0.0.1:11434', 'api.example.com')}${artifacts}${agents}limits: {dollars: 1}\n`,
    'model.unpriced',
    '3:local',
    'price',
  ],
  [
    'unknown key',
    head + artifacts + agents.replace('role: Read.', 'rolle: Read.'),
    'schema.unknown-key',
    '10:rolle',
    'Did you mean "role"?',
  ],
  [
    'number as text',
    `${head}${artifacts}${agents}training: {learning_rate: "1e-5"}\n`,
    'schema.invalid',
    '12:"1e-5"',
    'must be a number',
  ],
  [
    'duplicate key',
    `${head}${artifacts}${agents}models: {}\n`,
    'yaml.duplicate-key',
    '12:models',
    '"models" stands here twice',
  ],
  [
    '__proto__',
    `${head}${artifacts}${agents}__proto__: {polluted: true}\n`,
    'yaml.forbidden-key',
    '12:__proto__',
    '__proto__',
  ],
  ['a tag', `${head}${artifacts}${agents}name: !!js/function "x"\n`, 'yaml.tag', '12:"x"', 'not allowed'],
  [
    'a role the embedded model cannot play',
    head.replace(/\{provider.*\}/, '{provider: embedded}') + artifacts + agents,
    'model.cannot-play',
    '3:embedded',
    'reader',
  ],
  [
    'prompt outside the folder',
    head +
      artifacts +
      agents.replace('role: Read.,', 'role: Read., instructions: {file: ../../../../etc/passwd},'),
    'path.outside',
    '10:../../../../etc/passwd',
    'outside',
  ],
  [
    'split overlap',
    `${head.replace(/tasks:\n.*\n/, 'tasks: {from: none/*.yaml, split: {train: [a], select: [], test: [a]}}\n')}${artifacts}${agents}`,
    'split.overlap',
    '4:a',
    'is in train and in test',
  ],
  [
    'k1 in the loss',
    `${head}${artifacts}${agents}training: {kl: {estimator: k1, in: loss}}\n`,
    'training.kl-no-gradient',
    '12:k1',
    'no expected gradient',
  ],
  [
    'a bad condition of a repeat',
    `${head}${artifacts}${agents}flow: [{repeat: {do: [reader, writer], until: report.line > 3, max: 2}}]\n`,
    'expression.unknown-name',
    '12:report.line',
    'Did you mean "lines"?',
  ],
];

describe('each mistake has its own code and place', () => {
  test.each(cases)('%s', (_name, text, code, place, part) => {
    const found = problemsOf(text).find((problem) => problem.code === code);
    expect(found, JSON.stringify(problemsOf(text), null, 1)).toBeDefined();
    expect(found!.message).toContain(part);
    const line = text.split('\n')[found!.line - 1]!;
    expect(`${found!.line}:${line.slice(found!.column - 1, found!.endColumn - 1)}`).toBe(place);
    expect(found!.endLine).toBe(found!.line);
  });
});

describe('hostile case 10: paths of artifacts that no workspace may have', () => {
  const paths = [
    '../../a',
    '/etc/passwd',
    'C:/a',
    '-rf',
    'a\\0b',
    'a\\nb',
    'CON',
    'aux.txt',
    'x'.repeat(300),
  ];
  test.each([...paths, 'a/../../b', '.git/config', 'a//b', 'a.'])('%s', (path) => {
    const found = problemsOf(head + artifacts.replace('report.md', `"${path}"`) + agents);
    expect(found.map(({ code, line }) => ({ code, line }))).toContainEqual({ code: 'path.unsafe', line: 8 });
  });
});

test('no prototype is changed by a hostile key', () => {
  problemsOf(`${head}${artifacts}${agents}__proto__: {polluted: true}\n`);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

describe('hostile case 1: refused in under a second, with a line', () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
    .split('')
    .map((name, at) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghi'[at]}`).join(',')}]`)
    .join('\n')}\n`;
  const hostile: [string, string, string][] = [
    ['alias bomb', bomb, 'yaml.alias'],
    ['50 MB', `a: "${'x'.repeat(50_000_000)}"`, 'yaml.too-large'],
    ['10,000 deep, flow', '['.repeat(10_000), 'yaml.too-deep'],
    [
      '10,000 deep, blocks',
      Array.from({ length: 900 }, (_, at) => `${' '.repeat(at)}a:`).join('\n'),
      'yaml.too-deep',
    ],
    ['10,000 deep, dashes', '- '.repeat(10_000), 'yaml.too-deep'],
  ];
  test.each(hostile)('%s', (_name, text, code) => {
    const start = performance.now();
    const problems = problemsOf(text);
    expect(performance.now() - start).toBeLessThan(1000);
    expect(problems[0]?.code).toBe(code);
    expect(problems[0]?.line).toBeGreaterThan(0);
  });
});
