import { execFile } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countingServer, folderWith } from './command.js';

const ROLLOUTS = 60;
const cli = join(import.meta.dirname, '../../../dist/cli.mjs');
const workflow = (url: string) => `baton: 1
models: {m: {provider: openai, base_url: "${url}", model: m}}
tasks: [{prompt: one}]
artifacts: {note: {kind: message, checks: [words > 0]}, answer: {kind: message}}
agents:
  reader: {role: Read., produces: [note]}
  writer: {role: Write., consumes: [note], produces: [answer]}
`;

let server: Awaited<ReturnType<typeof countingServer>>;
beforeAll(async () => {
  let asked = 0;
  // Now and then a reply is long enough to be a blob.
  server = await countingServer(() => `${asked++} ${'word '.repeat(asked % 5 === 0 ? 2000 : 200)}`);
});
afterAll(() => void server.server.close());

test('hostile case 22: the disk fills up while a run logs: it stops with a sentence, and goes on when there is room', async () => {
  const folder = folderWith({ 'a.baton.yaml': workflow(server.url) });
  const disk = join(folder, 'disk');
  // A disk of 300 KB of this test's own, in a mount namespace of its own.
  const script = join(folder, 'go.sh');
  writeFileSync(
    script,
    `set -e
mkdir ${disk}; mount -t tmpfs -o size=300k tmpfs ${disk}; cp ${folder}/a.baton.yaml ${disk}; cd ${disk}
set +e
${process.execPath} ${cli} run --samples ${ROLLOUTS} --concurrency 2 --json; echo "first $?"
mount -o remount,size=50m ${disk}
${process.execPath} ${cli} resume --json; echo "second $?"
cp -r ${disk}/.baton ${folder}/kept
`,
  );
  const { stdout, stderr } = await promisify(execFile)('unshare', [
    '--map-root-user',
    '--mount',
    'bash',
    script,
  ]);
  const lines = stdout.trim().split('\n');
  expect(lines).toContain('first 3');
  const said = JSON.parse(lines[lines.indexOf('first 3') - 1]!) as {
    error: { code: string; message: string };
  };
  expect(said.error.code).toBe('disk.full');
  expect(stderr).toMatch(/There is no room to write.*ENOSPC[\s\S]*What was logged is kept.*baton resume/);
  expect(lines.at(-1)).toBe('second 0');
  const last = JSON.parse(lines.at(-2)!) as { summary: { rollouts: number; success: number } };
  // Nobody is charged with the disk: every rollout ended as it would have.
  expect(last.summary).toMatchObject({ rollouts: ROLLOUTS, success: 1 });
  expect(server.calls()).toBeLessThanOrEqual(ROLLOUTS * 2 + 2);
  expect(readdirSync(join(folder, 'kept/runs'))).toHaveLength(1);
});
