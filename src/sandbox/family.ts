// Processes of one command that no namespace or cgroup holds together (Linux): found in `/proc`, and ended with it.
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { descendants } from './tree.js';

interface Process {
  pid: number;
  parent: number;
  group: number;
  session: number;
  /** A number may be given to another process later; with its start it is one process. */
  start: string;
}

/** Rounds of looking and killing: a program that starts others while it is ended is followed so far. */
const rounds = 20;
/** Milliseconds between two looks at one that is just becoming another program. */
const becoming = 5;
const variable = 'BATON_ACTION';
/** The parent of the kernel's own, which have no environment. */
const KERNEL = 2;
/** A second, in the unit of `/proc`: the same wherever Linux shows it. */
const TICKS = 100;

export interface Family {
  /** What every process inherits, unless it clears its environment. */
  env: Record<string, string>;
  /** Remember who is there now under `first`: later it may have another parent. */
  look(first: number): void;
  /** End all that can be told to belong here. What left session and parent between two looks, without the variable, cannot. */
  end(first: number | undefined): void;
}

export function family(): Family {
  const mark = randomUUID();
  const known = new Map<number, string>();
  const born = ticks();
  const inherits = Buffer.from(`${variable}=${mark}`);

  const members = (): Process[] => {
    const all = processes();
    const now = new Map(all.map((each) => [each.pid, each]));
    // The number of a session's or group's leader is given to nobody else while others are in it.
    const led = (leader: number) =>
      known.has(leader) && (now.get(leader)?.start ?? known.get(leader)) === known.get(leader);
    const found = new Set(
      all.filter(
        ({ pid, start, group, session }) =>
          known.get(pid) === start || led(session) || led(group) || holds(pid, inherits),
      ),
    );
    for (let size = -1; size < found.size; ) {
      size = found.size;
      const pids = new Set([...found].map(({ pid }) => pid));
      for (const each of all) if (pids.has(each.parent)) found.add(each);
    }
    for (const { pid, start } of found) known.set(pid, start);
    return [...found].filter(({ pid }) => pid !== process.pid);
  };

  const look = (first: number): void => {
    // Its number is that of another process once it is gone.
    if (known.has(first) && processOf(first)?.start !== known.get(first)) return;
    for (const pid of descendants(first)) {
      const start = processOf(pid)?.start;
      if (start !== undefined) known.set(pid, start);
    }
  };

  return {
    env: { [variable]: mark },
    look,
    end(first) {
      // One that was never seen may be gone, and its number another's.
      if (first !== undefined && known.has(first)) look(first);
      for (let at = 0; at < rounds; at++) {
        const left = members();
        for (const { pid } of left) kill(pid);
        if (left.length > 0) continue;
        const since = processes().filter(({ start, parent }) => Number(start) >= born && parent !== KERNEL);
        if (!since.some(({ pid }) => isBecoming(pid))) return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, becoming);
      }
    },
  };
}

/** All processes that run. */
function processes(): Process[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (processOf(Number(name)) ?? []) : []));
}

/** Undefined where it is gone, or ended and waits for its parent. */
function processOf(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // Its name may hold anything, blanks and brackets too.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const [parent, group, session] = fields.slice(1, 4).map(Number) as [number, number, number];
    return { pid, parent, group, session, start: fields[19]! };
  } catch {
    return undefined;
  }
}

/** Clock ticks since the machine started, as the start of a process is given. */
function ticks(): number {
  return Math.floor(Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * TICKS);
}

/** Whether it shows no environment, as in the moment between one program and the next. */
function isBecoming(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`).length === 0;
  } catch {
    return false;
  }
}

function holds(pid: number, text: Buffer): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`).includes(text);
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}
