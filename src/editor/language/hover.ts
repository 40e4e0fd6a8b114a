import * as l10n from '@vscode/l10n';
import { expressionFunctions, type NameKind } from '../../workflow/index.js';
import { type Analysis, consumersOf, mentionAt, producerOf } from './analyse.js';
import type { Served } from './complete.js';
import { contextAt } from './context.js';
import { signature } from './expression-names.js';
import { type SchemaReader, workflowKeys } from './schema.js';

/** A hover as parts: workspace text is never read as markup. */
export type HoverPart = { title: string } | { plain: string } | { code: string } | { item: string };
export interface HoverText {
  start: number;
  end: number;
  parts: HoverPart[];
  /** The role, artifact or model that it is about, if it is about one. */
  about?: { kind: NameKind; name: string };
}

/**
 * What is known of what stands at an offset of the workflow's text. `served`: model servers that answer here; null
 * where nobody asked.
 */
export function hoverAt(
  analysis: Analysis,
  offset: number,
  served: readonly Served[] | null = null,
): HoverText | null {
  return nameHover(analysis, offset, served) ?? keyHover(analysis, offset);
}

/** What is known of the role, artifact or model at an offset of the workflow, or of a prompt file that it names. */
export function nameHover(
  analysis: Analysis,
  offset: number,
  served: readonly Served[] | null = null,
  file: string | null = null,
): HoverText | null {
  const mention = mentionAt(analysis, offset, file);
  if (!mention) return null;
  const parts = { role: role, artifact, model }[mention.kind](analysis, mention.name, served);
  return parts && { start: mention.start, end: mention.end, parts, about: mention };
}

function role(analysis: Analysis, name: string): HoverPart[] | null {
  const { team } = analysis;
  const each = team.roles.get(name);
  if (!each) return null;
  const parts: HoverPart[] = [{ title: l10n.t('role {0}', name) }, { plain: each.role }];
  for (const artifact of each.consumes) parts.push({ item: handedBy(artifact, producerOf(team, artifact)) });
  for (const artifact of each.produces) {
    const to = consumersOf(team, artifact);
    parts.push({
      item:
        to.length > 0
          ? l10n.t('hands {0} to {1}', artifact, to.join(', '))
          : l10n.t('hands {0} to nobody: it is a result', artifact),
    });
  }
  if (each.model)
    parts.push({
      item: l10n.t(
        'acts with {0} ({1})',
        each.model,
        team.models.get(each.model)?.provider ?? l10n.t('unknown'),
      ),
    });
  return parts;
}

function handedBy(artifact: string, maker: string | null): string {
  return maker === null
    ? l10n.t('is handed {0} by nobody', artifact)
    : l10n.t('is handed {0} by {1}', artifact, maker);
}

function artifact(analysis: Analysis, name: string): HoverPart[] | null {
  const { team } = analysis;
  const each = team.artifacts.get(name);
  if (!each) return null;
  const maker = producerOf(team, name);
  const users = consumersOf(team, name);
  const parts: HoverPart[] = [
    { title: l10n.t('artifact {0}', name) },
    { plain: each.path ? l10n.t('{0} at {1}', each.kind, each.path) : each.kind },
    ...(each.description === null ? [] : [{ plain: each.description }]),
    { item: maker === null ? l10n.t('made by nobody') : l10n.t('made by {0}', maker) },
    {
      item:
        users.length > 0 ? l10n.t('used by {0}', users.join(', ')) : l10n.t('used by nobody: it is a result'),
    },
  ];
  if (each.checks.length > 0) parts.push({ code: each.checks.join('\n') });
  return parts;
}

function model(analysis: Analysis, name: string, served: readonly Served[] | null): HoverPart[] | null {
  const each = analysis.team.models.get(name);
  if (!each) return null;
  const parts: HoverPart[] = [
    { title: l10n.t('model {0}', name) },
    { plain: [each.provider, each.model, each.baseUrl].filter(Boolean).join(', ') },
  ];
  const users = [...analysis.team.roles].flatMap(([role, { model }]) => (model === name ? [role] : []));
  if (users.length > 0) parts.push({ item: l10n.t('used by {0}', users.join(', ')) });
  if (served !== null) parts.push(...answering(served));
  return parts;
}

function answering(served: readonly Served[]): HoverPart[] {
  if (served.length === 0)
    return [
      { plain: l10n.t('No model server answers on this machine (Ollama, llama.cpp, vLLM, LM Studio).') },
    ];
  return [
    { plain: l10n.t('On this machine:') },
    ...served.map(({ kind, baseUrl, models }) => ({
      item:
        models.length > 0
          ? // The address last: the editor makes a link of all that follows one.
            l10n.t('{0} with {1} at {2}', kind, models.slice(0, 8).join(', '), baseUrl)
          : l10n.t('{0} at {1} (key is set)', kind, baseUrl),
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
      parts: [{ code: word + signature(each) }, { plain: each.says() }],
    };
  }
  return schemaHover(workflowKeys, text, start, end);
}

/** What a schema says of the key that stands between two offsets. */
export function schemaHover(
  reader: SchemaReader,
  text: string,
  start: number,
  end: number,
): HoverText | null {
  if (!/^["']?\s*:/.test(text.slice(end))) return null;
  const context = contextAt(text, start);
  if (context.typing !== 'key') return null;
  const known = reader.describeKey([...context.path, text.slice(start, end)]);
  if (!known || (!known.says && known.values.length === 0)) return null;
  const parts: HoverPart[] = [];
  if (known.says) parts.push({ plain: known.says });
  if (known.values.length > 0) parts.push({ item: l10n.t('one of {0}', known.values.join(', ')) });
  if (known.fallback !== null) parts.push({ item: l10n.t('{0} where it is left out', known.fallback) });
  return { start, end, parts };
}
