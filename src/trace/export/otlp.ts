import { createHash } from 'node:crypto';
import type { ExportedAction, ExportedRollout } from './actions.js';

// OTLP in its JSON encoding (opentelemetry-proto, trace service): ids are hex, 64-bit numbers are strings.
interface Attribute {
  key: string;
  value:
    | { stringValue: string }
    | { intValue: string }
    | { doubleValue: number }
    | { boolValue: boolean }
    | { arrayValue: { values: { stringValue: string }[] } };
}

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Attribute[];
  events: { timeUnixNano: string; name: string; attributes: Attribute[] }[];
  status: { code: number; message?: string };
}

const INTERNAL = 1;
const CLIENT = 3;
const OK = 1;
const ERROR = 2;

/**
 * One export request per rollout: a trace whose root is the rollout, with a span for each agent's action, model call
 * and tool run, named and attributed by OpenTelemetry's `gen_ai` conventions; verdicts are `gen_ai.evaluation.result`.
 */
export function* otlpRequests(
  run: string,
  version: string,
  rollouts: Iterable<ExportedRollout>,
): Generator<Record<string, unknown>> {
  for (const rollout of rollouts)
    yield {
      resourceSpans: [
        {
          resource: { attributes: attributes({ 'service.name': 'baton', 'service.version': version }) },
          scopeSpans: [{ scope: { name: 'baton', version }, spans: spansOf(run, rollout) }],
        },
      ],
    };
}

function spansOf(run: string, { row, outcome, events, actions }: ExportedRollout): Span[] {
  const trace = id(16, run, row.rollout);
  const root = id(8, run, row.rollout, 'rollout');
  const [first, last] = [events[0]?.at ?? 0, events.at(-1)?.at ?? 0];
  const conversation = `${run}/${row.rollout}`;
  const span = (
    key: string,
    parent: string,
    name: string,
    kind: number,
    [start, end]: [number, number],
    found: Record<string, unknown>,
  ): Span => ({
    traceId: trace,
    spanId: key,
    parentSpanId: parent,
    name,
    kind,
    startTimeUnixNano: nano(start),
    endTimeUnixNano: nano(Math.max(start, end)),
    attributes: attributes({ 'gen_ai.conversation.id': conversation, ...found }),
    events: [],
    status: { code: OK },
  });
  const whole = span(root, '', `rollout ${row.task}`, INTERNAL, [first, last], {
    'gen_ai.operation.name': 'invoke_workflow',
    'baton.run': run,
    'baton.rollout': row.rollout,
    'baton.stratum': row.stratum,
    'baton.success': outcome?.success,
  });
  if (!outcome?.success) whole.status = { code: ERROR, message: outcome?.why ?? row.status };
  return [whole, ...actions.flatMap((action) => actionSpans(action, root, span, run, row.rollout))];
}

function actionSpans(
  action: ExportedAction,
  root: string,
  span: (
    key: string,
    parent: string,
    name: string,
    kind: number,
    time: [number, number],
    found: Record<string, unknown>,
  ) => Span,
  run: string,
  rollout: string,
): Span[] {
  const own = id(8, run, rollout, action.action);
  const { agent, call, tools, counted } = action;
  const acting = span(own, root, `invoke_agent ${agent}`, INTERNAL, [action.startedAt, action.endedAt], {
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.agent.name': agent,
    'baton.action': action.action,
    'baton.broken': action.breaches.join(','),
  });
  if (action.breaches.length > 0) acting.status = { code: ERROR, message: action.breaches.join(', ') };
  if (counted)
    acting.events.push({
      timeUnixNano: nano(action.endedAt),
      name: 'gen_ai.evaluation.result',
      attributes: attributes({
        'gen_ai.evaluation.name': counted.verdict.judge,
        'gen_ai.evaluation.score.value': counted.score,
        'gen_ai.evaluation.score.label': counted.verdict.code,
        'gen_ai.evaluation.explanation': counted.overrule?.reason ?? counted.verdict.diagnosis,
        'baton.blamed': counted.verdict.blamed?.agent,
      }),
    });
  const spans = [acting];
  if (call)
    spans.push(
      span(id(8, own, 'call'), own, `chat ${call.model}`, CLIENT, [call.at - call.seconds * 1000, call.at], {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': call.policy,
        'gen_ai.request.temperature': call.temperature,
        'gen_ai.request.top_p': call.topP,
        'gen_ai.request.seed': call.seed,
        'gen_ai.response.finish_reasons': [call.finish],
        // A fork's copy of a call was paid for in its parent.
        ...(call.copied
          ? { 'baton.copied': true }
          : {
              'gen_ai.usage.input_tokens': call.usage.promptTokens,
              'gen_ai.usage.output_tokens': call.usage.replyTokens,
            }),
      }),
    );
  for (const tool of tools) {
    const ran = span(
      id(8, own, 'tool', String(tool.index)),
      own,
      `execute_tool ${tool.tool}`,
      INTERNAL,
      [tool.at - tool.seconds * 1000, tool.at],
      {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': tool.tool,
        'baton.outcome': tool.outcome,
      },
    );
    if (tool.outcome !== 'ok') ran.status = { code: ERROR, message: tool.outcome };
    spans.push(ran);
  }
  return spans;
}

function attributes(values: Record<string, unknown>): Attribute[] {
  return Object.entries(values).flatMap(([key, value]): Attribute[] => {
    if (typeof value === 'string') return value === '' ? [] : [{ key, value: { stringValue: value } }];
    if (typeof value === 'boolean') return [{ key, value: { boolValue: value } }];
    if (Array.isArray(value))
      return [
        { key, value: { arrayValue: { values: value.map((each) => ({ stringValue: String(each) })) } } },
      ];
    if (typeof value !== 'number') return [];
    const whole = Number.isInteger(value) && !key.endsWith('.value') && !key.endsWith('temperature');
    return [{ key, value: whole ? { intValue: String(value) } : { doubleValue: value } }];
  });
}

/** A stable id: the first bytes of a hash, in hex. */
function id(bytes: number, ...parts: string[]): string {
  return createHash('sha256')
    .update(parts.join('\0'))
    .digest('hex')
    .slice(0, bytes * 2);
}

/** Unix milliseconds to nanoseconds, as text. */
function nano(milliseconds: number): string {
  return (BigInt(Math.round(milliseconds * 1000)) * 1000n).toString();
}
