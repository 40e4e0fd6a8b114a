// What every engine must do, whatever it is built on.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChatReply, type Engine, EngineClient } from '../../../src/engine/index.js';

export interface Suite {
  /** A deterministic engine over media/base that keeps its state in `dir`, all weights a policy's own. */
  start(dir: string): Promise<Engine>;
  backend: string;
  /** by how much log-probabilities of one row may differ when others are sampled beside it */
  rounding: number;
}

export function protocolCases(suite: Suite): void {
  let folder: string;
  let engine: Engine;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'baton-engine-'));
    engine = await suite.start(join(folder, 'state'));
  });

  afterAll(async () => {
    await engine?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = (seed: number, extra = {}) => ({
    model: 'modeler@v0',
    messages: [{ role: 'user', content: 'modeler kind="regression" rows=120 num=2 cat=1' }],
    seed,
    max_tokens: 100,
    logprobs: true,
    return_token_ids: true,
    ...extra,
  });

  const refused = (code: string, status: number) => expect.objectContaining({ code, status });

  describe('sampling', () => {
    it('gives the same reply for the same seed, whatever is sampled beside it', async () => {
      const alone = await engine.client.chat(ask(7));
      const together = await Promise.all([5, 6, 7, 8, 9].map((seed) => engine.client.chat(ask(seed))));
      expect(together[2]!.choices[0].token_ids).toEqual(alone.choices[0].token_ids);
      const logprobs = (reply: ChatReply) => reply.choices[0].logprobs!.content.map((token) => token.logprob);
      logprobs(alone).forEach((value, at) => {
        expect(Math.abs(logprobs(together[2]!)[at]! - value)).toBeLessThanOrEqual(suite.rounding);
      });
      expect(new Set(together.map((r) => r.choices[0].message.content)).size).toBeGreaterThan(1);
      expect(alone.choices[0].message.content).toMatch(/^```python\nfrom tab import \*\n/);
      expect(alone.usage.completion_tokens).toBe(alone.choices[0].token_ids!.length);
      expect(alone.system_fingerprint).toBe((await engine.client.health()).base_hash);
    });

    it('holds a batch until it is complete', async () => {
      const batch = { baton: { batch: { id: 'b1', size: 2 } } };
      const done: string[] = [];
      const first = engine.client.chat(ask(2, batch)).then((r) => {
        done.push('batched');
        return r;
      });
      await engine.client.chat(ask(1));
      expect(done).toEqual([]);
      const second = await engine.client.chat(ask(1, batch));
      expect((await first).choices[0].finish_reason).toBe('stop');
      expect(second.choices[0].finish_reason).toBe('stop');
    });

    it('reports the log-probabilities that scoring the same tokens gives', async () => {
      const reply = await engine.client.chat(ask(3, { temperature: 0.7 }));
      const prompt = reply.prompt_token_ids!;
      const action = reply.choices[0].token_ids!;
      const sequence = {
        tokens: [...prompt, ...action],
        mask: [...prompt.map(() => 0 as const), ...action.map(() => 1 as const)],
      };
      const scored = await engine.client.logprobs({
        model: 'modeler@v0',
        sequences: [sequence],
        temperature: 0.7,
      });
      const sampled = reply.choices[0].logprobs!.content.map((t) => t.logprob);
      expect(sampled.length).toBe(scored.logprobs[0]!.length);
      const apart = Math.max(...sampled.map((v, i) => Math.abs(v - scored.logprobs[0]![i]!)));
      expect(apart).toBeLessThan(1e-3);
    });

    it('takes null for what is left out, and answers anew who names no seed', async () => {
      const nothing = { n: null, stream: null, stop: null, tools: null, response_format: null, seed: null };
      const bare = { ...nothing, top_p: null, temperature: null, max_completion_tokens: null };
      const replies = await Promise.all(
        Array.from({ length: 6 }, () => engine.client.chat(ask(1, bare as never))),
      );
      expect(new Set(replies.map(({ id }) => id)).size).toBe(6);
      expect(
        new Set(replies.map(({ choices }) => JSON.stringify(choices[0].token_ids))).size,
      ).toBeGreaterThan(1);
    });

    it('streams the same reply to a client that wants a stream', async () => {
      const whole = await engine.client.chat(ask(4));
      const client = new OpenAI({ baseURL: `${engine.url}/v1`, apiKey: engine.token, maxRetries: 0 });
      const { model, messages, seed, max_tokens } = ask(4);
      const body = { model, messages: messages as [], seed, max_tokens, stream: true as const };
      const stream = await client.chat.completions.create({
        ...body,
        stream_options: { include_usage: true },
      });
      const chunks: OpenAI.ChatCompletionChunk[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      const choices = chunks.flatMap((chunk) => chunk.choices);
      const { message, finish_reason } = whole.choices[0];
      expect(choices.map(({ delta }) => delta.content ?? '').join('')).toBe(message.content);
      expect(choices.map((choice) => choice.finish_reason)).toEqual([null, finish_reason]);
      expect(chunks.flatMap(({ usage }) => usage ?? [])).toEqual([whole.usage]);
      const { content } = await client.chat.completions.stream(body).finalMessage();
      expect(content).toBe(message.content);
    });

    it('refuses what it cannot do', async () => {
      const no = (extra: object) => expect(engine.client.chat(ask(1, extra))).rejects;
      await no({ tools: [{}] }).toEqual(refused('request.invalid', 400));
      await no({ stop: ['\n'] }).toEqual(refused('request.invalid', 400));
      await no({ top_logprobs: 2 }).toEqual(refused('request.invalid', 400));
      await no({ model: 'modeler@v9' }).toEqual(refused('policy.unknown', 404));
      await no({ messages: [{ role: 'user', content: 'x '.repeat(900) }] }).toEqual(
        refused('context.too_long', 400),
      );
      await expect(new EngineClient(engine.url, 'guess').health()).rejects.toEqual(
        refused('token.wrong', 401),
      );
    });
  });

  describe('updates', () => {
    const sequences = [
      { tokens: [1, 40, 3, 50, 60, 2], mask: [0, 0, 0, 1, 1, 1] as (0 | 1)[] },
      { tokens: [1, 41, 42, 3, 51, 2], mask: [0, 0, 0, 0, 1, 1] as (0 | 1)[] },
    ];
    const request = async (role: string, id: string) => ({
      id,
      role,
      version: 'v0',
      next_version: 'v1',
      parent_hash: (await engine.client.health()).base_hash,
      loss: { name: 'sft' as const },
      sequences,
      denominator: 5,
      optimizer: { lr: 1e-3 },
    });

    it('applies once, serves what it trained, and answers the same id again', async () => {
      const order = await request('writer', 'u1');
      const before = await engine.client.logprobs({ model: 'writer@v0', sequences });
      const first = await engine.client.update(order);
      expect(first.applied).toBe(true);
      expect(first.hash).not.toBe(order.parent_hash);
      expect(first.loss).toBeCloseTo(-before.logprobs.flat().reduce((a, b) => a + b, 0) / 5, 3);
      const after = await engine.client.logprobs({ model: 'writer@v1', sequences });
      expect(after.hash).toBe(first.hash);
      const sum = (lists: number[][]) => lists.flat().reduce((a, b) => a + b, 0);
      expect(sum(after.logprobs)).toBeGreaterThan(sum(before.logprobs));
      expect(await engine.client.update(order)).toEqual(first);
      await expect(engine.client.update({ ...order, id: 'u2' })).rejects.toEqual(
        refused('version.exists', 409),
      );
    });

    it('gives the same weights from micro-batches as from one batch', async () => {
      const whole = await engine.client.update(await request('one', 'w'));
      const parts = await request('two', 'p');
      const part = { ...parts, sequences: [sequences[0]!], micro_batch: { index: 0, last: false } };
      const waiting = await engine.client.update(part);
      expect(waiting.applied).toBe(false);
      expect(await engine.client.update(part)).toEqual(waiting);
      await expect(engine.client.update({ ...parts, micro_batch: { index: 2, last: true } })).rejects.toEqual(
        refused('update.out_of_order', 409),
      );
      const done = await engine.client.update({
        ...parts,
        sequences: [sequences[1]!],
        micro_batch: { index: 1, last: true },
      });
      expect(done.loss).toBeCloseTo(whole.loss, 5);
      expect(done.gradient_norm).toBeCloseTo(whole.gradient_norm, 4);
      const a = await engine.client.logprobs({ model: 'one@v1', sequences });
      const b = await engine.client.logprobs({ model: 'two@v1', sequences });
      a.logprobs.flat().forEach((v, i) => {
        expect(v).toBeCloseTo(b.logprobs.flat()[i]!, 3);
      });
    });

    it('counts each micro-batch once where the new version could not be written, and the last is sent again', async () => {
      const parts = await request('blocked', 'b');
      const [first, last] = sequences.map((each, index) => ({
        ...parts,
        sequences: [each],
        micro_batch: { index, last: index === 1 },
      }));
      const wanted = async (role: string) => {
        await engine.client.update({ ...first!, role, id: role });
        return {
          ...(await engine.client.update({ ...last!, role, id: role })),
          id: 'b',
          policy: 'blocked@v1',
        };
      };
      await engine.client.update(first!);
      // A file where the role's folder has to be.
      const place = join(folder, 'state', 'policies', 'blocked');
      writeFileSync(place, '');
      await expect(engine.client.update(last!)).rejects.toMatchObject({ status: 500 });
      await expect(engine.client.update(last!)).rejects.toMatchObject({ status: 500 });
      rmSync(place);
      // The step can be sent as a whole, too: what was answered is answered again.
      expect(await engine.client.update(first!)).toMatchObject({ applied: false });
      const done = await engine.client.update(last!);
      expect(done).toEqual(await wanted('free'));
      expect(done.tokens).toBe(5);
      const order = { ...(await request('stopped', 's')), sequences: [sequences[0]!] };
      writeFileSync(join(folder, 'state', 'policies', 'stopped'), '');
      await expect(engine.client.update(order)).rejects.toMatchObject({ status: 500 });
      rmSync(join(folder, 'state', 'policies', 'stopped'));
      expect((await engine.client.update(order)).tokens).toBe(3);
    });

    it('gives the same weights in another deterministic process', async () => {
      const twin = await suite.start(join(folder, 'twin'));
      try {
        expect((await twin.client.health()).backend).toBe(suite.backend);
        const order = await request('same', 's');
        const [one, two] = [await engine.client.update(order), await twin.client.update(order)];
        expect(two).toEqual(one);
        const other = await twin.client.update({ ...(await request('rate', 's')), optimizer: { lr: 5e-4 } });
        expect(other.hash).not.toBe(one.hash);
      } finally {
        await twin.stop();
      }
    });

    it('refuses another parent and a loss without its inputs, and changes nothing then', async () => {
      const order = await request('third', 'x');
      const wrong = { ...order, parent_hash: 'f'.repeat(64) };
      await expect(engine.client.update(wrong)).rejects.toEqual(refused('update.parent_mismatch', 409));
      const bare = {
        ...order,
        loss: { name: 'policy_gradient' as const, clip_low: 0.2, clip_high: 0.2, dual_clip: null },
      };
      await expect(engine.client.update(bare)).rejects.toEqual(refused('request.invalid', 400));
      expect((await engine.client.models()).data.some((m) => m.id === 'third@v1')).toBe(false);
    });

    it('keeps an applied update through a kill, and answers its id after it', async () => {
      const dir = join(folder, 'killed');
      const other = await suite.start(dir);
      const order = await request('writer', 'k1');
      const first = await other.client.update(order);
      process.kill(other.pid, 'SIGKILL');
      await other.ended;
      const again = await suite.start(dir);
      expect(await again.client.update(order)).toEqual(first);
      const saved = await again.client.checkpoints({
        action: 'save',
        name: 'c1',
        policies: { writer: 'v1' },
      });
      expect(saved[0]!.policies.writer!.hash).toBe(first.hash);
      expect(await again.client.checkpoints({ action: 'load', name: 'c1' })).toEqual(saved);
      await expect(again.client.checkpoints({ action: 'delete', policies: ['writer@v1'] })).rejects.toEqual(
        refused('policy.held', 409),
      );
      expect(await again.client.checkpoints({ action: 'delete', name: 'c1' })).toEqual([]);
      // Twice, as where the first answer was lost.
      for (let time = 0; time < 2; time++) {
        expect(await again.client.checkpoints({ action: 'delete', policies: ['writer@v1'] })).toEqual([]);
        expect((await again.client.models()).data.some((model) => model.id === 'writer@v1')).toBe(false);
      }
      await again.stop();
    });
  });
}
