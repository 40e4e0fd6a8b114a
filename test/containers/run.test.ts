import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCli } from '../integration/cli/command.js';
import { image, startTools } from './tools.js';

let stop: () => Promise<void>;
beforeAll(async () => {
  stop = await startTools();
  process.env.BATON_IMAGE = image;
});
afterAll(() => stop?.());

// A program that the helper's own modules run in the container, and that hands over the target among the features.
const reply = `\`\`\`python
from tab import *
table = read("/inputs/train.csv")
save(encode(fit_encoder(table, [], table.columns), table), "X_train.pkl")
\`\`\``;

it.each(['podman', 'docker'])('a team is run and judged in %s', async (level) => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-container-run-'));
  cpSync(join(import.meta.dirname, '../../media/templates/table-team'), folder, { recursive: true });
  const file = join(folder, 'table-team.baton.yaml');
  const recorded = readFileSync(file, 'utf8').replace(
    '{provider: embedded}',
    '{provider: recorded, file: replies.jsonl}',
  );
  writeFileSync(file, recorded);
  writeFileSync(join(folder, 'replies.jsonl'), `${JSON.stringify({ reply })}\n`);
  const done = await runCli(folder, ['run', '--sandbox', level, '--limit', '2', '--json']);
  expect(done.stderr).not.toContain('not on this machine');
  expect(done.code).toBe(0);
  const run = join(folder, '.baton/runs', readdirSync(join(folder, '.baton/runs'))[0]!);
  expect(readFileSync(join(run, 'run.json'), 'utf8')).toContain(`${level} with image ${image}`);
  const events = readdirSync(join(run, 'rollouts')).map((name) =>
    readFileSync(join(run, 'rollouts', name), 'utf8'),
  );
  expect(events).toHaveLength(2);
  for (const each of events) {
    // Facts about what was written are taken in a container too.
    expect(each).toContain('"X_train":{"exists":true,"kind":"table"');
    expect(each).toContain('"code":"target.leaked"');
  }
});
