import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Run } from '../../../src/editor/runs/run.js';
import { trajectory } from '../../../src/editor/runs/trajectory.js';
import { LogWriter } from '../../../src/trace/index.js';
import { longRollout } from '../../bench/editor/big-runs.js';

test('of a long rollout the first calls are laid out, and the rest is named and opened on demand', async () => {
  const place = mkdtempSync(join(tmpdir(), 'baton-trajectory-'));
  try {
    const folder = await longRollout(join(place, 'a.baton.yaml'), 'baton: 1\n', 10 * 2 ** 20);
    expect(statSync(folder.rollout('long-0')).size).toBeGreaterThan(8 * 2 ** 20);
    const run = Run.open(folder, false);
    if (!(run instanceof Run)) throw new Error(run.unreadable);
    const { text, links, actions } = trajectory(run, run.pages.find('long-0'), 'long-0');
    expect(actions.length).toBeGreaterThan(100);
    expect(text).toContain('reply     500 tokens');
    const [last] = actions.slice(-1);
    expect(text).toContain(`○ ${last!.action} · ${last!.agent}`);
    expect(text.slice(text.lastIndexOf(last!.action))).toMatch(/model\.called, [\d.]+ KB · opened on demand/);
    // Each of them leads to what was said there.
    expect(links.filter(({ path }) => path.endsWith(`at/${last!.action}/reply.md`))).toHaveLength(2);
    for (const { start, end, says } of links) expect(text.slice(start, end)).toBe(says);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}, 60_000);

test('what acts in parallel reads one action after the other, and what a join dropped is named', async () => {
  const place = mkdtempSync(join(tmpdir(), 'baton-trajectory-'));
  try {
    const folder = await longRollout(join(place, 'a.baton.yaml'), 'baton: 1\n', 1);
    const { log } = await LogWriter.open(folder.rollout('long-0'));
    const began = (agent: string) =>
      log.append({
        type: 'action.started',
        data: { action: `${agent}.0.0`, agent, visit: 0, turn: 0, arm: agent },
      });
    const wrote = (agent: string) => {
      const files = [{ path: `${agent}.txt`, sha256: '0'.repeat(64), bytes: 1, executable: false }];
      const nothing = { why: null, deleted: [], refused: [], folders: [], commit: null };
      const data = { action: `${agent}.0.0`, agent, status: 'done' as const, wrote: files, ...nothing };
      log.append({ type: 'action.finished', data: data as never });
    };
    began('left');
    began('right');
    wrote('left');
    wrote('right');
    log.append({
      type: 'arm.joined',
      data: { arms: ['left', 'right'], merged: ['left'], dropped: ['stray.txt'], wrote: [], deleted: [] },
    });
    await log.close();
    const run = Run.open(folder, false);
    if (!(run instanceof Run)) throw new Error(run.unreadable);
    const { text, actions } = trajectory(run, undefined, 'long-0');
    const lines = text.split('\n');
    for (const agent of ['left', 'right']) {
      const { line, end } = actions.find((each) => each.agent === agent)!;
      const own = lines.slice(line, end + 1).filter((each) => each.includes('.txt'));
      expect(own).toEqual([expect.stringContaining(`${agent}.txt`)]);
    }
    expect(text).toMatch(
      /arms joined: left, right; merged left\n +dropped +stray\.txt: no artifact of its arm/,
    );
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
});
