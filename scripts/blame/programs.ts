import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { fillTemplate, lookupFacts, type Task } from '../../src/workflow/index.js';

export const roles = ['data_engineer', 'modeler', 'analyst'] as const;
export type Role = (typeof roles)[number];
export const styles = ['tab', 'plain', 'pandas'] as const;
export type Style = (typeof styles)[number];

const programSchema = z.strictObject({
  /** The code that has to name it; null for a clean program. */
  fault: z.string().nullable(),
  /** What it is in people's words, where faults of several kinds bear one code. */
  kind: z.string().optional(),
  style: z.enum(styles),
  body: z.string(),
  /** It can only be told on a table with a numeric feature. */
  needs: z.literal('numeric').optional(),
});
export type Program = z.infer<typeof programSchema>;

const listSchema = z.object({
  shared: z.record(z.string(), z.string()),
  data_engineer: z.array(programSchema),
  modeler: z.array(programSchema),
  analyst: z.array(programSchema),
});

export type Programs = z.infer<typeof listSchema>;

/** The programs of test/fixtures/faults/programs.yaml. */
export function readPrograms(root: string): Programs {
  return listSchema.parse(parse(readFileSync(join(root, 'test/fixtures/faults/programs.yaml'), 'utf8')));
}

/** A program for one task, as an agent would write it. */
export function programFor(list: Programs, program: Program, task: Task): string {
  return fillTemplate(`${list.shared[program.style]}\n${program.body}\n`, lookupFacts({}, task));
}

/**
 * The clean programs that go with a program of a style: scikit-learn reads frames, everything else reads the helper's
 * tables, so that of several clean spellings the last one of a style is the one that fits the next role.
 */
export function cleanFor(list: Programs, role: Role, style: Style): Program {
  const clean = list[role].filter((each) => each.fault === null);
  const alike = clean.findLast((each) => each.style === style);
  return alike ?? clean.find((each) => each.style === (style === 'pandas' ? 'pandas' : 'tab')) ?? clean[0]!;
}
