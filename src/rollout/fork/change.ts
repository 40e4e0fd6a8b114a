import * as z from 'zod';
import { bodySchema } from '../../trace/index.js';

/**
 * What a fork changes at its action. `prompt` takes the place of the last message the agent saw, `system` of the
 * first; `reply` of what it wrote (no model is asked); `files` of workspace files before it acts (null deletes one);
 * `policy` of who acts from there on in its role: `role@version`, or the name of a model of the workflow.
 */
export const forkChangeSchema = z.strictObject({
  prompt: z.string().optional(),
  system: z.string().optional(),
  reply: z.string().optional(),
  files: z.record(z.string(), bodySchema.nullable()).optional(),
  policy: z.string().optional(),
});
export type ForkChange = z.infer<typeof forkChangeSchema>;

/** A change and the action it is made at. */
export interface Edit {
  action: string;
  change: ForkChange;
}

/** The change a fork's log records, read back. */
export function readChange(text: string): ForkChange {
  return forkChangeSchema.parse(JSON.parse(text));
}
