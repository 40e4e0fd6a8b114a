// Success rates of a policy (or one a role) on random tasks, judged by the structural checker.
import type { Tf } from '../../src/engine/backend/tf.js';
import { promptIds } from '../../src/engine/chat.js';
import { advance, type DecodeWeights } from '../../src/engine/model/decode.js';
import { Generation } from '../../src/engine/model/generate.js';
import type { Tokenizer } from '../../src/engine/tokenizer.js';
import { chance } from './chance.js';
import { Bench } from './check.js';
import { fewRows, unusualIds } from './rates.js';
import { promptOf, type Role, randomTask, roles, type Task } from './task.js';

export interface Act {
  readonly prompt: readonly number[];
  readonly tokens: readonly number[];
  readonly logprobs: readonly number[];
  readonly text: string;
}

/** Replies to many conversations of one role, sampled together. */
export function replies(
  tf: Tf,
  w: DecodeWeights,
  tokenizer: Tokenizer,
  conversations: readonly (readonly string[])[],
  temperature: number,
  seed: number,
): Act[] {
  const prompts = conversations.map((c) =>
    promptIds(
      tokenizer,
      c.map((content) => ({ role: 'user', content })),
    ),
  );
  const all = prompts.map(
    (prompt, i) => new Generation(w.config, prompt, { temperature, topP: 1, seed: seed + i, maxTokens: 200 }),
  );
  for (let active = all; active.length > 0; active = active.filter((g) => g.finish === null)) {
    const logits = advance(
      tf,
      w,
      active.map((g) => g.row),
    );
    active.forEach((g, i) => {
      g.take(logits, i * w.config.vocab_size);
    });
  }
  return all.map((g, i) => ({
    prompt: prompts[i]!,
    tokens: g.tokens,
    logprobs: g.logprobs,
    text: tokenizer.decode(g.tokens),
  }));
}

/** Whether some role's wrong habit applies to a task. */
export function affected(t: Task): boolean {
  const unusual = (unusualIds as readonly string[]).includes(t.id_column);
  return unusual || (t.kind === 'classification' && t.train_rows < fewRows);
}

export interface Rates {
  readonly role: Record<Role, number>;
  readonly team: number;
  readonly affected: number;
  readonly rest: number;
  readonly shareAffected: number;
  readonly quality: number;
}

const mean = (values: readonly number[]): number =>
  values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);

/** Plays tasks with all three roles, each with up to `turns` turns; roles act on good upstream work. */
export function measure(
  tf: Tf,
  policies: Record<Role, DecodeWeights>,
  tokenizer: Tokenizer,
  options: { tasks: number; temperature: number; seed: number; turns: number },
): Rates {
  const c = chance(options.seed);
  const tasks = Array.from({ length: options.tasks }, () => randomTask(c));
  const ok = new Map<Role, boolean[]>();
  const qualities: number[] = [];
  for (const role of roles) {
    const asked = tasks.map((t) => [promptOf(role, t)]);
    const done = tasks.map(() => false);
    for (let turn = 0; turn < options.turns; turn++) {
      const open = tasks.map((_, i) => i).filter((i) => !done[i]);
      const conversations = open.map((i) => asked[i]!);
      const seed = options.seed * 1000 + turn * 500_000;
      const said = replies(tf, policies[role], tokenizer, conversations, options.temperature, seed);
      said.forEach(({ text }, n) => {
        const i = open[n]!;
        const judged = Bench.before(role, tasks[i]!).act(role, text);
        done[i] = judged.ok;
        if (judged.ok) qualities.push(judged.quality);
        asked[i] = [asked[i]![0]!, judged.feedback];
      });
    }
    ok.set(role, done);
  }
  const team = tasks.map((_, i) => (roles.every((r) => ok.get(r)![i]) ? 1 : 0));
  const rate = (r: Role): number => mean(ok.get(r)!.map(Number));
  const touched = tasks.map(affected);
  return {
    role: { data_engineer: rate('data_engineer'), modeler: rate('modeler'), analyst: rate('analyst') },
    team: mean(team),
    affected: mean(team.filter((_, i) => touched[i])),
    rest: mean(team.filter((_, i) => !touched[i])),
    shareAffected: mean(touched.map(Number)),
    quality: mean(qualities),
  };
}
