// A policy that is served ends with the program that asked for that, and with no other.
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundled } from '../../bundled.js';
import { cli, folderWith } from './command.js';
import { startServing } from './serving.js';

let folder: string;
let editor: string;
beforeAll(async () => {
  folder = folderWith({});
  editor = await bundled('src/editor/models/serving.ts');
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(editor, { force: true });
});

const place = () => join(folder, '.baton/serving');
const records = () => readdirSync(place()).map((name) => readFileSync(join(place(), name), 'utf8'));
/** A process that nobody has taken the end of yet is gone all the same. */
const lives = (pid: number) =>
  /^[^Z]/.test(spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim());
const answers = (url: string) =>
  fetch(url).then(
    () => true,
    () => false,
  );

it('the editor is killed: what it serves and its engine end', async () => {
  // What the editor does, in a process that can be killed.
  const program = `
    import { startServing } from ${JSON.stringify(pathToFileURL(resolve(editor)).href)};
    const args = [${JSON.stringify(cli)}, 'serve', 'modeler', '--backend', 'wasm', '--json'];
    await startServing(process.execPath, args, ${JSON.stringify(folder)});
    console.log('serving');
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, XDG_CACHE_HOME: join(folder, '.cache'), XDG_CONFIG_HOME: join(folder, '.config') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((said, ended) => parent.stdout.once('data', said).once('end', ended));
  const { pid, base_url } = JSON.parse(records()[0]!) as { pid: number; base_url: string };
  try {
    expect([lives(pid), await answers(base_url)]).toEqual([true, true]);
    parent.kill('SIGKILL');
    await expect.poll(() => lives(pid), { timeout: 20_000 }).toBe(false);
    expect(await answers(base_url)).toBe(false);
    expect(records()).toEqual([]);
  } finally {
    if (lives(pid)) process.kill(pid);
  }
});

it('without that, an input that ends is no reason to end', async () => {
  const serving = await startServing(folder, ['modeler', '--backend', 'wasm'], {}, 'pipe');
  serving.endInput();
  for (const seed of [1, 2])
    expect(await serving.ask(`modeler kind="regression" rows=${80 + seed} num=2 cat=0`)).toMatchObject({
      status: 200,
    });
  expect(await serving.stop()).toBe(0);
});

it('one that would end with its input still ends when it is told to', async () => {
  const serving = await startServing(
    folder,
    ['modeler', '--backend', 'wasm'],
    { BATON_ENDS_WITH_STDIN: '1' },
    'pipe',
  );
  expect(await serving.stop()).toBe(0);
});
