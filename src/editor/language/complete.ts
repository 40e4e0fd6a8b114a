import * as l10n from '@vscode/l10n';
import { failureCodes, metricNames } from '../../workflow/index.js';
import type { Analysis } from './analyse.js';
import { contextAt, type TypingContext } from './context.js';
import { type ExpressionPlace, expressionNames, taskFields } from './expression-names.js';
import { type SchemaReader, workflowKeys } from './schema.js';
import type { Suggestion } from './suggestion.js';
import { inWords } from './words.js';

export interface Completions {
  /** What the suggestions replace: offsets of the text. */
  start: number;
  end: number;
  suggestions: Suggestion[];
}

/** A model server that answers on this machine; the caller asked for it. */
export interface Served {
  kind: string;
  baseUrl: string;
  models: string[];
}

/** What can be typed at an offset: keys and values by the schema, names by meaning. */
export function complete(
  analysis: Analysis,
  offset: number,
  text: string,
  served: readonly Served[] = [],
): Completions {
  const context = contextAt(text, offset);
  const end = offset;
  if (context.typing === 'comment') return { start: offset, end, suggestions: [] };
  const at = context.path.join('/');
  // A task's own prompt is sent as it stands; the one that tasks share may name their fields and nothing else.
  const hole =
    at === 'tasks/-/prompt'
      ? null
      : completeHole(analysis, offset, text, at === 'tasks/prompt' ? 'fields' : 'all');
  if (hole) return hole;
  // What stands behind a dash may become a key, and may be all that the item is.
  const item = context.typing === 'key' && context.path.at(-1) === '-';
  const place = item || context.typing === 'value' ? expressionPlace(context.path) : null;
  if (place) {
    const found = expression(analysis, offset, text, place.own, 'expression');
    const begun = item && found.start === context.start;
    return begun ? { ...found, suggestions: [...found.suggestions, ...keys(context, text)] } : found;
  }
  if ((item || context.inText) && context.word.includes(' ')) return { start: offset, end, suggestions: [] };
  const suggestions = [
    ...(item || context.typing === 'value' ? values(analysis, context, served) : []),
    ...(context.typing === 'key' ? keys(context, text) : []),
  ];
  return { start: context.start, end, suggestions };
}

/** A text in quotes of its own, unless some stand around it already. */
function quotedIn({ inText }: { inText: boolean }, text: string): string {
  const quoted = JSON.stringify(text);
  return inText ? quoted.slice(1, -1) : quoted;
}

/** What can be typed between the braces of a prompt, in a workflow or in a file of its own; null outside of them. */
export function completeHole(
  analysis: Analysis,
  offset: number,
  text: string,
  names: 'all' | 'fields' = 'all',
): Completions | null {
  if (!/\{\{[^{}]*$/.test(text.slice(Math.max(0, offset - 400), offset))) return null;
  return expression(analysis, offset, text, null, names === 'all' ? 'prompt' : 'shared-prompt');
}

function expression(
  analysis: Analysis,
  offset: number,
  text: string,
  own: string | null,
  where: ExpressionPlace,
): Completions {
  const word = /[\w.]*$/.exec(text.slice(0, offset))![0];
  const fields = taskFields(analysis.lastWorkflow, analysis.files);
  const suggestions = expressionNames(word, analysis.team, fields, own, where);
  return { start: offset - (word.length - word.lastIndexOf('.') - 1), end: offset, suggestions };
}

/** Whether a path leads to an expression, and in whose contract. */
function expressionPlace(path: readonly string[]): { own: string | null } | null {
  const at = path.join('/');
  const check = /^artifacts\/([^/]+)\/checks\/-(\/check)?$/.exec(at);
  if (check) return { own: check[1]! };
  return /^outcome\/(success|metrics\/[^/]+\/(when|fallback))$|repeat\/until$|^tasks\/-\/expect$/.test(at)
    ? { own: null }
    : null;
}

function keys(context: TypingContext, text: string): Suggestion[] {
  const here = siblings(text, context);
  if (context.path.join('/') === 'outcome/metrics')
    return metricNames.map((label) => ({
      label,
      kind: 'key',
      detail: l10n.t('metric'),
      insert: `${label}: {better: \${1|higher,lower|}, fallback: \${2:0.5}}`,
    }));
  return keySuggestions(workflowKeys, context, here);
}

/** The keys that may stand at a place, without those that are `here` already. */
export function keySuggestions(
  reader: SchemaReader,
  context: TypingContext,
  here: ReadonlySet<string>,
): Suggestion[] {
  return reader
    .keysAt(context.path)
    .filter(({ key }) => !here.has(key))
    .map(({ key, says, required, shape }) => ({
      label: key,
      kind: 'key',
      detail: required ? l10n.t('required') : undefined,
      says,
      insert: shape === 'list' ? `${key}: [$0]` : `${key}: $0`,
    }));
}

/** Keys that stand beside the one being typed, before and after it. */
export function siblings(text: string, context: TypingContext): Set<string> {
  const line = text.lastIndexOf('\n', context.start - 1) + 1;
  const lead = text.slice(line, context.start);
  const found = new Set<string>();
  if (/^[\s-]*$/.test(lead)) {
    const indent = lead.length;
    const look = (lines: string[]) => {
      for (const each of lines) {
        const own = /^([\s-]*)(\w+):(\s|$)/.exec(each);
        if (own && own[1]!.length === indent) found.add(own[2]!);
        else if (each.trim() !== '' && each.length - each.trimStart().length < indent && !/^\s*#/.test(each))
          return;
        if (own?.[1]?.includes('-')) return;
      }
    };
    look(text.slice(0, line).split('\n').reverse().slice(1));
    look(text.slice(context.start).split('\n').slice(1));
    return found;
  }
  const open = Math.max(text.lastIndexOf('{', context.start - 1), 0);
  const close = text.indexOf('}', context.start);
  const body = text.slice(open, close < 0 ? context.start : close);
  for (const match of body.matchAll(/[{,]\s*(\w+):/g)) found.add(match[1]!);
  return found;
}

function values(analysis: Analysis, context: TypingContext, served: readonly Served[]): Suggestion[] {
  const path = context.path.join('/');
  const { team } = analysis;
  const names = (
    kind: 'role' | 'artifact' | 'model',
    of: Iterable<string>,
    detail: (name: string) => string,
  ): Suggestion[] => [...of].map((label) => ({ label, kind, detail: detail(label) }));
  const artifacts = (fits: (kind: string) => boolean = () => true) =>
    names(
      'artifact',
      [...team.artifacts].filter(([, each]) => fits(each.kind)).map(([name]) => name),
      (name) => team.artifacts.get(name)?.kind ?? '',
    );
  if (/^agents\/[^/]+\/(consumes|produces)(\/-)?$/.test(path)) {
    const agent = team.roles.get(context.path[1]!);
    const taken = new Set([...(agent?.consumes ?? []), ...(agent?.produces ?? [])]);
    const made = new Set([...team.roles.values()].flatMap((role) => role.produces));
    const free = artifacts().filter(({ label }) => !taken.has(label) || label.startsWith(context.word));
    const wanted = path.includes('produces') ? free.filter(({ label }) => !made.has(label)) : free;
    return wanted.length > 0 ? wanted : free;
  }
  if (/^(agents\/[^/]+|defaults|coach)\/model$/.test(path))
    return names('model', team.models.keys(), (name) => team.models.get(name)?.provider ?? '');
  if (/^(flow(\/|$)|coach\/sees_ground_truth)/.test(path))
    return [
      ...names('role', team.roles.keys(), (name) => team.roles.get(name)?.role ?? ''),
      ...fixed(context.path),
    ];
  if (/^artifacts\/[^/]+\/predicted_by\/model$/.test(path)) return artifacts((kind) => kind === 'model');
  if (/^artifacts\/[^/]+\/(predicted_by\/rows|encoded_from\/beside)$/.test(path))
    return artifacts((kind) => kind === 'table');
  if (/^outcome\/metrics\/[^/]+\/artifact$/.test(path)) return artifacts((kind) => kind === 'table');
  if (/\/checks\/-\/code$/.test(path)) return failures();
  if (/^models\/[^/]+\/model$/.test(path))
    return served.flatMap((server) =>
      server.models.map(
        (label): Suggestion => ({
          label,
          kind: 'value',
          detail: l10n.t('{0} on this machine', server.kind),
          insert: quotedIn(context, label),
        }),
      ),
    );
  if (/^models\/[^/]+\/base_url$/.test(path))
    return served.map((server) => ({
      label: server.baseUrl,
      kind: 'value',
      detail: l10n.t('{0} on this machine', server.kind),
      insert: quotedIn(context, server.baseUrl),
    }));
  if (/\/file$/.test(path) && !path.startsWith('models'))
    return analysis.files
      .list('**/*.{md,txt,json}')
      .slice(0, 200)
      .map((label) => ({ label, kind: 'file' }));
  return fixed(context.path);
}

function failures(): Suggestion[] {
  return Object.entries(failureCodes).map(([label, says]) => ({
    label,
    kind: 'value',
    says: inWords(says),
  }));
}

function fixed(path: readonly string[]): Suggestion[] {
  return workflowKeys.valuesAt(path).map((label) => ({ label, kind: 'value' }));
}
