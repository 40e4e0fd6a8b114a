import * as l10n from '@vscode/l10n';
import * as z from 'zod';

const idRule = () => l10n.t('an id is up to 80 letters, digits, "_", "-" and "."');
const text = z.string().min(1);
const files = z.array(text).default([]);

/** One task as it is written: the reserved names below, and any other field for prompts and expressions. */
export const taskSchema = z
  .object({
    id: z
      .union([z.string().regex(/^[\w.-]{1,80}$/, { error: idRule }), z.int()], { error: idRule })
      .optional()
      .describe('What it is called in runs'),
    prompt: z
      .string()
      .default('')
      .describe(
        'What the team is asked. It is data and sent as it stands, {{…}} in it too; prompts of agents, and the prompt that tasks of files share, name any field of a task as {{task.…}}',
      ),
    files: files.describe(
      'Read-only at /inputs, beside the workspace. An agent with python that is told the prompt, or a name of a file, is told where it lies',
    ),
    hidden: files.describe('Never enters the sandbox'),
    split: z
      .enum(['train', 'select', 'test'])
      .optional()
      .describe('train: learned from; select: ranks checkpoints; test: measures the one that is chosen'),
    expect: z.string().optional().describe('An expression that a regression test must meet'),
  })
  .catchall(z.json());

const share = z.union([z.number().min(0).max(1), z.array(z.union([z.string(), z.number()]))]);

export const splitSchema = z.strictObject({
  by: text
    .optional()
    .describe('The task field whose values stay together; each task alone where it is left out'),
  train: share.default(0.7).describe('A share, or values of the field'),
  select: share.default(0.15).describe('A share, or values of the field'),
  test: share.default(0.15).describe('A share, or values of the field'),
});

const rowRange = z.tuple([z.int().min(4), z.int().min(4)]);

/** Arithmetic word problems with one operation, the same for the same seed. */
const problemsSchema = z.strictObject({
  problems: z
    .strictObject({
      count: z.int().min(1).max(10_000).default(200).describe('How many'),
      kinds: z
        .array(z.enum(['add', 'subtract', 'multiply']))
        .min(1)
        .default(['add', 'subtract'])
        .describe('The operations in them; each problem has one'),
      largest: z
        .int()
        .min(2)
        .max(10_000)
        .default(12)
        .describe('The largest number in a question; 2 is the smallest'),
      seed: z.int().default(1).describe('Others with another one'),
    })
    .describe('Word problems with whole numbers'),
});

/** Many tasks from a folder of CSV tables: samples of their rows and columns, the same for the same seed. */
const tablesSchema = z.strictObject({
  tables: text.describe('A YAML file that lists tables: file, target, kind, features, split'),
  per_table: z.int().min(1).max(1000).default(8).describe('Tasks from each table'),
  train_rows: rowRange.default([40, 160]).describe('Fewest and most rows to learn from'),
  test_rows: rowRange.default([20, 40]).describe('Fewest and most rows to predict'),
  columns: z
    .tuple([z.int().min(1), z.int().min(1)])
    .default([2, 5])
    .describe('Fewest and most features'),
  id_columns: z.array(text).min(1).default(['id']).describe('Names that the id column may have'),
  seed: z.int().default(1).describe('Other samples with another one'),
});

export const familySchema = z.union([tablesSchema, problemsSchema]);

const source = z.strictObject({
  from: z
    .union([text, z.array(text)])
    .optional()
    .describe('YAML, JSONL or CSV files, by path or pattern'),
  family: familySchema.optional().describe('Tasks that are made, the same for the same seed'),
  files: files.describe('Of every task: read-only at /inputs, beside the workspace'),
  hidden: files.describe('Of every task: never enters the sandbox'),
  prompt: z
    .string()
    .optional()
    .describe('Of tasks that have none: a template, where {{task.…}} names a field of the task'),
  stratum: text.optional().describe('The task field that names the stratum'),
  split: splitSchema.optional().describe('Which tasks are learned from, and which only measured'),
});

export const tasksSchema = z
  .union([z.array(taskSchema).min(1), source])
  .describe('What the team is asked: written here, from files, or made');

export type RawTask = z.infer<typeof taskSchema>;
export type RawTasks = z.infer<typeof tasksSchema>;
export type RawTaskSource = z.infer<typeof source>;
export type RawSplit = z.infer<typeof splitSchema>;
export type RawFamily = z.infer<typeof familySchema>;
export type RawTables = z.infer<typeof tablesSchema>;
export type RawProblems = z.infer<typeof problemsSchema>['problems'];
