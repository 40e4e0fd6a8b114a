import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Run } from '../../../src/editor/runs/run.js';
import { trajectory } from '../../../src/editor/runs/trajectory.js';
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
