import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { tasksSchema } from './schema-tasks.js';
import { trainingSchema } from './schema-training.js';

/**
 * The one source of the workflow file's shape: the types, the run-time validation and the JSON Schema all come
 * from here. Names are part of the format: add, never rename.
 */
const text = z.string().min(1);
const name = z.string().regex(/^[A-Za-z_]\w{0,62}$/, {
  error: () => l10n.t('a name is letters, digits and _, and starts with a letter'),
});
/** Text written here, or in a file beside the workflow. */
export const textOrFile = z.union([
  z.string(),
  z.strictObject({ file: text.describe('A text file beside the workflow') }),
]);
const expression = z.union([z.string(), z.number(), z.boolean()]);

export const artifactKinds = [
  'table',
  'column',
  'model',
  'json',
  'text',
  'file',
  'folder',
  'message',
] as const;

const model = z.strictObject({
  provider: z
    .enum(['openai', 'embedded', 'editor', 'recorded'])
    .default('openai')
    .describe(
      'openai: any OpenAI-compatible server; embedded: a model that Baton plays and trains itself, the tiny one that ships with it or the one of base; editor: a model of the editor; recorded: replies from a file',
    ),
  base_url: z
    .url({ protocol: /^https?$/, error: () => l10n.t('Invalid URL') })
    .optional()
    .describe('Where an OpenAI-compatible server answers, with its /v1'),
  model: text.optional().describe("The model's name at its server"),
  api_key: text.optional().describe('"${secret:NAME}" or "${env:BATON_NAME}", never the key itself'),
  price: z
    .strictObject({
      input: z.number().min(0).describe('Of what is sent'),
      output: z.number().min(0).describe('Of what comes back'),
    })
    .optional()
    .describe('Dollars per million tokens'),
  temperature: z.number().min(0).max(5).optional().describe('How much chance decides; 0 takes the likeliest'),
  top_p: z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .describe('Only the likeliest tokens of this share are drawn from'),
  max_tokens: z
    .int()
    .min(1)
    .optional()
    .describe('Tokens of one reply (default 2048; of the embedded model that ships, 200)'),
  timeout: z
    .number()
    .gt(0)
    .optional()
    .describe('Seconds to wait for one reply (default 120; of an embedded model, a day)'),
  tool_calls: z
    .boolean()
    .optional()
    .describe(
      'openai: offer tools as native tool calls, where the server has them; else programs are fenced blocks of a reply',
    ),
  file: text.optional().describe('recorded: the JSONL file with the replies'),
  base: text
    .optional()
    .describe(
      'embedded: the model that roles start from, for the torch engine: a folder or a .gguf file beside the workflow, or an id of the Hugging Face hub (owner/name)',
    ),
});

const check = z.union([
  z.string(),
  z.strictObject({
    check: z.string().describe('An expression over the facts of the artifact'),
    code: text.optional().describe('The failure code a breach is given'),
    says: text.optional().describe('The sentence a breach is explained with'),
  }),
]);

const artifact = z.strictObject({
  path: text.optional().describe('Where it lies in the workspace; not for messages'),
  kind: z
    .enum(artifactKinds)
    .default('file')
    .describe('How it is read, and so which facts there are; message: what the agent says, without a file'),
  checks: z
    .array(check)
    .default([])
    .describe('Expressions over the facts of the artifact that must all hold'),
  schema: z
    .union([
      z.record(z.string(), z.unknown()),
      z.strictObject({ file: text.describe('A JSON file beside the workflow') }),
    ])
    .optional()
    .describe('json: a JSON Schema'),
  encoded_from: z
    .strictObject({
      train: text.describe('The input file with the rows for training'),
      test: text.describe('The input file with the rows to predict'),
      beside: name.optional().describe('The encoded training table, where this is the other one'),
    })
    .optional()
    .describe(
      'table: the input files whose rows it encodes, so that what an encoder was fitted on becomes a fact',
    ),
  predicted_by: z
    .strictObject({
      model: name.describe('The artifact that is the model'),
      rows: name.describe('The artifact with the encoded rows'),
    })
    .optional()
    .describe(
      'table: the model and the rows whose predictions it should hold, so that agreement becomes a fact',
    ),
  description: text.optional().describe('What agents and readers are told of it'),
});

const agentFields = {
  model: name.optional().describe('A name under models'),
  tools: z
    .array(z.enum(['python']))
    .optional()
    .describe(
      'What an agent may use: by default python where it has to do with files, and nothing otherwise',
    ),
  max_turns: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe(
      'Replies at most; after each that did not do, it sees what was wrong. While some are left, a reply that runs a program is not yet a message that is owed: what it printed comes back first (where files are owed too, words beside the program are the message)',
    ),
  context: z
    .enum(['full', 'previous'])
    .optional()
    .describe(
      'What an agent sees of the others: all, or what the one before it said and the messages that it is handed',
    ),
  temperature: z.number().min(0).max(5).optional().describe("In place of the model's"),
};

const agent = z.strictObject({
  role: text.describe('The responsibility the coach judges by'),
  instructions: textOrFile.optional().describe('The rest of the system message'),
  prompt: textOrFile
    .optional()
    .describe(
      "The user message, a template: {{task.…}} names a field of the task, {{context}} what the others said, {{ARTIFACT.…}} a fact; the task's prompt where it is left out",
    ),
  consumes: z.array(name).default([]).describe('Artifacts that it is handed'),
  produces: z.array(name).default([]).describe('Artifacts that it owes'),
  trained: z.boolean().default(true).describe('false: this role keeps its weights in training'),
  ...agentFields,
});

export type RawStep =
  | string
  | { parallel: RawStep[] }
  | { sequence: RawStep[] }
  | { repeat: { do: RawStep[]; until: string; max: number } };

const step: z.ZodType<RawStep> = z.lazy(() =>
  z.union([
    name,
    z.strictObject({
      parallel: z
        .array(step)
        .min(1)
        .describe('Each works in its own copy of the workspace; what they owe is merged'),
    }),
    z.strictObject({ sequence: z.array(step).min(1).describe('One after the other, inside of parallel') }),
    z.strictObject({
      repeat: z
        .strictObject({
          do: z.array(step).min(1).describe('What is repeated'),
          until: z.string().describe('An expression over artifacts; it ends when this holds'),
          max: z.int().min(1).max(100).describe('Times at most'),
        })
        .describe('Until something holds, and not for ever'),
    }),
  ]),
);

const metric = z.strictObject({
  when: z.string().optional().describe('Which tasks have this metric'),
  better: z.enum(['higher', 'lower']).describe('Which of two values is the better one'),
  fallback: expression.optional().describe('What a rollout without a valid result is charged'),
  artifact: name.optional().describe('The artifact that is measured; the last table where it is left out'),
  answers: text
    .optional()
    .describe(
      'The hidden file with the truth, a CSV whose first column is the id and whose last is the answer; the only one where it is left out',
    ),
});

const outcome = z.strictObject({
  success: z
    .string()
    .optional()
    .describe('An expression over artifacts; that all are valid where it is left out'),
  metrics: z.record(name, metric).default({}).describe('Numbers to compare runs by: accuracy, rmse'),
});

const coach = z.union([
  z.literal('contracts'),
  z.strictObject({
    model: name.describe('A name under models'),
    rubric: textOrFile.optional().describe('What it judges by, beside the responsibility of each role'),
    sees_ground_truth: z
      .array(name)
      .default([])
      .describe('Roles that are judged with the hidden answers at hand'),
    samples: z
      .int()
      .min(1)
      .max(9)
      .default(1)
      .describe(
        'Independent verdicts per action; their median counts. Several are sampled at the temperature of the model, or at 0.7; one at 0 unless the model says otherwise',
      ),
  }),
]);

const limits = z.strictObject({
  dollars: z.number().min(0).optional().describe('At the prices of the models'),
  minutes: z.number().gt(0).optional().describe('Of a run, from its start'),
  calls: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Of models, answered or refused; each further try of one that failed is one more, unless no server was there',
    ),
  tokens: z.int().min(1).optional().describe('Sent and received'),
  action: z
    .strictObject({
      seconds: z.number().gt(0).default(20).describe('From start to end'),
      memory_mb: z.int().min(16).default(1024).describe('Of all its processes together'),
      processes: z.int().min(1).default(32).describe('At the same time'),
      disk_mb: z.int().min(1).default(256).describe('Of all that it writes'),
      output_kb: z.int().min(1).default(64).describe('Of what it prints; more is cut in the middle'),
    })
    .prefault({})
    .describe('What one program of an agent may use'),
});

export const workflowSchema = z.strictObject({
  baton: z.literal(1).describe('The version of this format'),
  name: text.optional().describe('What it is called in lists'),
  models: z.record(name, model).describe('Who can act and judge'),
  tasks: tasksSchema,
  artifacts: z
    .record(name, artifact)
    .default({})
    .describe('What roles hand to each other, and its contracts'),
  agents: z.record(name, agent).describe('The roles of the team'),
  flow: z
    .union([z.literal('auto'), z.array(step).min(1)])
    .default('auto')
    .describe('Who acts when. auto: a role acts when what it consumes is there'),
  defaults: z.strictObject(agentFields).prefault({}).describe('For agents that do not say it'),
  python: z
    .strictObject({
      modules: z.array(text).default([]).describe('Folders whose Python modules agents may import'),
    })
    .prefault({})
    .describe('For the programs of agents'),
  outcome: outcome.prefault({}).describe('What counts as success'),
  coach: coach
    .default('contracts')
    .describe('Who judges actions. contracts: the checks alone, without a model'),
  limits: limits
    .prefault({})
    .describe('Hard caps; a run that meets one stops and can go on with a higher one'),
  training: trainingSchema.prefault({}).describe('How the weights of roles are trained'),
});

export type RawWorkflow = z.infer<typeof workflowSchema>;
export type RawModel = z.infer<typeof model>;
export type RawArtifact = z.infer<typeof artifact>;
export type RawAgent = z.infer<typeof agent>;
export type RawMetric = z.infer<typeof metric>;
export type ArtifactKind = (typeof artifactKinds)[number];
export type Limits = z.infer<typeof limits>;
export type TextOrFile = z.infer<typeof textOrFile>;

/** The JSON Schema of the workflow file (draft 2020-12), for editors that do not know Baton. */
export function jsonSchema(): object {
  return z.toJSONSchema(workflowSchema, { io: 'input', reused: 'inline' });
}
