import type { Document } from 'yaml';
import { type CheckOptions, type CheckResult, checkWorkflow, type Problem, type Workflow, type WorkflowFiles } from '../../workflow/index.js';
import { type Mention, mentionsIn, mentionsInPrompt, parseLoosely, type SymbolKind } from './mentions.js';

/** Everything that the language features know of one version of a workflow's text. */
export interface Analysis {
  text: string;
  file: string;
  files: WorkflowFiles;
  doc: Document;
  problems: Problem[];
  /** Only where nothing in it is an error. */
  workflow: Workflow | undefined;
  mentions: Mention[];
}

export type AnalyseOptions = Omit<CheckOptions, 'files'>;

/** Check and read a text. `file` is its absolute path. Never throws for bad input. */
export function analyse(text: string, file: string, files: WorkflowFiles, options: AnalyseOptions = {}): Analysis {
  const checked: CheckResult = checkWorkflow(text, file, { ...options, files });
  const doc = parseLoosely(text);
  return { text, file, files, doc, problems: checked.problems, workflow: checked.workflow, mentions: mentionsIn(text, doc) };
}

/** The names that a workflow defines. */
export function defined(analysis: Pick<Analysis, 'mentions'>, kind: SymbolKind): string[] {
  return [
    ...new Set(
      analysis.mentions.flatMap((mention) =>
        mention.kind === kind && mention.is === 'definition' ? [mention.name] : [],
      ),
    ),
  ];
}

export function mentionAt(analysis: Analysis, offset: number): Mention | undefined {
  return analysis.mentions.find((mention) => mention.start <= offset && offset <= mention.end);
}

export function sameSymbol(mentions: readonly Mention[], of: { kind: SymbolKind; name: string }): Mention[] {
  return mentions.filter((mention) => mention.kind === of.kind && mention.name === of.name);
}

/** A prompt file that a role names, with the mentions of artifacts in it. */
export interface PromptFile {
  path: string;
  text: string;
  mentions: Mention[];
}

/** The prompt files of a workflow, as far as they can be read. */
export function promptFiles(analysis: Analysis): PromptFile[] {
  const artifacts = new Set(defined(analysis, 'artifact'));
  const seen = new Map<string, PromptFile>();
  for (const { path, by } of promptLinks(analysis)) {
    if (seen.has(path)) continue;
    const read = analysis.files.read(path);
    if ('text' in read) seen.set(path, { path, text: read.text, mentions: mentionsInPrompt(read.text, artifacts, by) });
  }
  return [...seen.values()];
}

/** Every `file:` in a workflow that names a text beside it, with its place. */
export function promptLinks(analysis: Analysis): { path: string; by: string | null; start: number; end: number }[] {
  const links: { path: string; by: string | null; start: number; end: number }[] = [];
  const pattern = /\bfile:[ ]*(?:"([^"\n]+)"|'([^'\n]+)'|([^\s,}#]+))/g;
  for (const match of analysis.text.matchAll(pattern)) {
    const path = match[1] ?? match[2] ?? match[3]!;
    const start = match.index + match[0].lastIndexOf(path);
    const before = analysis.mentions.findLast((mention) => mention.is === 'definition' && mention.end <= start);
    links.push({ path, by: before?.kind === 'agent' ? before.name : null, start, end: start + path.length });
  }
  return links;
}
