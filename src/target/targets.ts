// The user's targets: `targets.yaml` beside the user's settings. A workflow or a folder may name one, never define one.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Document, isMap, parseDocument } from 'yaml';
import { z } from 'zod';
import { hostName } from './ssh/host.js';

const name = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, 'a target is a letter, then letters, digits, _ or -');
const remotePath = z
  .string()
  .regex(/^[A-Za-z0-9_./~-]+$/, 'a path there may have letters, digits, and _ . / ~ -')
  .refine((path) => !path.startsWith('-') && !path.split('/').includes('..'), 'a path there must not climb');

/** How ssh reaches a machine. */
const place = {
  /** a host of the ssh configuration, or user@host */
  host: hostName,
  port: z.int().min(1).max(65_535).optional(),
  /** another ssh configuration than the user's own */
  config: z.string().min(1).optional(),
};

const there = {
  /** where jobs are kept there, under the home folder unless absolute */
  folder: remotePath.default('.baton-box'),
  node: remotePath.default('node'),
  /** a Python there that has the torch engine's packages; made on demand where absent */
  engine_python: remotePath.optional(),
};

const ssh = z.strictObject({
  kind: z.literal('ssh'),
  ...place,
  ...there,
  /** here: only the engine runs on the box, and the loop on this machine; there: the whole loop runs on it */
  placement: z.enum(['here', 'there']).default('there'),
});

const ray = z.strictObject({
  kind: z.literal('ray'),
  /** of the cluster's dashboard, as `ssh` sees it where that is given */
  address: z.url({ protocol: /^https?$/ }).default('http://127.0.0.1:8265'),
  /** a machine that the address is reached through */
  ssh: z.strictObject(place).optional(),
  /** the cluster's token: a reference, "${secret:NAME}" or "${env:BATON_NAME}" */
  token: z
    .string()
    .regex(/^\$\{(secret|env):\w+\}$/, 'a token is a reference, "${secret:NAME}"')
    .optional(),
  ...there,
  /** processes that carry rollouts at a time; 0: the loop's own does */
  workers: z.int().min(0).max(1024).default(0),
  /** what the engine takes of one node */
  engine_gpus: z.number().min(0).default(0),
  engine_cpus: z.number().min(0).default(1),
});

export const targetSchema = z.discriminatedUnion('kind', [ssh, ray]);
const fileSchema = z.strictObject({ targets: z.record(name, targetSchema) });

export type Target = z.output<typeof targetSchema>;
export type SshTarget = Extract<Target, { kind: 'ssh' }>;
export type RayTarget = Extract<Target, { kind: 'ray' }>;
/** What ssh needs to reach a machine. */
export type SshPlace = Pick<SshTarget, 'host' | 'port' | 'config'>;
export type TargetInput = z.input<typeof targetSchema>;

/** The file or a target in it cannot be used; every problem with its place. */
export class TargetProblem extends Error {
  override name = 'TargetProblem';
}

/** All targets of a file; none where there is no file. Throws a TargetProblem. */
export function readTargets(path: string): Record<string, Target> {
  if (!existsSync(path)) return {};
  const text = readFileSync(path, 'utf8');
  const document = parseDocument(text, { maxAliasCount: 0 } as object);
  const place = (offset: number | undefined): string => {
    const before = text.slice(0, offset ?? 0).split('\n');
    return `${path}:${before.length}:${before.at(-1)!.length + 1}`;
  };
  const broken = document.errors[0];
  if (broken) throw new TargetProblem(`${place(broken.pos[0])}: ${broken.message.split('\n')[0]}`);
  const parsed = fileSchema.safeParse(document.toJS({ maxAliasCount: 0 }));
  if (parsed.success) return parsed.data.targets;
  const lines = parsed.error.issues.map((issue) => {
    const node = document.getIn(issue.path as (string | number)[], true) as { range?: number[] } | undefined;
    return `${place(node?.range?.[0])}: ${issue.path.join('.')}: ${issue.message}`;
  });
  throw new TargetProblem(lines.join('\n'));
}

/** The target of a name. Throws a TargetProblem that lists those there are. */
export function findTarget(path: string, wanted: string): Target {
  const all = readTargets(path);
  const found = Object.hasOwn(all, wanted) ? all[wanted] : undefined;
  if (found) return found;
  const names = Object.keys(all).join(', ') || 'none yet';
  throw new TargetProblem(
    `There is no target "${wanted}" in ${path}; there are: ${names}. Add one with: baton target add ${wanted} --ssh HOST`,
  );
}

/** Adds or replaces a target and keeps the file's comments and the rest of it. Throws a TargetProblem. */
export function addTarget(path: string, wanted: string, target: TargetInput): void {
  const checked = fileSchema.safeParse({ targets: { [wanted]: target } });
  if (!checked.success) {
    throw new TargetProblem(checked.error.issues.map((issue) => issue.message).join('\n'));
  }
  readTargets(path);
  const document = existsSync(path) ? parseDocument(readFileSync(path, 'utf8')) : new Document({});
  if (!isMap(document.contents)) document.contents = document.createNode({}) as never;
  document.setIn(['targets', wanted], document.createNode(target));
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.draft`, document.toString());
  renameSync(`${path}.draft`, path);
}
