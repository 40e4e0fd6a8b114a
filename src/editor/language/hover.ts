import { expressionFunctions } from '../../workflow/index.js';
import { type Analysis, consumersOf, mentionAt, producerOf } from './analyse.js';
import type { Served } from './complete.js';
import { contextAt } from './context.js';
import { describeKey } from './schema.js';

/** A hover as parts: workspace text is never read as markup. */
export type HoverPart = { title: string } | { plain: string } | { code: string } | { item: string };
export interface HoverText {
  start: number;
  end: number;
  parts: HoverPart[];
}

/** What is known of what stands at an offset of the workflow's text. */
export function hoverAt(
  analysis: Analysis,
  offset: number,
  served: readonly Served[] = [],
): HoverText | null {
  const mention = mentionAt(analysis, offset);
  if (mention) {
    const parts = { role: role, artifact, model }[mention.kind](analysis, mention.name, served);
    if (parts) return { start: mention.start, end: mention.end, parts };
  }
  return keyHover(analysis, offset);
}

function role(analysis: Analysis, name: string): HoverPart[] | null {
  const { team } = analysis;
  const each = team.roles.get(name);
  if (!each) return null;
  const parts: HoverPart[] = [{ title: `role ${name}` }, { plain: each.role }];
  for (const artifact of each.consumes)
    parts.push({ item: `is handed ${artifact} by ${producerOf(team, artifact) ?? 'nobody'}` });
  for (const artifact of each.produces) {
    const to = consumersOf(team, artifact);
    parts.push({ item: `hands ${artifact} to ${to.length > 0 ? to.join(', ') : 'nobody: it is a result'}` });
  }
  if (each.model)
    parts.push({ item: `acts with ${each.model} (${team.models.get(each.model)?.provider ?? 'unknown'})` });
  return parts;
}

function artifact(analysis: Analysis, name: string): HoverPart[] | null {
  const { team } = analysis;
  const each = team.artifacts.get(name);
  if (!each) return null;
  const parts: HoverPart[] = [
    { title: `artifact ${name}` },
    { plain: `${each.kind}${each.path ? ` at ${each.path}` : ''}` },
    { item: `made by ${producerOf(team, name) ?? 'nobody'}` },
    { item: `used by ${consumersOf(team, name).join(', ') || 'nobody: it is a result'}` },
  ];
  if (each.checks.length > 0) parts.push({ code: each.checks.join('\n') });
  return parts;
}

function model(analysis: Analysis, name: string, served: readonly Served[]): HoverPart[] | null {
  const each = analysis.team.models.get(name);
  if (!each) return null;
  const parts: HoverPart[] = [
    { title: `model ${name}` },
    { plain: [each.provider, each.model, each.baseUrl].filter(Boolean).join(', ') },
  ];
  const users = [...analysis.team.roles].flatMap(([role, { model }]) => (model === name ? [role] : []));
  if (users.length > 0) parts.push({ item: `used by ${users.join(', ')}` });
  parts.push(...answering(served));
  return parts;
}

function answering(served: readonly Served[]): HoverPart[] {
  if (served.length === 0)
    return [{ plain: 'No model server answers on this machine (Ollama, llama.cpp, vLLM, LM Studio).' }];
  return [
    { plain: 'On this machine:' },
    ...served.map((server) => ({
      item: `${server.kind} at ${server.baseUrl}${server.models.length > 0 ? `: ${server.models.slice(0, 8).join(', ')}` : ' (key is set)'}`,
    })),
  ];
}

function keyHover(analysis: Analysis, offset: number): HoverText | null {
  const { text } = analysis;
  const line = text.lastIndexOf('\n', offset - 1) + 1;
  const end = offset + (/^\w*/.exec(text.slice(offset))?.[0].length ?? 0);
  const start = end - (/\w*$/.exec(text.slice(line, end))?.[0].length ?? 0);
  const word = text.slice(start, end);
  if (!word) return null;
  if (/^\s*\(/.test(text.slice(end)) && Object.hasOwn(expressionFunctions, word)) {
    const each = expressionFunctions[word]!;
    return {
      start,
      end,
      parts: [{ code: `${word}(${each.takes.join(', ')}) -> ${each.gives}` }, { plain: each.says }],
    };
  }
  if (!/^["']?\s*:/.test(text.slice(end))) return null;
  const context = contextAt(text, start);
  if (context.typing !== 'key') return null;
  const known = describeKey([...context.path, word]);
  if (!known || (!known.says && known.values.length === 0)) return null;
  const parts: HoverPart[] = [];
  if (known.says) parts.push({ plain: known.says });
  if (known.values.length > 0) parts.push({ item: `one of ${known.values.join(', ')}` });
  if (known.fallback !== null) parts.push({ item: `${known.fallback} where it is left out` });
  return { start, end, parts };
}
