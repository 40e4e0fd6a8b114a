import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const KEPT_DAYS = 30;

/** How a command line is started: which Node, which program, which arguments, where. */
export interface Launch {
  node: string;
  cli: string;
  args: string[];
  cwd: string;
  /** Folder for what it prints. */
  output: string;
  /** Keys of model servers as JSON, handed over on stdin; null: none are stored. */
  keys: string | null;
}

export interface Started {
  pid: number;
  out: string;
  err: string;
  /** Its exit code, if this process is still here to see it; null after a signal. */
  ended: Promise<number | null>;
}

/**
 * Start the command line as a process of its own: it outlives the editor, and what it prints goes to files. Rejects
 * where it cannot be started at all.
 */
export function launch(options: Launch): Promise<Started> {
  mkdirSync(options.output, { recursive: true, mode: 0o700 });
  tidy(options.output);
  // Several may start in one millisecond.
  const name = `${new Date().toISOString().replace(/[^\d]/g, '').slice(0, 17)}-${options.args[0]}-${randomUUID()}`;
  const out = join(options.output, `${name}.out`);
  const err = join(options.output, `${name}.err`);
  const files = [openSync(out, 'w', 0o600), openSync(err, 'w', 0o600)] as const;
  return new Promise((resolve, reject) => {
    const child = spawn(options.node, [options.cli, ...options.args], {
      cwd: options.cwd,
      detached: true,
      stdio: [options.keys === null ? 'ignore' : 'pipe', ...files],
      // Inside the editor `execPath` is the editor itself, which runs as Node only when told to.
      env: {
        ...clean(process.env),
        ELECTRON_RUN_AS_NODE: '1',
        BATON_COMMAND: 'baton',
        ...(options.keys === null ? {} : { BATON_KEYS_ON_STDIN: '1' }),
      },
      windowsHide: true,
    });
    for (const file of files) closeSync(file);
    const ended = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
    child.once('error', reject);
    child.once('spawn', () => {
      // One that ended already says why in its output.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(options.keys ?? '');
      child.unref();
      resolve({ pid: child.pid!, out, err, ended });
    });
  });
}

/** What commands printed long ago is wanted by nobody. */
function tidy(output: string): void {
  const long = Date.now() - KEPT_DAYS * 86_400_000;
  for (const name of readdirSync(output)) {
    const path = join(output, name);
    // Another window may tidy at the same time.
    if ((statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? long) < long) rmSync(path, { force: true });
  }
}

/** The editor's own variables would change how the child runs. */
function clean(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(VSCODE_|ELECTRON_|NODE_OPTIONS$|CODE_SERVER)/.test(name)),
  );
}

const startedLine = z.object({ event: z.literal('run.started'), run: z.string(), folder: z.string() });
const forkedLine = z.object({ run: z.string(), rollout: z.string(), parent: z.string() });
const jobLine = z.object({ event: z.literal('job.started'), job: z.string() });
const errorLine = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** What the printed lines say so far: where the run is, or why there is none. */
export function readPrinted(out: string): { folder?: string; branch?: string; job?: string; error?: string } {
  if (!existsSync(out)) return {};
  let job: string | undefined;
  for (const line of readFileSync(out, 'utf8').split('\n').slice(0, 50)) {
    if (!line.startsWith('{')) continue;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      continue;
    }
    const started = startedLine.safeParse(value);
    if (started.success) return { folder: started.data.folder };
    const forked = forkedLine.safeParse(value);
    if (forked.success) return { branch: forked.data.rollout };
    const sent = jobLine.safeParse(value);
    if (sent.success) job = sent.data.job;
    const failed = errorLine.safeParse(value);
    if (failed.success) return { error: failed.data.error.message, ...(job === undefined ? {} : { job }) };
  }
  return job === undefined ? {} : { job };
}

/** Where the bundled command line lies, given the extension's own folder. */
export function cliPath(extension: string): string {
  return join(extension, 'dist', 'cli.mjs');
}
