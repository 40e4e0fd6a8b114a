import * as z from 'zod';
import type { Fetched } from './job/fetch.js';
import type { Manifest } from './job/manifest.js';

/** How a job stands. What cannot be known is never called failed. `sent`: its files are there, all or some. */
export type JobState =
  | { is: 'sent' | 'starting' | 'running' | 'lost' | 'rebooted' | 'absent' | 'forgotten' }
  | { is: 'exited'; code: number };

/** A job of a target's list. */
export interface ListedJob {
  name: string;
  state: JobState;
  /** The last step that its log tells of, and how many there are to be; null before its first. */
  step: { at: number; of: number } | null;
}

/** The last step that the end of a training's log tells of. */
export function lastStep(log: string): ListedJob['step'] {
  const found = [...log.matchAll(/^step (\d+)\/(\d+): /gm)].at(-1);
  return found ? { at: Number(found[1]), of: Number(found[2]) } : null;
}

/** What is kept there of how a job was last started, for a machine that has not sent it. */
const launchedSchema = z.object({
  /** The workflow's file in the folder that was sent. */
  workflow: z.string().regex(/^[^/\\]+$/),
  engine: z.array(z.string()),
});
export type Launched = z.infer<typeof launchedSchema>;

/** What a record there holds; null where it is none. */
export function parseLaunched(text: string | undefined): Launched | null {
  try {
    return launchedSchema.parse(JSON.parse(text ?? ''));
  } catch {
    return null;
  }
}

/** A job as it is sent: files of ours, files of the workflow, and the arguments of the command line there. */
export interface Launch {
  readonly name: string;
  /** The workflow's file in the folder `work`. */
  readonly workflow: string;
  readonly program: { readonly folder: string; readonly files: Manifest };
  readonly work: { readonly folder: string; readonly files: Manifest };
  readonly args: readonly string[];
  /** The roles whose weights an engine holds. */
  readonly roles: readonly string[];
  /** Which engine, as arguments, where the loop does not bring it up itself. */
  readonly engine: readonly string[];
  /** The process's environment there, where the target can carry one that nobody else reads. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface FollowOptions {
  /** Byte of the log to begin at. */
  from?: number;
  signal?: AbortSignal;
  /** Tries in a row that may fail; 8 where absent. */
  patience?: number;
  onCut?: (why: string) => void;
}

/** Folders of a job's results there. */
export interface Results {
  readonly log: string;
  readonly weights: string;
}

/** Where jobs run: a box behind ssh, or a cluster. All state is there. */
export interface JobHost {
  /** What a person calls it. */
  readonly label: string;
  /** Sends what changed and starts an attempt. The same attempt asked twice starts once. Says what travelled. */
  launch(job: Launch, attempt: number): Promise<string>;
  /** How a job was last started; null where that is not on record there. */
  launched(name: string): Promise<Launched | null>;
  /** The number of a new attempt: two that ask at once get the same, and only one of them starts. */
  nextAttempt(name: string): Promise<number>;
  state(name: string): Promise<JobState>;
  /** Whether anything of it is there, on record or on disk. */
  isThere(name: string): Promise<boolean>;
  /** Whether its run is on record there, to go on from. */
  begun(name: string): Promise<boolean>;
  jobs(): Promise<ListedJob[]>;
  /** The log from an offset, and on until the job ends; a cut link is taken up where it broke. */
  follow(name: string, onLog: (chunk: Buffer) => void, options?: FollowOptions): Promise<JobState>;
  cancel(name: string): Promise<JobState | { is: 'cancelled' }>;
  results(name: string): Results;
  /** Brings a folder's files here, each with its hash verified; what changed here is never written over. */
  fetch(from: string, to: string): Promise<Fetched>;
  /** Removes a job's files and weights there. Rejects while it runs. */
  remove(name: string): Promise<void>;
  /** Ends what connects to it. */
  close(): Promise<void>;
}
