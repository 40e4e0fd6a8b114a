// The one interface of the room. Everything else here is a way to provide it.

/** What one command may use. All limits cover the command's whole process tree, not each process. */
export interface Limits {
  /** Wall-clock seconds. */
  seconds: number;
  /** Mebibytes of memory of the tree together, files in `/tmp` and `/dev/shm` included. */
  memoryMb: number;
  /** Processes and threads alive at once. */
  processes: number;
  /** Mebibytes on disk: what the workspace grows by, any one file, and `/tmp`. All commands together: four times it. */
  diskMb: number;
  /** Kibibytes kept of each of stdout and stderr; at 16 times as much the command is ended. */
  outputKb: number;
}

export const defaultLimits: Limits = { seconds: 20, memoryMb: 1024, processes: 64, diskMb: 64, outputKb: 64 };

/** A program to run: Python source text (tracebacks call it `program.py`) or an argument list. */
export type Run = { python: string } | { argv: string[] };

export interface Command {
  /** Host folder, readable and writable at `/work`, which is the working directory. */
  workspace: string;
  /** The workspace can only be read; what lies in it already then counts against no limit. */
  readOnly?: true;
  /** Host folder, read-only at `/inputs`. */
  inputs?: string;
  /** Host folders whose Python modules the program can import; read-only. */
  modules?: string[];
  run: Run;
  stdin?: string;
  /** Variables the program sees beside PATH, HOME, USER and LANG. Nothing of the host's environment passes. */
  env?: Record<string, string>;
  limits: Limits;
  signal?: AbortSignal;
}

/**
 * How a command ended. `oom`, `timeout`, the limits and `killed` (aborted, or ended by a signal that nothing of
 * ours sent) come from counters and from our own kills, never from what the program printed.
 */
export type Outcome = 'ok' | 'failed' | 'timeout' | 'oom' | 'output limit' | 'disk limit' | 'killed';

/** A stream's first and last bytes. `bytes` is how much there was; `cut` says that the middle is left out. */
export interface Captured {
  text: string;
  bytes: number;
  cut: boolean;
}

export interface Used {
  /** Wall-clock seconds, start-up of the sandbox included. */
  seconds: number;
  /** As the launcher reported at its end; null where it did not come to that. */
  cpuSeconds: number | null;
  /** Peak of the whole tree in mebibytes; null where nothing counts it. */
  memoryMb: number | null;
  /** The workspace's size after the run in mebibytes. */
  diskMb: number | null;
}

export interface Finished {
  outcome: Outcome;
  exitCode: number | null;
  signal: string | null;
  stdout: Captured;
  stderr: Captured;
  used: Used;
  /**
   * Files under `/work` and `/inputs` that the program opened for reading, and folders that it listed, as the launcher's audit hook saw them.
   * `unknown` when the program left the hook's sight: another executable, ctypes, `os._exit`, a kill.
   */
  reads: string[] | 'unknown';
}

export const levels = ['bubblewrap', 'seatbelt', 'docker', 'podman', 'none'] as const;
export type Level = (typeof levels)[number];

export interface Sandbox {
  readonly level: Level;
  /** One sentence for a log: what confines the program and what counts its memory. */
  describe(): string;
  /** Never rejects because of what the program does; rejects only when the sandbox itself cannot start. */
  run(command: Command): Promise<Finished>;
  /** Ends what is still running and removes what the sandbox made on the host. */
  close(): Promise<void>;
}

/** What one level's probe found. `why` and `todo` are sentences and commands for the user. */
export interface LevelReport {
  level: Level;
  works: boolean;
  why: string;
  todo: string[];
}

export interface ProbeReport {
  levels: LevelReport[];
}
