import { createHash, randomBytes } from 'node:crypto';
import * as z from 'zod';
import { askWithRetries, CallFailed, type ChatMessage, mostTokens, type Policy } from '../policy/index.js';
import {
  type Blobs,
  coachCall,
  type Happening,
  type Judge,
  type Judged,
  type LogEvent,
  type Verdict,
} from '../trace/index.js';
import { knownFailure } from '../workflow/index.js';
import { type ActionRecord, actionsOf } from './actions.js';
import { judgeByContracts } from './contracts.js';
import { type CoachQuestion, coachMessages } from './prompt.js';

export interface ModelCoachOptions extends CoachQuestion {
  policy: Policy;
  samples: number;
  /** How the judge samples, where its model says so. */
  sampling: { temperature?: number | undefined; topP?: number | undefined; maxTokens?: number | undefined };
  /** Dollars of a call, and the right to make it: throws where a cap would be passed. */
  pay: (
    tokens: number,
    signal: AbortSignal,
  ) => Promise<{
    settle(prompt: number, reply: number): number;
    /** A server had the call and did not answer it; throws as `pay` does where it is to have it again. */
    refused(again: boolean): Promise<void>;
    release(): void;
  }>;
}

const replySchema = z.object({
  evidence: z.array(z.string()).max(10),
  diagnosis: z.string().min(1),
  advice: z.string(),
  code: z.string().nullable(),
  blamed_role: z.string().nullable(),
  score: z.number().min(0).max(10),
  confidence: z.number().min(0).max(1),
});
type Answer = z.infer<typeof replySchema>;
const ATTEMPTS = 3;
const LONGEST_REPLY = 800;
/** Without it, several samples would be one verdict said several times. */
const SEVERAL_TEMPERATURE = 0.7;

/**
 * The model coach. A contract's verdict stands; a model is asked only about actions that no contract decides.
 * What it cannot answer properly within three attempts is null, with the reason.
 */
export function modelCoach(options: ModelCoachOptions): Judge {
  return async (judged, log) => {
    const contracts = judgeByContracts(judged);
    if (judged.outcome === null) return contracts;
    const actions = new Map(actionsOf(judged.events).map((action) => [action.id, action]));
    const out: Verdict[] = [...contracts];
    for (const verdict of contracts) {
      if (verdict.code !== null || verdict.score === null) continue;
      out.push(await ask(options, judged, actions, verdict, log));
    }
    return out;
  };
}

async function ask(
  options: ModelCoachOptions,
  judged: Judged,
  actions: ReadonlyMap<string, ActionRecord>,
  contract: Verdict,
  log: (event: Happening) => Promise<void>,
): Promise<Verdict> {
  const action = actions.get(contract.action)!;
  const answers: Answer[] = [];
  let reason = 'the coach gave no usable verdict';
  for (let sample = 0; sample < options.samples; sample++) {
    const result = await oneAnswer(options, judged, action, sample, log);
    if ('answer' in result) answers.push(result.answer);
    else reason = result.reason;
  }
  const base = {
    action: action.id,
    judge: options.policy.name,
    rubric:
      options.rubric === null ? null : createHash('sha256').update(options.rubric).digest('hex').slice(0, 16),
    pass: 'backward' as const,
    sample: options.samples,
    residual: null,
    supersedes: contract.judge,
  };
  if (answers.length === 0)
    return {
      ...base,
      score: null,
      reason,
      code: null,
      diagnosis: 'The coach could not judge this action.',
      advice: null,
      blamed: null,
      evidence: [],
      confidence: 0,
    };
  const ordered = [...answers].sort((a, b) => a.score - b.score);
  const middle = ordered[Math.floor((ordered.length - 1) / 2)]!;
  const code = middle.code !== null && knownFailure(middle.code) ? middle.code : null;
  return {
    ...base,
    score: middle.score,
    reason: null,
    code,
    diagnosis: middle.diagnosis.slice(0, 500),
    advice: middle.advice.slice(0, 500) || null,
    blamed: blamedBy(middle, code, action, [...actions.values()], judged.workflow),
    evidence: middle.evidence.map((says) => ({
      event: 'model.called',
      action: action.id,
      file: null,
      says: says.slice(0, 300),
    })),
    confidence: middle.confidence,
  };
}

/** Whom an answer blames, with the last that this role did by then. A failure that is nobody else's is the actor's own. */
function blamedBy(
  { blamed_role: named }: Answer,
  code: string | null,
  action: ActionRecord,
  actions: readonly ActionRecord[],
  { agents }: Judged['workflow'],
): Verdict['blamed'] {
  const role = named ?? (code === null ? null : action.agent);
  if (role === null || !Object.hasOwn(agents, role)) return null;
  const found = actions.slice(0, actions.indexOf(action) + 1).findLast(({ agent }) => agent === role);
  return { agent: role, action: found?.id ?? null };
}

/** What an answer names and nothing has, in words; null where there is all. */
function unknownIn({ code, blamed_role: role }: Answer, { agents }: Judged['workflow']): string | null {
  if (code !== null && !knownFailure(code)) return `code: "${code}" is not one of the failure codes`;
  if (role !== null && !Object.hasOwn(agents, role))
    return `blamed_role: there is no role "${role}"; there are ${Object.keys(agents).join(', ')}`;
  return null;
}

async function oneAnswer(
  options: ModelCoachOptions,
  judged: Judged,
  action: ActionRecord,
  sample: number,
  log: (event: Happening) => Promise<void>,
): Promise<{ answer: Answer } | { reason: string }> {
  const id = coachCall(action.id, sample);
  const messages = coachMessages(options, judged, action, randomBytes(9).toString('base64url'));
  let reason = '';
  /** With a name in it that nothing has: its score is one all the same. */
  let misnamed: Answer | null = null;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const logged = loggedCall(judged.events, id, attempt);
    let answer: { text: string; finish: string };
    if (logged) answer = { text: judged.blobs.text(logged.data.reply), finish: logged.data.finish };
    else {
      const bought = await buy(options, judged, id, attempt, messages, log);
      if ('reason' in bought) return misnamed ? { answer: misnamed } : bought;
      answer = bought;
    }
    const { text, finish } = answer;
    const read = readAnswer(text);
    const unknown = 'answer' in read ? unknownIn(read.answer, judged.workflow) : read.why;
    if ('answer' in read) {
      if (unknown === null || misnamed) return read;
      misnamed = read.answer;
    }
    const cut = `it was cut at ${options.sampling.maxTokens ?? LONGEST_REPLY} tokens; give the coach's model a larger max_tokens`;
    reason = `the coach's reply was not usable: ${finish === 'length' ? cut : unknown}`;
    messages.push(
      { role: 'assistant', content: text.slice(0, 4000) },
      {
        role: 'user',
        content: `That cannot be used: ${unknown}. Reply with the JSON object and nothing else.`,
      },
    );
  }
  return misnamed ? { answer: misnamed } : { reason };
}

function loggedCall(events: readonly LogEvent[], action: string, attempt: number) {
  return events.find(
    (event): event is LogEvent & { type: 'model.called' } =>
      event.type === 'model.called' && event.data.action === action && event.data.call === attempt,
  );
}

async function buy(
  { policy, pay, samples, sampling }: ModelCoachOptions,
  { blobs, signal }: Judged,
  action: string,
  call: number,
  messages: ChatMessage[],
  log: (event: Happening) => Promise<void>,
): Promise<{ text: string; finish: string } | { reason: string }> {
  const temperature = sampling.temperature ?? (samples > 1 ? SEVERAL_TEMPERATURE : 0);
  const { topP = 1, maxTokens = LONGEST_REPLY } = sampling;
  const paid = await pay(mostTokens(messages) + maxTokens, signal);
  const seed = createHash('sha256').update(`${action}/${call}`).digest().readUInt32LE(0) & 0x7fffffff;
  try {
    const { reply, attempt } = await askWithRetries(
      policy,
      {
        messages,
        temperature,
        topP,
        maxTokens,
        seed,
        signal,
        schema: z.toJSONSchema(replySchema),
      },
      {
        attempts: ATTEMPTS,
        onFailure: async (failure) => {
          await log({ type: 'call.failed', data: { action, call, ...failure } });
          if (failure.made) await paid.refused(failure.again);
        },
      },
    );
    const dollars = paid.settle(reply.usage.promptTokens, reply.usage.replyTokens);
    const { usage, weights, finish, seconds } = reply;
    const kept = keep(blobs, messages, reply.text);
    await log({
      type: 'model.called',
      data: {
        action,
        call,
        attempt,
        model: policy.name,
        policy: policy.name,
        weights,
        ...kept,
        promptIds: null,
        ids: null,
        logprobs: null,
        temperature,
        topP,
        seed,
        finish,
        usage,
        dollars,
        seconds,
      },
    });
    return { text: reply.text, finish: reply.finish };
  } catch (error) {
    paid.release();
    // With what it was aborted for: cancelled, or out of minutes.
    signal.throwIfAborted();
    if (!(error instanceof CallFailed)) throw error;
    return { reason: `the coach could not be asked: ${error.message.slice(0, 300)}` };
  }
}

function keep(blobs: Blobs, messages: ChatMessage[], reply: string) {
  return { messages: blobs.keep(JSON.stringify(messages)), reply: blobs.keep(reply) };
}

/** One JSON object with every field, its score a finite number from 0 to 10; anything else is refused, never guessed. */
export function readAnswer(text: string): { answer: Answer } | { why: string } {
  // A model's thoughts come before its answer. Anything else around the object is refused: it may quote what it judges.
  const said = text.replace(/^\s*<think>[\s\S]*?<\/think>/, '').trim();
  const body = said.replace(/^```(?:json)?\s*\n([\s\S]*)\n```$/, '$1');
  let raw: unknown;
  try {
    raw = JSON.parse(body);
  } catch {
    return { why: 'it is not one JSON object' };
  }
  const parsed = replySchema.safeParse(raw);
  if (!parsed.success)
    return {
      why: parsed.error.issues.map((issue) => `${issue.path.join('.') || 'it'}: ${issue.message}`).join('; '),
    };
  if ((body.match(/"score"\s*:/g) ?? []).length !== 1) return { why: 'it has more than one score' };
  return { answer: parsed.data };
}
