// What a target may be: the one source of its types, its checks and what the editor offers while it is typed.
import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { hostName } from './ssh/host.js';

const name = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, {
  error: () => l10n.t('a target is a letter, then letters, digits, _ or -'),
});
export const remotePath = z
  .string()
  .regex(/^[A-Za-z0-9_./~-]+$/, {
    error: () => l10n.t('a path there may have letters, digits, and _ . / ~ -'),
  })
  .refine((path) => !path.startsWith('-') && !path.split('/').includes('..'), {
    error: () => l10n.t('a path there must not climb'),
  });

/** How ssh reaches a machine. */
const place = {
  host: hostName.describe('A host of your ssh configuration, or user@host'),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe('Where sshd listens, if the configuration does not say'),
  config: z.string().min(1).optional().describe('Another ssh configuration than your own'),
};

const there = {
  folder: remotePath
    .default('.baton-box')
    .describe('Where jobs are kept there, under the home folder unless absolute'),
  node: remotePath.default('node').describe('The Node there, if it is not on the PATH'),
  engine_python: remotePath
    .optional()
    .describe("A Python there that has the torch engine's packages; made on demand where absent"),
};

const ssh = z.strictObject({
  kind: z.literal('ssh').describe('ssh: a machine; ray: a cluster'),
  ...place,
  ...there,
  placement: z
    .enum(['here', 'there'])
    .default('there')
    .describe('there: the whole loop runs on the box; here: only the engine does, reached through a tunnel'),
});

const ray = z.strictObject({
  kind: z.literal('ray').describe('ssh: a machine; ray: a cluster'),
  address: z
    .url({ protocol: /^https?$/, error: () => l10n.t('Invalid URL') })
    .default('http://127.0.0.1:8265')
    .describe("The cluster's dashboard, as the machine under ssh sees it where one is given"),
  ssh: z.strictObject(place).optional().describe('A machine that the address is reached through'),
  token: z
    .string()
    .regex(/^\$\{(secret|env):\w+\}$/, {
      error: () => l10n.t('a token is a reference, "${secret:NAME}"'),
    })
    .optional()
    .describe('The cluster\'s token, as a reference: "${secret:NAME}" or "${env:BATON_NAME}"'),
  ...there,
  workers: z
    .int()
    .min(0)
    .max(1024)
    .default(0)
    .describe("Processes that carry rollouts at a time; 0: the loop's own does"),
  engines: z
    .union([z.literal('role'), z.int().min(1).max(64)])
    .default(1)
    .describe('Engines that the roles are dealt over; role: one a role'),
  engine_gpus: z.number().min(0).default(0).describe('GPUs that each engine takes of one node'),
  engine_cpus: z.number().min(0).default(1).describe('Cores that each engine takes of one node'),
});

export const targetSchema = z.discriminatedUnion('kind', [ssh, ray]);
export const fileSchema = z.strictObject({ targets: z.record(name, targetSchema) });

/** The JSON Schema of targets.yaml (draft 2020-12); of a kind of target alone where one is named. */
export function targetsSchema(kind?: string): object {
  const each = kind === 'ssh' ? ssh : kind === 'ray' ? ray : targetSchema;
  const file = z.strictObject({
    targets: z.record(name, each).describe('Machines that training can run on, by their names'),
  });
  return z.toJSONSchema(file, { io: 'input', reused: 'inline' });
}
