// Workflows with one thing wrong in each, for every test that wants to see what is said of it.

export const head = `baton: 1
models:
  local: {provider: openai, base_url: "http://127.0.0.1:11434/v1", model: "qwen3:4b"}
tasks:
  - {prompt: Summarise, size: 3}
`;
export const agents = `agents:
  reader: {role: Read., produces: [facts]}
  writer: {role: Write., consumes: [facts], produces: [report]}
`;
export const artifacts = `artifacts:
  facts: {path: facts.json, kind: json}
  report: {path: report.md, kind: text}
`;

/** [what, file, code, line and the very text of the place, part of the message] */
export const cases: [string, string, string, string, string][] = [
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
    'a list as a step',
    `${head}${artifacts}${agents}flow: [reader, [writer]]\n`,
    'schema.invalid',
    '12:[writer]',
    'has parallel:, sequence: or repeat: before its list',
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
    '--allow-env AWS_KEY, in the editor with the setting baton.allowEnv',
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
    'a base for a server',
    head.replace(/\{provider: \w+,/, '{base: owner/name, provider: openai,') + artifacts + agents,
    'model.base',
    '3:base',
    'base is for "provider: embedded"',
  ],
  [
    'a base that is nowhere',
    head.replace(/\{provider.*\}/, '{provider: embedded, base: ./models/none}') + artifacts + agents,
    'file.unreadable',
    '3:./models/none',
    'There is no ./models/none',
  ],
  [
    'two bases for one engine',
    head.replace(
      /(\w+): \{provider.*\}/,
      '$1: {provider: embedded, base: a/b}\n  other: {provider: embedded}',
    ) +
      artifacts +
      agents.replaceAll('{ role', '{ model: other, role'),
    'model.base',
    '4:other',
    'one engine plays both',
  ],
  [
    'recorded replies that are not there',
    head.replace(/\{provider.*\}/, '{provider: recorded, file: none.jsonl}') + artifacts + agents,
    'model.no-replies',
    '3:none.jsonl',
    'There is no none.jsonl',
  ],
  [
    'recorded replies outside the folder',
    head.replace(/\{provider.*\}/, '{provider: recorded, file: ../../x.jsonl}') + artifacts + agents,
    'path.outside',
    '3:../../x.jsonl',
    'outside',
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
    'an estimator that compares samples of a task, of one',
    `${head}${artifacts}${agents}training: {algorithm: rloo, samples: 1}\n`,
    'training.nothing-to-compare',
    '12:rloo',
    'every advantage would be 0',
  ],
  [
    'a target for a coefficient that cannot move',
    `${head}${artifacts}${agents}training: {kl: {coefficient: 0, target: 0.1}}\n`,
    'training.kl-stays-off',
    '12:0.1',
    'stays 0',
  ],
  [
    'a bad condition of a repeat',
    `${head}${artifacts}${agents}flow: [{repeat: {do: [reader, writer], until: report.line > 3, max: 2}}]\n`,
    'expression.unknown-name',
    '12:report.line',
    'Did you mean "lines"?',
  ],
  [
    'a task that expects an unknown artifact',
    `${head.replace('size: 3', 'size: 3, expect: reports.valid')}${artifacts}${agents}`,
    'expression.unknown-name',
    '5:reports.valid',
    'Did you mean "report"?',
  ],
  [
    'a task that expects an unknown fact',
    `${head.replace('size: 3', 'size: 3, expect: report.valid and report.line == task.size')}${artifacts}${agents}`,
    'expression.unknown-name',
    '5:report.line',
    'Did you mean "lines"?',
  ],
  [
    'a task that expects an unknown field',
    `${head.replace('size: 3', 'size: 3, expect: report.lines == task.sise')}${artifacts}${agents}`,
    'expression.unknown-name',
    '5:task.sise',
    'Did you mean "size"?',
  ],
  [
    'a task that expects a number',
    `${head.replace('size: 3', 'size: 3, expect: report.lines')}${artifacts}${agents}`,
    'expression.type',
    '5:report.lines',
    'must give a yes-no',
  ],
  [
    "a hole in a task's own prompt",
    `${head.replace('Summarise', '"Summarise {{task.size}}"')}${artifacts}${agents}`,
    'task.verbatim',
    '5:task.size',
    "a task's own prompt is data",
  ],
  [
    'an unknown field in the prompt that tasks share',
    `${head.replace(/tasks:\n.*\n/, 'tasks: {family: {problems: {}}, prompt: "{{task.anser}}"}\n')}${artifacts}${agents}`,
    'expression.unknown-name',
    '4:task.anser',
    'Did you mean "answer"?',
  ],
  [
    'an artifact in the prompt that tasks share',
    `${head.replace(/tasks:\n.*\n/, 'tasks: {family: {problems: {}}, prompt: "{{facts.exists}}"}\n')}${artifacts}${agents}`,
    'expression.unknown-name',
    '4:facts.exists',
    'Known here: task.',
  ],
  ['what is no YAML', `${head}${artifacts}${agents}name: [a, b\n`, 'yaml.syntax', '13:', 'end with a ]'],
  [
    'a key that is missing',
    head + artifacts.replace('path: report.md, ', '') + agents,
    'schema.missing-key',
    '8:report',
    'needs a path',
  ],
  [
    'a prompt file that is not there',
    head + artifacts + agents.replace('role: Read.,', 'role: Read., instructions: {file: none.md},'),
    'file.unreadable',
    '10:none.md',
    'none.md',
  ],
  [
    'a name with a space',
    head + artifacts.replace('report:', 'my report:') + agents,
    'name.invalid',
    '8:my report',
    'is not a name',
  ],
  [
    'an unknown agent in flow',
    `${head}${artifacts}${agents}flow: [readr, writer]\n`,
    'name.unknown-agent',
    '12:readr',
    'Did you mean "reader"?',
  ],
  [
    'an agent that flow leaves out',
    `${head}${artifacts}${agents}  idler: {role: Idle.}\nflow: [reader, writer]\n`,
    'flow.agent-missing',
    '12:idler',
    'never acts',
  ],
  [
    'an agent twice in flow',
    `${head}${artifacts}${agents}flow: [reader, writer, reader]\n`,
    'flow.agent-twice',
    '12:reader',
    'use repeat',
  ],
  [
    'an artifact that nobody produces',
    `${head}${artifacts}  spare: {path: spare.txt}\n${agents}`,
    'artifact.unused',
    '9:spare',
    'No agent produces',
  ],
  [
    'two artifacts in one place',
    head + artifacts.replace('report.md', 'Facts.json') + agents,
    'path.taken',
    '8:Facts.json',
    '"facts" already lies at',
  ],
  [
    'an unknown metric',
    `${head}${artifacts}${agents}outcome: {metrics: {acuracy: {better: higher, fallback: 0.5}}}\n`,
    'metric.unknown',
    '12:acuracy',
    'Did you mean "accuracy"?',
  ],
  [
    'a model that is not chosen',
    `${head.replace('tasks:', '  other: {provider: openai, base_url: "http://127.0.0.1:1/v1", model: m}\ntasks:')}${artifacts}${agents}`,
    'model.ambiguous',
    '11:reader',
    'local, other',
  ],
  [
    'a model of the editor that is to be trained',
    head.replace(/\{provider.*\}/, '{provider: editor}') +
      artifacts +
      agents.replace('role: Read.,', 'role: Read., trained: true,'),
    'model.not-trainable',
    '10:true',
    'cannot be trained',
  ],
  [
    'an unknown failure code',
    head +
      artifacts.replace('kind: text', 'kind: text, checks: [{check: lines > 1, code: report.thin}]') +
      agents,
    'failure.unknown',
    '8:report.thin',
    'is not a failure code',
  ],
  [
    'a metric and no table',
    `${head}${artifacts}${agents}outcome: {metrics: {accuracy: {better: higher, fallback: 0.5}}}\n`,
    'metric.no-table',
    '12:accuracy',
    'no artifact is a table',
  ],
  [
    'a schema that is none',
    head + artifacts.replace('kind: json', 'kind: json, schema: {type: strng}') + agents,
    'artifact.schema',
    '7:{type: strng}',
    'This is not a JSON Schema: data/type must be equal to one of the allowed values',
  ],
  [
    'an embedded model that is to judge',
    `${head.replace('tasks:', '  tiny: {provider: embedded}\ntasks:')}${artifacts}${agents}defaults: {model: local}\ncoach: {model: tiny}\n`,
    'model.cannot-play',
    '14:tiny',
    'cannot judge',
  ],
  [
    'k3 in the reward',
    `${head}${artifacts}${agents}training: {kl: {estimator: k3, in: reward}}\n`,
    'training.kl-crossed',
    '12:k3',
    'k1 is the unbiased one',
  ],
  ...['ssh: evil', 'target: box', 'sandbox: none', 'targets: {box: {host: evil}}'].map(
    (line): [string, string, string, string, string] => [
      `a file that chooses for its user: ${line}`,
      `${head}${artifacts}${agents}${line}\n`,
      'scope.user-only',
      `12:${line.split(':')[0]}`,
      'for you to choose',
    ],
  ),
];
