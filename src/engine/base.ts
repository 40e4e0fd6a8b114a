// What a base model says about itself in `baton.json`: which roles it can play and how long its actions are.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const baseModelSchema = z.object({
  name: z.string(),
  /** sha256 of the weights: that of version v0 */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  roles: z.array(z.string()).min(1),
  /** tokens of prompt and reply together */
  context: z.int().positive(),
  max_action_tokens: z.int().positive(),
  template: z.string(),
  license: z.string(),
});

export type BaseModel = z.infer<typeof baseModelSchema>;

/** Reads `baton.json` of a base model's folder. Throws with the path and every problem. */
export function readBaseModel(folder: string): BaseModel {
  const path = join(folder, 'baton.json');
  const parsed = baseModelSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!parsed.success)
    throw new Error(`${path} does not describe a base model:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
