import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sshHosts } from '../../../src/target/index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-hosts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('gives the hosts of an ssh configuration and of what it includes, and no patterns', () => {
  mkdirSync(join(folder, 'more'));
  writeFileSync(
    join(folder, 'config'),
    'Include more/*.conf missing/*\nHost gpu-box lab*\n  HostName 10.0.0.7\nhost = "second" !not ?\nMatch host third\n# Host gone\nHost -oProxyCommand=x\n',
  );
  writeFileSync(join(folder, 'more/a.conf'), 'Host inner\n  User me\nInclude b.conf\n');
  // Of another name than the pattern, and included by itself again and again.
  writeFileSync(join(folder, 'b.conf'), 'Host deep\nInclude b.conf\n');
  writeFileSync(join(folder, 'more/c.txt'), 'Host unread\n');
  expect(sshHosts(join(folder, 'config'))).toEqual(['inner', 'deep', 'gpu-box', 'second']);
  expect(sshHosts(join(folder, 'none'))).toEqual([]);
});
