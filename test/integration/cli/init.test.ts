import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { folderWith, runCli } from './command.js';
import { keys, onTerminal } from './terminal.js';

test('init writes a file that passes check, and never overwrites one', async () => {
  const folder = folderWith({});
  const made = await runCli(folder, ['init', '--json']);
  expect(made.code, made.stderr).toBe(0);
  const { file } = JSON.parse(made.stdout) as { file: string };
  expect((await runCli(folder, ['check'])).stdout).toBe('No problems.\n');
  const before = readFileSync(file, 'utf8');
  const again = await runCli(folder, ['init']);
  expect(again.code).toBe(2);
  expect(again.stderr).toContain('is there already; nothing was written');
  expect(readFileSync(file, 'utf8')).toBe(before);
});

test('what init says comes next can be typed as it stands', async () => {
  const folder = folderWith({});
  const { stdout } = await runCli(folder, ['init', "my team's"]);
  expect(stdout).toContain(`baton check 'my team'\\''s/my-team-s.baton.yaml'`);
});

test('init copies a template that passes check; an unknown one is named with what there is', async () => {
  const folder = folderWith({});
  expect((await runCli(folder, ['init', '--template', 'table-team'])).code).toBe(0);
  expect(existsSync(join(folder, 'tables/tables.yaml'))).toBe(true);
  expect((await runCli(folder, ['check'])).code).toBe(0);
  const unknown = await runCli(folder, ['init', '--template', 'nope']);
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toContain('blank, sums, table-team');
});

test('on a terminal init asks what to start from and which model acts', async () => {
  const folder = folderWith({});
  const models = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ data: [{ id: 'first' }, { id: 'second' }] }));
  }).listen(1234, '127.0.0.1');
  try {
    const done = await onTerminal(
      folder,
      ['init', 'mine'],
      [
        ['to navigate', keys.enter],
        ['Which model acts?', ''],
        ['to navigate', keys.down],
        ['● second', keys.enter],
      ],
    );
    expect(done.code, done.shown).toBe(0);
    expect(done.shown).toContain('next: baton check mine/mine.baton.yaml');
    expect(readFileSync(join(folder, 'mine/mine.baton.yaml'), 'utf8')).toContain(
      'base_url: "http://127.0.0.1:1234/v1", model: "second"',
    );
    // A template acts with what it brings or with one of these; one that brings none gets one of these.
    const asked = await onTerminal(
      folder,
      ['init', 'served', '--template', 'table-team'],
      [
        ['● the small one', keys.down + keys.down],
        ['● second', keys.enter],
      ],
    );
    expect(asked.code, asked.shown).toBe(0);
    for (const [name, args] of [
      ['named', ['--template', 'table-team', '--model', 'second']],
      ['sums', ['--template', 'sums', '--model', 'second']],
    ] as const)
      expect((await runCli(folder, ['init', name, ...args])).code).toBe(0);
    for (const name of ['served/table-team', 'named/table-team', 'sums/sums']) {
      const text = readFileSync(join(folder, `${name}.baton.yaml`), 'utf8');
      expect(text).toMatch(
        /student: \{provider: openai, base_url: [^ ]*:1234\/v1, model: second(, max_tokens: 56)?\}$/m,
      );
      const checked = await runCli(folder, ['check', dirname(name)]);
      expect(checked.stdout, name).toBe('No problems.\n');
    }
    const template = await onTerminal(
      folder,
      ['init', 'tables'],
      [
        ['○ table-team', keys.down + keys.down],
        ['● table-team', keys.enter],
        ['● the small one', keys.enter],
      ],
    );
    expect(template.code, template.shown).toBe(0);
    expect((await runCli(folder, ['check', 'tables'])).code).toBe(0);
  } finally {
    models.close();
  }
  const left = await onTerminal(folder, ['init', 'none'], [['to navigate', keys.ctrlC]]);
  expect(left.code, left.shown).toBe(130);
  expect(left.shown).toContain('Nothing was written.');
  expect(existsSync(join(folder, 'none'))).toBe(false);
});

test('a template that brings no model says that one is to be named, and what would train one', async () => {
  const folder = folderWith({});
  const made = await runCli(folder, ['init', 'mine', '--template', 'sums']);
  expect(made.code, made.stderr).toBe(0);
  // Where a server answers on this machine its first model is taken.
  if (/provider: openai/.test(readFileSync(join(folder, 'mine/sums.baton.yaml'), 'utf8'))) return;
  expect(made.stderr).toContain('or train one of your own: baton train mine/sums.baton.yaml --base MODEL');
  expect(made.stdout).toContain('next: name a model in it, then baton check mine/sums.baton.yaml');
});

test('init names the models there are where another one is asked for', async () => {
  const folder = folderWith({});
  const refused = await runCli(folder, ['init', '--model', 'no-such-model']);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('No model "no-such-model" answers on this machine');
  expect(readdirSync(folder).filter((name) => name.endsWith('.yaml'))).toEqual([]);
});

test('init with the key of a hosted server says how it is stored, for that server only', async () => {
  const folder = folderWith({});
  const done = await onTerminal(
    folder,
    ['init', 'mine', '--template', 'blank'],
    [
      // The last but one, whatever else answers here.
      ['to navigate', keys.up + keys.up],
      ['● a model of https://openrouter.ai', keys.enter],
      ['Which model of', 'some/model'],
      ['some/model', keys.enter],
    ],
    { OPENROUTER_API_KEY: 'sk-canary-77', OPENAI_API_KEY: '', GROQ_API_KEY: '', MISTRAL_API_KEY: '' },
  );
  expect(done.code, done.shown).toBe(0);
  expect(done.shown).toContain(
    'printenv OPENROUTER_API_KEY | baton secret set OPENROUTER_API_KEY --for https://openrouter.ai',
  );
  const file = readFileSync(join(folder, 'mine/mine.baton.yaml'), 'utf8');
  expect(file).toContain('api_key: "${secret:OPENROUTER_API_KEY}"');
  expect(file + done.shown).not.toContain('sk-canary-77');
  expect((await runCli(folder, ['check', 'mine'])).code).toBe(0);
});

test('score judges an old run again and finds what its own verdicts say', async () => {
  const folder = folderWith({
    'a.baton.yaml': `baton: 1
models: {m: {provider: recorded, file: replies.jsonl}}
tasks: [{prompt: Say something.}]
artifacts: {answer: {kind: message, checks: [words > 1]}}
agents: {speaker: {role: Speak., produces: [answer]}}
`,
    'replies.jsonl': '{"reply": "one"}\n',
  });
  await runCli(folder, ['run']);
  const scored = await runCli(folder, ['score', '--json']);
  expect(JSON.parse(scored.stdout)).toMatchObject({ judged: 1, changed: 0 });
});

test('doctor names what works, as JSON, and says so by its exit code', async () => {
  const folder = folderWith({});
  const done = await runCli(folder, ['doctor', '--json']);
  const report = JSON.parse(done.stdout) as { ok: boolean; findings: { what: string; works: boolean }[] };
  expect(report.findings.map((finding) => finding.what)).toEqual(
    expect.arrayContaining(['node', 'git', 'python3', 'sandbox: bubblewrap', 'embedded engine']),
  );
  expect(done.code).toBe(report.ok ? 0 : 3);
  expect(report.findings.find((finding) => finding.what === 'sandbox: bubblewrap')?.works).toBe(true);
});

test('doctor --install-gpu says what failed, and leaves nothing behind', async () => {
  const folder = folderWith({});
  // A registry that cannot be reached, as on a machine without a network.
  const registry = { npm_config_registry: 'http://127.0.0.1:9', npm_config_fetch_retries: '0' };
  // As below `npm test --silent`.
  const offline = { ...registry, npm_config_loglevel: 'silent' };
  const ran = await runCli(folder, ['doctor', '--install-gpu', '--json'], offline);
  expect(ran.code).toBe(3);
  expect(JSON.parse(ran.stdout).error).toMatchObject({
    code: 'install.failed',
    message: expect.stringMatching(/tfjs-node-gpu[\s\S]*code ECONNREFUSED[\s\S]*Nothing was changed/),
  });
  expect(readdirSync(join(folder, '.cache/baton'))).toEqual([]);
});
