// Jobs on a Ray cluster. All state is there: in Ray's list of jobs, and in the job's folder on the head node.
import { randomBytes } from 'node:crypto';
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
import type { Listed } from '../job/manifest.js';
import * as scripts from '../job/scripts.js';
import { type Asked, type MachineFacts, parseFacts, probeScript } from '../probe.js';
import { jobName } from '../ssh/host.js';
import type { RayTarget } from '../targets.js';
import { checkAddress } from './address.js';
import { RayClient, RayError, type RayJob } from './client.js';
import { driverFiles, jobPackage, zipOf } from './package.js';
import { parseFiles, parsePiece, parseSaid } from './sent.js';
import { type Way, wayTo } from './way.js';

/** How a job of Ray's stands. A stop leaves no exit code, and neither does a driver that was killed. */
export function stateOf(job: RayJob): JobState {
  switch (job.status) {
    case 'PENDING':
      return { is: 'starting' };
    case 'RUNNING':
      return { is: 'running' };
    case 'SUCCEEDED':
      return { is: 'exited', code: 0 };
    case 'STOPPED':
      return { is: 'exited', code: 130 };
    default:
      // Below zero is the signal that ended the driver.
      return job.driver_exit_code != null && job.driver_exit_code > 0
        ? { is: 'exited', code: job.driver_exit_code }
        : { is: 'lost' };
  }
}

const ended = (state: JobState): boolean => state.is === 'exited' || state.is === 'lost';
const attemptOf = (job: RayJob): number => Number(job.metadata?.baton_attempt ?? 0);

export class Cluster implements JobHost, Source {
  private constructor(
    readonly target: RayTarget,
    readonly label: string,
    readonly client: RayClient,
    private readonly driver: string,
    private readonly way: Way,
  ) {}

  /**
   * Connects, through a tunnel where the target names one. `driver`: the folder of the Python that runs there. Rejects
   * with a RayError or an SshError, before a token is sent anywhere unsafe.
   */
  static async open(target: RayTarget, token: string | null, driver: string): Promise<Cluster> {
    const url = checkAddress(target, token !== null);
    const label = target.ssh ? `${target.address} through ${target.ssh.host}` : target.address;
    const way = wayTo(url, target.ssh);
    await way.base();
    const cluster = new Cluster(target, label, new RayClient(way.base, token, label), driver, way);
    try {
      await cluster.client.version();
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  async launch(job: Launch, attempt: number): Promise<string> {
    const name = jobName.parse(job.name);
    const own = jobPackage(job, this.target, this.driver);
    // Ray signals the processes that it sees when it stops a job. A shell that had not started Python yet would end, and
    // Python would be started after all: the shell becomes Python.
    const id = attempt === 1 ? name : `${name}-${attempt}`;
    const launched = JSON.stringify({ workflow: job.workflow, engine: job.engine });
    const metadata = {
      baton: name,
      baton_attempt: String(attempt),
      baton_hash: own.name,
      baton_launched: launched,
    };
    const uri = await this.client.upload(own.name, own.bytes);
    await this.client.submit({ id, entrypoint: 'exec python -m baton_ray', package: uri, metadata });
    return `a package of ${(own.bytes.length / 1e6).toFixed(1)} MB, ${job.work.files.size} files of it the workflow's`;
  }

  async launched(name: string): Promise<Launched | null> {
    return parseLaunched((await this.attempts(name)).at(-1)?.metadata?.baton_launched);
  }

  /** Attempts of a job, the first one first. */
  private async attempts(name: string): Promise<RayJob[]> {
    const all = await this.client.jobs();
    const own = all.filter((job) => job.metadata?.baton === name && job.submission_id);
    return own.sort((a, b) => attemptOf(a) - attemptOf(b));
  }

  async nextAttempt(name: string): Promise<number> {
    return (await this.attempts(name)).reduce((most, job) => Math.max(most, attemptOf(job)), 0) + 1;
  }

  async state(name: string): Promise<JobState> {
    const last = (await this.attempts(name)).at(-1);
    return last ? stateOf(last) : { is: 'absent' };
  }

  /** A head that was started anew knows its jobs no more, and still has their files. */
  async isThere(name: string): Promise<boolean> {
    if ((await this.attempts(name)).length > 0) return true;
    const { folder } = this.target;
    const places = [`${folder}/jobs/${jobName.parse(name)}`, this.results(name).weights];
    return (await this.look(scripts.present, places)).trim() === 'yes';
  }

  async begun(name: string): Promise<boolean> {
    const job = `${this.target.folder}/jobs/${jobName.parse(name)}`;
    return (await this.look(scripts.begun, [job, name])).trim() === 'yes';
  }

  /** Facts about the head node. */
  async probe({ base = '', environment = '' }: Asked = {}): Promise<MachineFacts> {
    const { node, folder } = this.target;
    return parseFacts(await this.look(probeScript, [node, folder, '', base, environment]));
  }

  /** What a shell script says that runs on the head node. */
  private async look(script: string, args: readonly string[]): Promise<string> {
    return parseSaid(await this.errand('look', { script, args }));
  }

  async jobs(): Promise<ListedJob[]> {
    const names = (await this.client.jobs()).flatMap((job) => job.metadata?.baton ?? []);
    const own = [...new Set(names)].filter((name) => jobName.safeParse(name).success).sort();
    return Promise.all(
      own.map(async (name) => {
        const last = (await this.attempts(name)).at(-1);
        if (!last) return { name, state: { is: 'absent' }, step: null };
        return { name, state: stateOf(last), step: lastStep(await this.client.logs(last.submission_id!)) };
      }),
    );
  }

  async follow(
    name: string,
    onLog: (chunk: Buffer) => void,
    { from = 0, signal, patience = 8, onCut }: FollowOptions = {},
  ): Promise<JobState> {
    const finished = new Map<string, string>();
    let shown = from;
    for (let failed = 0; ; ) {
      try {
        const attempts = await this.attempts(name);
        const parts: string[] = [];
        for (const job of attempts) {
          const id = job.submission_id!;
          const text = finished.get(id) ?? (await this.client.logs(id));
          if (ended(stateOf(job))) finished.set(id, text);
          parts.push(text);
        }
        failed = 0;
        const log = Buffer.from(parts.join(''));
        if (log.length > shown) onLog(log.subarray(shown));
        shown = Math.max(shown, log.length);
        const last = attempts.at(-1);
        if (!last) return { is: 'absent' };
        if (ended(stateOf(last))) return stateOf(last);
      } catch (error) {
        failed += 1;
        if (!(error instanceof RayError) || error.code !== 'unreachable' || failed > patience) throw error;
        onCut?.(error.message);
      }
      await pause(failed === 0 ? 1000 : Math.min(30_000, 250 * 2 ** failed), signal);
    }
  }

  async cancel(name: string): Promise<JobState | { is: 'cancelled' }> {
    const last = (await this.attempts(name)).at(-1);
    if (!last) return { is: 'absent' };
    if (ended(stateOf(last))) return stateOf(last);
    await this.client.stop(last.submission_id!);
    await this.untilEnded(last.submission_id!);
    return { is: 'cancelled' };
  }

  private async untilEnded(id: string): Promise<RayJob> {
    for (;;) {
      const job = await this.client.info(id);
      if (job === null) throw new RayError('absent', `${this.label}: Ray no longer knows the job ${id}.`);
      if (ended(stateOf(job))) return job;
      await pause(250);
    }
  }

  results(name: string): Results {
    const { folder } = this.target;
    return {
      log: `${folder}/jobs/${jobName.parse(name)}/work/.baton/runs/${name}`,
      weights: `${folder}/cache/baton/engines/${name}`,
    };
  }

  async list(folder: string): Promise<Listed[]> {
    return parseFiles(await this.errand('send', { folder }));
  }

  /** In pieces, each a small job of its own: what comes over a log has to fit in memory, here and there. */
  async read(folder: string, files: readonly Listed[], take: (chunk: Buffer) => void): Promise<void> {
    const sizes = files.map(({ path, size }) => [path, size!]);
    const all = files.reduce((sum, { size }) => sum + `${size}\n`.length + size!, 0);
    for (let from = 0; from < all; ) {
      const piece = parsePiece(await this.errand('send', { folder, files: sizes, from }));
      if (piece.length === 0) throw new RayError('failed', `${this.label} sent nothing of ${folder}`);
      take(piece);
      from += piece.length;
    }
  }

  fetch(from: string, to: string): Promise<Fetched> {
    return bring(this, from, to);
  }

  async remove(name: string): Promise<void> {
    const attempts = await this.attempts(name);
    const running = attempts.find((job) => !ended(stateOf(job)));
    if (running) throw new RayError('failed', `${name} cannot be removed while it runs.`);
    await this.errand('forget', { folder: this.target.folder, name: jobName.parse(name) });
    for (const job of attempts) await this.client.delete(job.submission_id!);
  }

  /** A small job on the head node, whose log is its answer and which leaves nothing behind. */
  private async errand(module: 'send' | 'forget' | 'look', want: unknown): Promise<string> {
    const files = { ...driverFiles(this.driver), 'want.json': Buffer.from(JSON.stringify(want)) };
    const own = zipOf(files);
    const id = `baton-${module}-${randomBytes(6).toString('hex')}`;
    const uri = await this.client.upload(own.name, own.bytes);
    const entrypoint = `exec python -m baton_ray.${module}`;
    await this.client.submit({ id, entrypoint, package: uri, metadata: { baton_errand: module } });
    const job = await this.untilEnded(id);
    const said = await this.client.logs(id);
    await this.client.delete(id);
    if (job.status === 'SUCCEEDED') return said;
    const words = said.trim().split('\n').slice(-3).join('\n') || job.message || job.status;
    throw new RayError('failed', `${this.label}: ${words}`);
  }

  async close(): Promise<void> {
    await this.way.close();
  }
}

/** Rejects where it is aborted meanwhile. */
function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
