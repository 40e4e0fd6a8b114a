import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { globSync } from 'tinyglobby';

const PATIENCE_MS = 60_000;

/**
 * Milliseconds, as the page's own clock has them, from an event (`keydown`, `mouseup`) of what `act` does to the moment
 * at which an element of `selector` with `text` is drawn.
 */
export async function shown(
  page: Page,
  on: 'keydown' | 'mouseup',
  selector: string,
  text: string,
  act: () => Promise<void>,
): Promise<number> {
  await page.evaluate(`window.batonShown = new Promise((resolve) => {
    let start;
    const there = () => [...document.querySelectorAll(${JSON.stringify(selector)})]
      .some(({ textContent }) => textContent.replaceAll('\u00a0', ' ').includes(${JSON.stringify(text)}));
    const told = (found) => { clearTimeout(timer); observer.disconnect(); resolve(found); };
    const timer = setTimeout(() => told({ failed: start === undefined ? 'no event' : 'not drawn' }), ${PATIENCE_MS});
    addEventListener(${JSON.stringify(on)}, () => { start = performance.now(); }, { capture: true, once: true });
    const observer = new MutationObserver(() => {
      if (start !== undefined && there()) told({ took: performance.now() - start });
    });
    observer.observe(document.body, { subtree: true, childList: true, characterData: true });
  }); undefined`);
  await act();
  const found = await page.evaluate<{ took: number } | { failed: string }>('window.batonShown');
  if ('failed' in found) throw new Error(`${selector} with "${text}": ${found.failed}`);
  return found.took;
}

/** Resident megabytes of the newest extension host below a process. Linux only. */
export function extensionHostMemory(server: number): number {
  const parents = new Map<number, number>();
  const hosts: number[] = [];
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
      if (readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('extensionHost')) hosts.push(Number(name));
    } catch {
      // It has ended meanwhile.
    }
  }
  const below = (pid: number): boolean => pid === server || (parents.has(pid) && below(parents.get(pid)!));
  const newest = hosts
    .filter(below)
    .sort((a, b) => a - b)
    .at(-1);
  if (newest === undefined) throw new Error('The editor has no extension host.');
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${newest}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}

/** The median with its spread, such as `12.3 ms (11.0 to 20.1, n 5)`. */
export function summary(values: readonly number[], unit: string): string {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, middle, high] = [sorted[0]!, sorted[sorted.length >> 1]!, sorted.at(-1)!];
  return `${middle.toFixed(1)} ${unit} (${low.toFixed(1)} to ${high.toFixed(1)}, n ${sorted.length})`;
}

/** Load of the machine, since times mean little on a busy one. */
export function machine(): string {
  const load = readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 2).join(' and ');
  return `${execFileSync('nproc', { encoding: 'utf8' }).trim()} cores, load ${load}`;
}

/**
 * Milliseconds that the extension in the newest extension host counted itself, as its log says: `activated`, for
 * running its entry and `activate`, without what the editor does in between, and `loaded`, for what does the work and is read after that.
 */
export function ownTimes(user: string): { activated: number; loaded: number } {
  const logs = globSync('**/Baton.log', { cwd: user, absolute: true });
  const newest = logs.sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs).at(-1);
  const text = newest ? readFileSync(newest, 'utf8') : '';
  const [activated, loaded] = ['activated', 'loaded'].map((what) => {
    const said = [...text.matchAll(new RegExp(`${what} in ([\\d.]+) ms`, 'g'))].at(-1)?.[1];
    if (!said) throw new Error(`No log of the extension under ${user} says in how long it ${what}.`);
    return Number(said);
  });
  return { activated: activated!, loaded: loaded! };
}
