// Jobs on a machine behind ssh. All state is there, in files; this side keeps none, so that any machine with the
// same target can attach.
import { spawn } from 'node:child_process';
import {
  type FollowOptions,
  type JobHost,
  type JobState,
  type Launch,
  type Launched,
  type ListedJob,
  lastStep,
  parseLaunched,
  type Results,
} from '../host.js';
import { bring, type Fetched, type Source } from '../job/fetch.js';
import { type Listed, type Manifest, manifestHash, parseListed } from '../job/manifest.js';
import * as scripts from '../job/scripts.js';
import type { SshTarget } from '../targets.js';
import { mustRun, SshError } from './connection.js';
import { jobName } from './host.js';

/** The cache of every process of ours there, under the target's folder. */
export const cacheThere = 'cache';

export function parseState(text: string): JobState {
  const [word, code] = text.trim().split(' ');
  if (word === 'exited' && /^\d+$/.test(code ?? '')) return { is: 'exited', code: Number(code) };
  if (
    word === 'running' ||
    word === 'starting' ||
    word === 'sent' ||
    word === 'lost' ||
    word === 'rebooted' ||
    word === 'absent'
  ) {
    return { is: word };
  }
  throw new SshError(
    'failed',
    `the box gave a state that is not known: ${JSON.stringify(text.slice(0, 100))}`,
  );
}

export class Box implements JobHost, Source {
  private constructor(
    readonly target: SshTarget,
    /** absolute path of the target's folder there */
    readonly root: string,
    /** its user's models of the hub, and their login: a cache of ours would know neither */
    private readonly hub: string,
  ) {}

  /** Connects and makes the target's folders there. Rejects with an SshError. */
  static async open(target: SshTarget): Promise<Box> {
    const { folder, node, engine_python = '' } = target;
    const said = await mustRun(target, scripts.openRoot, [folder, node, engine_python]);
    const [root, program, python, hub = ''] = said.split('\n');
    if (!root || !program)
      throw new SshError('failed', `${target.host}: the folder ${folder} could not be made there: ${said}`);
    return new Box({ ...target, node: program, ...(python ? { engine_python: python } : {}) }, root, hub);
  }

  get label(): string {
    return this.target.host;
  }

  job(name: string): string {
    return `${this.root}/jobs/${jobName.parse(name)}`;
  }

  /** Brings a folder's files there, only those that are absent or changed. Returns how many were sent. */
  async send(from: string, manifest: Manifest, to: string): Promise<number> {
    const lines = [...manifest].map(([path, hash]) => `${hash} ${path}\n`).join('');
    const missing = async (): Promise<string[]> =>
      (await mustRun(this.target, scripts.missingFiles, [to], { input: lines })).split('\n').filter(Boolean);
    const wanted = await missing();
    if (wanted.length === 0) return 0;
    await this.pack(from, wanted, to);
    const still = await missing();
    if (still.length > 0) {
      throw new SshError(
        'failed',
        `${this.target.host}: ${still[0]} did not arrive as it was sent; try again`,
      );
    }
    return wanted.length;
  }

  /** Files of a folder as an archive that is unpacked there while it is made. */
  private async pack(from: string, paths: readonly string[], to: string): Promise<void> {
    // A link goes as what it shows (-h).
    const tar = spawn('tar', ['-C', from, '-h', '--no-recursion', '--null', '-T', '-', '-cf', '-'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let broken: Error | null = null;
    tar.once('error', (error) => {
      broken = new SshError('failed', `tar cannot be started here: ${error.message}`);
    });
    tar.stdin.on('error', () => undefined);
    tar.stdin.end(paths.map((path) => `./${path}\0`).join(''));
    try {
      await mustRun(this.target, scripts.unpack, [to], { input: tar.stdout });
    } catch (error) {
      throw broken ?? error;
    } finally {
      // Nobody reads any more: it would wait for that, and this process for it.
      tar.kill();
      tar.stdout.destroy();
    }
  }

  /** The command of an engine there, for a loop elsewhere. */
  engineCommand(program: Manifest, weights: string, args: readonly string[]): string[] {
    const environment = Object.entries(this.environment()).map(([key, value]) => `${key}=${value}`);
    const run = [this.target.node, `${this.program(program)}/dist/cli.mjs`, 'engine', '--dir', weights];
    return ['env', ...environment, ...run, ...args];
  }

  /** What every process of ours there has in its environment. */
  private environment(): Record<string, string> {
    const python = this.target.engine_python;
    return {
      XDG_CACHE_HOME: `${this.root}/${cacheThere}`,
      XDG_CONFIG_HOME: `${this.root}/config`,
      ...(this.hub ? { HF_HOME: this.hub } : {}),
      ...(python ? { BATON_TORCH_PYTHON: python } : {}),
    };
  }

  async launch(job: Launch, attempt: number): Promise<string> {
    const { name, program, work, args, workflow, engine } = job;
    const there = this.program(program.files);
    const sent = await this.send(program.folder, program.files, there);
    const files = await this.send(work.folder, work.files, `${this.job(name)}/work`);
    const input = JSON.stringify({ workflow, engine });
    await mustRun(this.target, scripts.keepLaunched, [this.job(name)], { input });
    const environment = { ...this.environment(), ...job.environment };
    await this.start(name, attempt, [this.target.node, `${there}/dist/cli.mjs`, ...args], environment);
    return `${sent} files of the program and ${files} of ${work.files.size} of the workflow's`;
  }

  /** Where the program of this manifest lies there. */
  program(manifest: Manifest): string {
    return `${this.root}/programs/${manifestHash(manifest).slice(0, 16)}`;
  }

  /**
   * Starts an attempt of a job, detached in a session of its own. `environment` goes through ssh's standard input into
   * the process's environment and nowhere else. Asked again for the same attempt, it says that it is there already.
   */
  async start(
    name: string,
    attempt: number,
    command: readonly string[],
    environment: Readonly<Record<string, string>>,
  ): Promise<'started' | 'already'> {
    const lines = Object.entries(environment).map(
      ([key, value]) => `${key}=${Buffer.from(value).toString('base64')}\n`,
    );
    const input = [...lines, '.\n'].join('');
    const said = await mustRun(this.target, scripts.start, [this.job(name), String(attempt), ...command], {
      input,
    });
    return said.includes('already') ? 'already' : 'started';
  }

  async launched(name: string): Promise<Launched | null> {
    return parseLaunched(await mustRun(this.target, scripts.readLaunched, [this.job(name)]));
  }

  async nextAttempt(name: string): Promise<number> {
    return Number(await mustRun(this.target, scripts.newestAttempt, [this.job(name)])) + 1;
  }

  async isThere(name: string): Promise<boolean> {
    return (await this.state(name)).is !== 'absent';
  }

  async begun(name: string): Promise<boolean> {
    return (await mustRun(this.target, scripts.begun, [this.job(name), name])).trim() === 'yes';
  }

  async state(name: string): Promise<JobState> {
    return parseState(await mustRun(this.target, scripts.askState, [this.job(name)]));
  }

  /** Every job there, with its state and step. */
  async jobs(): Promise<ListedJob[]> {
    const text = await mustRun(this.target, scripts.listJobs, [`${this.root}/jobs`]);
    return text.split('\n').flatMap((line) => {
      const [name, state, ...step] = line.split('|');
      if (!jobName.safeParse(name).success) return [];
      return [{ name: name!, state: parseState(state ?? ''), step: lastStep(step.join('|')) }];
    });
  }

  /**
   * The job's log from an offset, and on until it ends. A cut link is taken up again where it broke, until `patience`
   * tries in a row have failed.
   */
  async follow(name: string, onLog: (chunk: Buffer) => void, options: FollowOptions = {}): Promise<JobState> {
    let offset = options.from ?? 0;
    let failed = 0;
    for (;;) {
      try {
        await mustRun(this.target, scripts.follow, [this.job(name), String(offset)], {
          onData: (chunk) => {
            offset += chunk.length;
            failed = 0;
            onLog(chunk);
          },
          ...(options.signal ? { signal: options.signal } : {}),
        });
        return await this.state(name);
      } catch (error) {
        failed += 1;
        if (options.signal?.aborted || !(error instanceof SshError) || failed > (options.patience ?? 8))
          throw error;
        options.onCut?.(error.message);
        await new Promise((resolve) => setTimeout(resolve, Math.min(30_000, 250 * 2 ** failed)));
      }
    }
  }

  /** Stops a job, if the process is still the one that was started. The state that was found, or `cancelled`. */
  async cancel(name: string): Promise<JobState | { is: 'cancelled' }> {
    const said = (await mustRun(this.target, scripts.cancel, [this.job(name)])).trim();
    return said === 'cancelled' ? { is: 'cancelled' } : parseState(said);
  }

  results(name: string): Results {
    return {
      log: `${this.job(name)}/work/.baton/runs/${name}`,
      weights: `${this.root}/cache/baton/engines/${name}`,
    };
  }

  async list(folder: string): Promise<Listed[]> {
    return parseListed(await mustRun(this.target, scripts.hashes, [folder]));
  }

  async read(folder: string, files: readonly Listed[], take: (chunk: Buffer) => void): Promise<void> {
    let broken: Error | null = null;
    await mustRun(this.target, scripts.readFiles, [folder], {
      input: files.map(({ path, size }) => `${size ?? '-'} ${path}\n`).join(''),
      onData: (chunk) => {
        if (broken) return;
        try {
          take(chunk);
        } catch (error) {
          broken = error as Error;
        }
      },
    });
    if (broken) throw broken;
  }

  fetch(from: string, to: string): Promise<Fetched> {
    return bring(this, from, to);
  }

  /** Removes a job's files and weights there. Rejects while it runs, and where there is none. */
  async remove(name: string): Promise<void> {
    await mustRun(this.target, scripts.remove, [this.job(name), this.results(name).weights]).catch(
      (error: unknown) => {
        throw new SshError('failed', `${name} cannot be removed: ${(error as Error).message}`);
      },
    );
  }

  /** Every call has a connection of its own: there is nothing to end. */
  async close(): Promise<void> {}
}
