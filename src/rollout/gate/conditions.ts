import {
  type Expression,
  isFault,
  namesIn,
  parseExpression,
  type TypeName,
  type Value,
} from '../../workflow/index.js';

/** What is known of an action at one moment; null: not yet, or there is none. */
export interface ActionNow {
  rollout: string;
  agent: string;
  action: string;
  /** 0 to 10. */
  score: number | null;
  /** The failure that its verdict names. */
  code: string | null;
  /** Prompt and reply together. */
  tokens: number | null;
  replyTokens: number | null;
  /** How long its model call took. */
  seconds: number | null;
  /** Codes of the contracts it broke. */
  breaches: readonly string[];
  /** How its last program ended. */
  tool: string | null;
  programs: number;
  /** done, blocked, truncated or filtered. */
  status: string | null;
}

/** The names of an action itself in conditions, log points and the debug console, with their types. */
export const actionNames = {
  score: 'number',
  code: 'text',
  tokens: 'number',
  reply_tokens: 'number',
  seconds: 'number',
  breaches: 'list',
  tool: 'text',
  programs: 'number',
  status: 'text',
  turn: 'number',
  visit: 'number',
  agent: 'text',
  action: 'text',
  rollout: 'text',
} as const satisfies Record<string, TypeName>;
export type ActionName = keyof typeof actionNames;

const KNOWN_BEFORE: ReadonlySet<string> = new Set(['turn', 'visit', 'agent', 'action', 'rollout']);

/** Their values. `turn` and `visit` count from 1, as they are shown. */
export function valuesOf(now: ActionNow): Record<ActionName, Value> {
  const [visit = 0, turn = 0] = now.action.split('.').slice(-2).map(Number);
  const { replyTokens, breaches, ...same } = now;
  return { ...same, reply_tokens: replyTokens, breaches: [...breaches], turn: turn + 1, visit: visit + 1 };
}

/** Whether an expression asks for what only the end of an action tells. */
export function asksEnd(expression: Expression): boolean {
  return namesIn(expression).some(
    ({ parts }) =>
      parts.length === 1 && Object.hasOwn(actionNames, parts[0]!) && !KNOWN_BEFORE.has(parts[0]!),
  );
}

/** Whether a breakpoint with this condition and log text is asked after its action rather than before. */
export function isAsked(condition: string | undefined, log: string | undefined): 'before' | 'after' {
  const texts = [condition ?? '', ...[...(log ?? '').matchAll(/\{([^{}]*)\}/g)].map((hole) => hole[1]!)];
  const end = texts.some((text) => {
    const parsed = parseExpression(text.trim());
    return !isFault(parsed) && asksEnd(parsed);
  });
  return end ? 'after' : 'before';
}

/** A hit count such as `3`, `>= 3`, `== 2` or `% 2`; a number alone is the first hit that counts. */
const HITS = /^\s*(>=|>|<=|<|==|=|%)?\s*(\d+)\s*$/;

export const isHitCount = (text: string): boolean => HITS.test(text);

/** Whether a hit count is met at the n-th hit (from 1); one that is none always is. */
export function countMet(text: string, n: number): boolean {
  const parsed = HITS.exec(text);
  if (!parsed) return true;
  const wanted = Number(parsed[2]);
  switch (parsed[1]) {
    case '>':
      return n > wanted;
    case '<':
      return n < wanted;
    case '<=':
      return n <= wanted;
    case '=':
    case '==':
      return n === wanted;
    case '%':
      return wanted > 0 && n % wanted === 0;
    default:
      return n >= wanted;
  }
}
