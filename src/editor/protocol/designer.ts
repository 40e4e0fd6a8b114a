/**
 * What the designer's two ends say to each other, checked at both: the host knows the workflow, the view draws it and
 * asks for edits. Nothing here is markup; every text is shown as text.
 */
import * as z from 'zod';

const problem = z.object({
  message: z.string(),
  severity: z.enum(['error', 'warning', 'info']),
  line: z.number(),
});
export type ShownProblem = z.infer<typeof problem>;

/** A text of a role: as it stands in the workflow, or in a file of its own; null where nothing is said. */
const prompt = z.union([z.object({ text: z.string() }), z.object({ file: z.string() })]).nullable();
export type ShownPrompt = z.infer<typeof prompt>;

const role = z.object({
  name: z.string(),
  role: z.string(),
  instructions: prompt,
  prompt,
  /** Null: as the workflow's defaults say. */
  tools: z.array(z.string()).nullable(),
  context: z.string().nullable(),
  /** The model it acts with, its own or the default. */
  model: z.string().nullable(),
  ownModel: z.string().nullable(),
  maxTurns: z.number().nullable(),
  trained: z.boolean(),
  consumes: z.array(z.string()),
  produces: z.array(z.string()),
  problems: z.array(problem),
  score: z
    .object({ mean: z.number(), known: z.number(), band: z.enum(['low', 'middle', 'high']) })
    .nullable(),
  /** It is acting in a run that goes on. */
  acting: z.boolean(),
});
export type ShownRole = z.infer<typeof role>;

const artifact = z.object({
  name: z.string(),
  kind: z.string(),
  path: z.string().nullable(),
  checks: z.array(z.string()),
  producer: z.string().nullable(),
  consumers: z.array(z.string()),
  problems: z.array(problem),
});
export type ShownArtifact = z.infer<typeof artifact>;

/** A part of the flow that is drawn as a frame around its roles. */
export interface ShownGroup {
  id: string;
  label: string;
  roles: string[];
  groups: ShownGroup[];
}
const group: z.ZodType<ShownGroup> = z.lazy(() =>
  z.object({ id: z.string(), label: z.string(), roles: z.array(z.string()), groups: z.array(group) }),
);

export const graphSchema = z.object({
  title: z.string(),
  roles: z.array(role),
  artifacts: z.array(artifact),
  groups: z.array(group),
  models: z.array(z.string()),
  kinds: z.array(z.string()),
  /** Problems that belong to no role and no artifact. */
  problems: z.array(problem),
  /** The text is no YAML now: what is drawn is how it was last. */
  stale: z.boolean(),
});
export type Graph = z.infer<typeof graphSchema>;

export const toView = z.discriminatedUnion('type', [
  z.object({ type: z.literal('graph'), graph: graphSchema }),
  z.object({ type: z.literal('refused'), message: z.string() }),
]);
export type ToView = z.infer<typeof toView>;

const kind = z.enum(['role', 'artifact']);
export const editSchema = z.discriminatedUnion('do', [
  z.object({ do: z.literal('add'), kind, name: z.string(), producer: z.string().optional() }),
  z.object({ do: z.literal('rename'), kind, from: z.string(), to: z.string() }),
  z.object({ do: z.literal('delete'), kind, name: z.string() }),
  /** Hand an artifact to a role, or take it back. */
  z.object({ do: z.literal('connect'), artifact: z.string(), role: z.string() }),
  z.object({ do: z.literal('disconnect'), artifact: z.string(), role: z.string() }),
  /** Who makes an artifact; null: nobody. */
  z.object({ do: z.literal('produce'), artifact: z.string(), role: z.string().nullable() }),
  z.object({
    do: z.literal('role'),
    name: z.string(),
    field: z.enum(['role', 'instructions', 'prompt', 'model', 'tools', 'context', 'max_turns', 'trained']),
    value: z.union([z.string(), z.number(), z.boolean(), z.array(z.string()), z.null()]),
  }),
  z.object({
    do: z.literal('artifact'),
    name: z.string(),
    field: z.enum(['path', 'kind']),
    value: z.string().nullable(),
  }),
  z.object({
    do: z.literal('checks'),
    name: z.string(),
    at: z.number().int().min(0),
    value: z.string().nullable(),
  }),
]);
export type DesignerEdit = z.infer<typeof editSchema>;

export const toHost = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('edit'), edit: editSchema }),
  z.object({ type: z.literal('reveal'), kind, name: z.string() }),
  /** Save the workflow, with the edits that were sent before. */
  z.object({ type: z.literal('save') }),
]);
export type ToHost = z.infer<typeof toHost>;
