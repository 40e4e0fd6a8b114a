import * as z from 'zod';
import { firstOf } from '../trace/index.js';
import { type Ask, CallFailed, type Policy } from './ask.js';

const recordSchema = z.object({
  reply: z.string(),
  /** Only for prompts that contain this text. */
  when: z.string().optional(),
  finish: z.string().default('stop'),
});
export type Recording = z.infer<typeof recordSchema>;

/** Replies from a JSONL file (`{"reply": "...", "when": "text of the prompt"}` a line); the first that fits answers. */
export function readRecordings(jsonl: string, file: string): Recording[] {
  return jsonl.split('\n').flatMap((line, at) => {
    if (line.trim() === '') return [];
    try {
      return [recordSchema.parse(JSON.parse(line))];
    } catch (error) {
      const why = error instanceof z.ZodError ? firstOf(error) : (error as Error).message;
      throw new Error(`${file}:${at + 1}: this is not a recorded reply: ${why}`);
    }
  });
}

/** A model that repeats what was recorded; where several fit, the seed chooses among them. */
export function recordedPolicy(name: string, recordings: readonly Recording[]): Policy {
  return {
    name,
    async ask(ask: Ask) {
      const prompt = ask.messages.map((message) => message.content).join('\n');
      const special = recordings.filter(
        (record) => record.when !== undefined && prompt.includes(record.when),
      );
      const fitting = special.length > 0 ? special : recordings.filter((record) => record.when === undefined);
      const record = fitting[ask.seed % Math.max(1, fitting.length)];
      if (!record) throw new CallFailed(`${name} has no recorded reply for this prompt.`, false, null, true);
      const count = (text: string) => Math.ceil(text.length / 4);
      return {
        text: record.reply,
        finish: record.finish,
        promptIds: null,
        ids: null,
        logprobs: null,
        weights: null,
        usage: { promptTokens: count(prompt), replyTokens: count(record.reply), counted: false },
        seconds: 0,
      };
    },
  };
}
