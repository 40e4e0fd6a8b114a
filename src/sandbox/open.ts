// Chooses a level by trying it with a real command. What fails is told with its remedy; nothing falls back to none.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeTree } from '../trace/index.js';
import { openBubblewrap } from './bubblewrap.js';
import { openContainer } from './container.js';
import { openDirect } from './direct.js';
import { findInterpreter, type Interpreter } from './interpreter.js';
import { privateFolder } from './private.js';
import { remedy } from './remedy.js';
import { openSeatbelt } from './seatbelt.js';
import { type Level, type LevelReport, levels, type ProbeReport, type Sandbox } from './types.js';

export interface OpenOptions {
  /** `auto` takes the first that works of bubblewrap, seatbelt, podman and docker. */
  level?: 'auto' | Level;
  /** A name on PATH or an absolute path. From user scope only, never from a workflow. */
  python?: string;
  /** Level `none` runs only with this, and only when it is asked for by name. */
  allowNone?: boolean;
  /** Image for docker and podman; must be present already. Else that of BATON_IMAGE, else `defaultImage`. */
  image?: string;
  /** False: watch the process tree even where cgroups could count. */
  cgroups?: boolean;
}

export type Opened = { ok: true; sandbox: Sandbox } | { ok: false; report: ProbeReport };

export const defaultImage = 'python:3.12-slim';
const imageOf = ({ image }: OpenOptions): string => image ?? (process.env.BATON_IMAGE || defaultImage);
const automatic: Level[] = ['bubblewrap', 'seatbelt', 'podman', 'docker'];
const sentence = 'the sandbox works';
const trial = `
open('probe.txt', 'w').write('written')
print('${sentence}')
`;

async function open(
  level: Level,
  interpreter: Interpreter | undefined,
  options: OpenOptions,
): Promise<Sandbox> {
  const needed = (): Interpreter => {
    if (interpreter === undefined) throw new Error('no Python interpreter');
    return interpreter;
  };
  switch (level) {
    case 'bubblewrap': {
      if (process.platform !== 'linux') throw new Error('bubblewrap is for Linux');
      const asRoot = process.getuid?.() === 0;
      const cgroups = options.cgroups ?? true;
      const first = await openBubblewrap({
        interpreter: needed(),
        folder: await privateFolder(),
        asRoot,
        cgroups,
      });
      if (!asRoot) return first;
      // Root inside a container may lack the right to mount, yet be allowed a user namespace.
      const problem = await tryOut(first).catch(String);
      if (problem === undefined) return first;
      await first.close();
      return openBubblewrap({ interpreter: needed(), folder: await privateFolder(), asRoot: false, cgroups });
    }
    case 'seatbelt':
      if (process.platform !== 'darwin') throw new Error('seatbelt is for macOS');
      return openSeatbelt(needed());
    case 'docker':
    case 'podman':
      return openContainer({
        tool: level,
        image: imageOf(options),
        folder: await privateFolder(),
      });
    case 'none':
      return openDirect(needed());
  }
}

/** Runs a real command; undefined when it worked, else what went wrong. */
async function tryOut(sandbox: Sandbox): Promise<string | undefined> {
  const workspace = await mkdtemp(join(tmpdir(), 'baton-probe-'));
  try {
    const finished = await sandbox.run({
      workspace,
      run: { python: trial },
      limits: { seconds: 30, memoryMb: 256, processes: 16, diskMb: 16, outputKb: 8 },
    });
    if (finished.outcome === 'ok' && finished.stdout.text.trim() === sentence) return undefined;
    return `${finished.outcome}: ${finished.stderr.text.trim().slice(0, 300)}`;
  } finally {
    removeTree(workspace);
  }
}

async function attempt(
  level: Level,
  interpreter: Interpreter | Error,
  options: OpenOptions,
): Promise<{ sandbox?: Sandbox; report: LevelReport }> {
  let why: string;
  try {
    if (interpreter instanceof Error && level !== 'docker' && level !== 'podman') throw interpreter;
    const sandbox = await open(level, interpreter instanceof Error ? undefined : interpreter, options);
    const problem = await tryOut(sandbox).catch((error: Error) => error.message);
    if (problem === undefined)
      return { sandbox, report: { level, works: true, why: sandbox.describe(), todo: [] } };
    await sandbox.close();
    why = problem;
  } catch (error) {
    why = error instanceof Error ? error.message : String(error);
  }
  return { report: { level, works: false, ...remedy(level, why, imageOf(options)) } };
}

/**
 * Opens a sandbox that has just run a real command. With `level: 'none'` only if `allowNone`; without either a
 * working level or that consent the answer is a report for the user, never a weaker sandbox.
 */
export async function openSandbox(options: OpenOptions = {}): Promise<Opened> {
  const level = options.level ?? 'auto';
  if (level === 'none' && options.allowNone !== true) {
    const why =
      'Running without a sandbox needs the explicit opt-out; a workflow or folder cannot ask for it.';
    return { ok: false, report: { levels: [{ level, works: false, why, todo: [] }] } };
  }
  const interpreter = await findInterpreter(options.python).catch((error: Error) => error);
  const report: ProbeReport = { levels: [] };
  for (const each of level === 'auto' ? automatic : [level]) {
    const tried = await attempt(each, interpreter, options);
    if (tried.sandbox !== undefined) return { ok: true, sandbox: tried.sandbox };
    report.levels.push(tried.report);
  }
  return { ok: false, report };
}

/** Tries every level with a real command and says what to do about those that do not work. */
export async function probeAll(options: Omit<OpenOptions, 'level' | 'allowNone'> = {}): Promise<ProbeReport> {
  const interpreter = await findInterpreter(options.python).catch((error: Error) => error);
  const report: ProbeReport = { levels: [] };
  for (const each of levels) {
    const tried = await attempt(each, interpreter, options);
    report.levels.push(tried.report);
    await tried.sandbox?.close();
  }
  return report;
}
