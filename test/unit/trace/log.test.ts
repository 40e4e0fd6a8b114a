import { createHash } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LogWriter, readLog } from '../../../src/trace/index.js';

const file = () => join(mkdtempSync(join(tmpdir(), 'baton-log-')), 'a.jsonl');

async function write(path: string, count: number): Promise<void> {
  const { log } = await LogWriter.open(path);
  for (let at = 0; at < count; at++)
    log.append({ type: 'alarm', data: { code: 'x', message: `number ${at}` } });
  await log.close();
}

test('what was written is read back, numbered and chained', async () => {
  const path = file();
  await write(path, 3);
  await write(path, 2);
  const { events, torn, damage } = readLog(path);
  expect(events.map((event) => event.seq)).toEqual([0, 1, 2, 3, 4]);
  expect(events.slice(1).map((event) => event.prev)).toEqual(events.slice(0, -1).map((event) => event.sum));
  expect([torn, damage]).toEqual([false, []]);
});

test('a torn tail is cut off at any byte, kept beside the log, and the log goes on', async () => {
  const path = file();
  await write(path, 3);
  const whole = readFileSync(path);
  const second = whole.indexOf(10, whole.indexOf(10) + 1) + 1;
  for (const end of [second + 1, second + 40, whole.length - 1]) {
    writeFileSync(path, whole.subarray(0, end));
    const { log, recovered } = await LogWriter.open(path);
    expect(recovered.torn).toBe(true);
    log.append({ type: 'alarm', data: { code: 'x', message: 'after' } });
    await log.close();
    expect(readLog(path).events.map((event) => event.seq)).toEqual([0, 1, 2]);
    expect(readFileSync(`${path}.torn`)).toEqual(whole.subarray(0, end));
  }
});

test('every flipped byte in the middle is named, and the events around it are still read', async () => {
  const path = file();
  await write(path, 4);
  const whole = readFileSync(path);
  const start = whole.indexOf(10) + 1;
  const end = whole.indexOf(10, start);
  for (let at = start; at < end; at += 7) {
    const bytes = Buffer.from(whole);
    bytes[at]! ^= 1;
    writeFileSync(path, bytes);
    const read = readLog(path);
    expect(read.damage.map((damage) => damage.line)).toContain(2);
    expect(read.events.map((event) => event.seq)).toEqual([0, 2, 3]);
    expect(read.torn).toBe(false);
  }
});

test('a removed line is noticed', async () => {
  const path = file();
  await write(path, 3);
  const lines = readFileSync(path, 'utf8').split('\n');
  writeFileSync(path, [lines[0], lines[2], ''].join('\n'));
  const read = readLog(path);
  expect(read.torn).toBe(true);
  expect(read.events).toHaveLength(1);
});

test('an event of a later version is damage, not a crash', async () => {
  const path = file();
  await write(path, 1);
  appendFileSync(path, '{"seq":1}\n');
  expect(readLog(path)).toMatchObject({ torn: true, events: [{ seq: 0 }] });
});

test('a line that is no event is damage, also where its check sum is right', async () => {
  const path = file();
  await write(path, 1);
  for (const open of ['{"seq":1,not json', '{"seq":"one"', '{"seq":1,"at":1,"prev":1,"type":"alarm"']) {
    const sum = createHash('sha256').update(open).digest('hex').slice(0, 16);
    appendFileSync(path, `${open},"sum":"${sum}"}\n`);
  }
  expect(readLog(path)).toMatchObject({ torn: true, events: [{ seq: 0 }] });
});

test('what is shown is there for a reader before anybody waits for the disk, once and in order', async () => {
  const path = file();
  const { log } = await LogWriter.open(path);
  const add = (message: string) => log.append({ type: 'alarm', data: { code: 'x', message } });
  add('a');
  log.show();
  add('b');
  log.show();
  await expect.poll(() => readLog(path).events.length).toBe(2);
  add('c');
  log.show();
  add('d');
  await Promise.all([log.sync(), log.sync()]);
  expect(readLog(path).events.map(({ data }) => (data as { message: string }).message)).toEqual([
    'a',
    'b',
    'c',
    'd',
  ]);
  log.show();
  await log.close();
  expect(readLog(path).events).toHaveLength(4);
});
