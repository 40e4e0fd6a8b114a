import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addTarget, findTarget, readTargets, sshArguments } from '../../../src/target/index.js';
import { isSafePath, parseListed } from '../../../src/target/job/manifest.js';
import { Receiver } from '../../../src/target/job/receive.js';
import { parseState } from '../../../src/target/ssh/box.js';
import { quoted } from '../../../src/target/ssh/host.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-target-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('targets.yaml', () => {
  it('keeps comments when a target is added, and gives defaults when it is read', () => {
    const path = join(folder, 'targets.yaml');
    writeFileSync(path, '# mine\ntargets:\n  old: {kind: ssh, host: a} # the old one\n');
    addTarget(path, 'new', { kind: 'ssh', host: 'me@b', folder: '~/jobs' });
    expect(readFileSync(path, 'utf8')).toContain('# the old one');
    expect(readTargets(path).old).toEqual({
      kind: 'ssh',
      host: 'a',
      folder: '.baton-box',
      node: 'node',
      placement: 'there',
    });
    expect(findTarget(path, 'new')).toMatchObject({ host: 'me@b', folder: '~/jobs' });
    expect(() => findTarget(path, 'neu')).toThrow('there are: old, new');
  });

  it.each([
    [
      'targets:\n  a: {kind: ssh, host: -oProxyCommand=x}\n',
      /:2:24: targets\.a\.host: .*does not begin with a dash/,
    ],
    ['targets:\n  a: {kind: ssh, host: b, folder: ../x}\n', /targets\.a\.folder: .*must not climb/],
    ['targets:\n  a: {kind: ssh, host: b, command: x}\n', /Unrecognized key/],
    ['targets: [\n', /targets\.yaml:\d+:\d+: /],
    [
      'targets:\n  a: &a {kind: ssh, host: b}\n  b: *a\n',
      /targets\.yaml:3:6: \*a stands for .*write that out here\.$/,
    ],
    ['targets:\n  a: {kind: ssh, host: *none}\n', /targets\.yaml:2:24: \*none stands for/],
  ])('%j is refused with its place', (text, words) => {
    const path = join(folder, 'targets.yaml');
    writeFileSync(path, text);
    expect(() => readTargets(path)).toThrow(words);
  });
});

describe('ssh', () => {
  it('gets the host after --, asks nothing and accepts no key', () => {
    const args = sshArguments({ host: 'me@box' });
    expect(args.slice(-2)).toEqual(['--', 'me@box']);
    expect(args).toEqual(expect.arrayContaining(['-oBatchMode=yes', '-oStrictHostKeyChecking=yes']));
    expect(() => sshArguments({ host: '-Fx' })).toThrow();
  });

  it('arguments stay one argument whatever is in them', () => {
    expect(quoted("it's $(id) `x`")).toBe(`'it'\\''s $(id) \`x\`'`);
  });
});

describe('files from there', () => {
  it.each(['../a', '/a', 'a/../b', 'a//b', './a', 'a\nb', 'a\\b', '', 'a/..'])(
    '%j is no safe path',
    (path) => {
      expect(isSafePath(path)).toBe(false);
    },
  );

  it('are listed by hash and path, and anything else is refused', () => {
    const sum = 'a'.repeat(64);
    const grows = `${sum} 12 ./run.jsonl\n`;
    expect(parseListed(`${sum}  ./x y/z\n${grows}${grows}`)).toEqual([
      { path: 'x y/z', hash: sum, size: null },
      { path: 'run.jsonl', hash: sum, size: 12 },
    ]);
    expect(() => parseListed(`${sum}  ./../x\n`)).toThrow('not safe here');
    expect(() => parseListed('hello\n')).toThrow('not safe here');
  });

  it('get their names only with the hash that was listed', () => {
    const hello = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
    const whole = new Receiver(folder, [
      { path: 'a/b', hash: hello },
      { path: 'c', hash: hello },
    ]);
    for (const part of ['5\nhel', 'lo', '5', '\nhello']) whole.take(Buffer.from(part));
    whole.end();
    expect(readFileSync(join(folder, 'a/b'), 'utf8')).toBe('hello');
    const wrong = new Receiver(folder, [{ path: 'd', hash: hello }]);
    wrong.take(Buffer.from('5\nhallo'));
    expect([wrong.changed, existsSync(join(folder, 'd'))]).toEqual([['d'], false]);
    const short = new Receiver(folder, [{ path: 'e', hash: hello }]);
    short.take(Buffer.from('5\nhel'));
    expect(() => short.end()).toThrow('ended before e was whole');
    const more = new Receiver(folder, [{ path: 'f', hash: hello }]);
    expect(() => more.take(Buffer.from('5\nhello3\nxyz'))).toThrow('not asked for');
  });

  it('may be brought by two at once, and what a killed one left is removed', () => {
    const hello = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
    const old = join(folder, 'a.7-01234567.fetching');
    const live = join(folder, 'b.8-01234567.fetching');
    for (const path of [old, live]) writeFileSync(path, 'hel');
    utimesSync(old, 0, 0);
    const [one, two] = [
      new Receiver(folder, [{ path: 'a', hash: hello }]),
      new Receiver(folder, [{ path: 'a', hash: hello }]),
    ];
    one.take(Buffer.from('5\nhel'));
    two.take(Buffer.from('5\nhe'));
    one.take(Buffer.from('lo'));
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('hello');
    two.take(Buffer.from('llo'));
    for (const each of [one, two]) each.end();
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('hello');
    expect(readdirSync(folder).sort()).toEqual(['a', 'b.8-01234567.fetching']);
    const cut = new Receiver(folder, [{ path: 'c', hash: hello }]);
    cut.take(Buffer.from('5\nhel'));
    cut.drop();
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it('a state that is not known is not taken for a failure', () => {
    expect(parseState('exited 3\n')).toEqual({ is: 'exited', code: 3 });
    expect(parseState('lost')).toEqual({ is: 'lost' });
    expect(parseState('sent')).toEqual({ is: 'sent' });
    expect(() => parseState('exited x')).toThrow('not known');
  });
});
