import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { bodySchema } from './events.js';
import { FileProblem, firstOf, readJson } from './json-file.js';
import { writeOwn } from './own-file.js';

/** What a run was started with: its own copy of everything, so that it keeps its meaning when the files change. */
export const runSchema = z.object({
  format: z.literal(1),
  run: z.string(),
  kind: z.enum(['run', 'eval', 'train']),
  version: z.string(),
  created: z.number(),
  /** Absolute path of the workflow file, and its text. */
  file: z.string(),
  workflow: bodySchema,
  /** Prompts, rubrics and schemas by their path beside the workflow. */
  texts: z.record(z.string(), bodySchema),
  seed: z.number(),
  tasks: z.array(z.string()),
  options: z.record(z.string(), z.json()),
  sandbox: z.object({ level: z.string(), describe: z.string() }),
  engine: z.json(),
  git: z.object({ commit: z.string().nullable(), dirty: z.boolean() }),
});
export type RunInfo = z.infer<typeof runSchema>;

/** The format number this version writes; a log with a higher one is refused with a sentence. */
export const RUN_FORMAT = 1;

/** Paths inside a run's folder. */
export class RunFolder {
  constructor(readonly path: string) {}
  get name(): string {
    return this.path.split(/[/\\]/).at(-1)!;
  }
  /** The folder of its workflow, as the run lies on disk: a path that it records is only somebody's word. */
  get home(): string {
    return resolve(this.path, '../../..');
  }
  get info(): string {
    return join(this.path, 'run.json');
  }
  get log(): string {
    return join(this.path, 'run.jsonl');
  }
  get lock(): string {
    return join(this.path, 'run.lock');
  }
  get blobs(): string {
    return join(this.path, 'blobs');
  }
  get git(): string {
    return join(this.path, 'workspace.git');
  }
  get control(): string {
    return join(this.path, 'control.json');
  }
  get index(): string {
    return join(this.path, 'index');
  }
  rollout(id: string): string {
    return join(this.path, 'rollouts', `${safeId(id)}.jsonl`);
  }
  /** The logs of all rollouts, of those that go on as well. */
  rolloutLogs(): string[] {
    const folder = join(this.path, 'rollouts');
    const names = existsSync(folder) ? readdirSync(folder) : [];
    return names.filter((name) => name.endsWith('.jsonl')).map((name) => join(folder, name));
  }
  get reviews(): string {
    return join(this.path, 'reviews');
  }
  review(writer: string): string {
    return join(this.reviews, `${safeId(writer)}.jsonl`);
  }

  static create(path: string, info: RunInfo): RunFolder {
    const folder = new RunFolder(path);
    for (const part of ['rollouts', 'reviews', 'blobs'])
      mkdirSync(join(path, part), { recursive: true, mode: 0o700 });
    writeOwn(`${folder.info}.draft`, `${JSON.stringify(info, null, 2)}\n`);
    renameSync(`${folder.info}.draft`, folder.info);
    return folder;
  }

  readInfo(): RunInfo {
    const raw = readJson(this.info, z.unknown(), 'a run of Baton');
    const format = (raw as { format?: unknown } | null)?.format;
    if (typeof format === 'number' && format > RUN_FORMAT)
      throw new FileProblem(
        `${this.path} was written by a newer Baton (log format ${format}, this one reads ${RUN_FORMAT}); update Baton to open it.`,
      );
    const parsed = runSchema.safeParse(raw);
    if (!parsed.success)
      throw new FileProblem(`${this.info} is not a run of Baton: ${firstOf(parsed.error)}`);
    return parsed.data;
  }
}

/** Ids become file names: only what `[\w.-]` holds, and no way out of the folder. */
export function safeId(id: string): string {
  if (!/^[\w][\w.@-]{0,150}$/.test(id))
    throw new Error(`"${id.slice(0, 80)}" cannot be the name of a rollout or a writer.`);
  return id;
}

/** Where the runs of a workflow's folder lie. */
export function runsIn(base: string): string {
  return join(base, '.baton', 'runs');
}

/** All runs under a workflow's folder, newest first; a FileProblem where they cannot be listed. */
export function listRuns(base: string): RunFolder[] {
  const folder = runsIn(base);
  return namesIn(folder)
    .filter((name) => existsSync(join(folder, name, 'run.json')))
    .sort()
    .reverse()
    .map((name) => new RunFolder(join(folder, name)));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new FileProblem(
      `The runs in ${folder} cannot be listed (${(error as Error).message}); make it a folder that you may read, or move it away.`,
    );
  }
}
