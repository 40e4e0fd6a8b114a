import * as vscode from 'vscode';
import { discoverModels } from '../../policy/index.js';
import { fileLinks } from '../../workflow/index.js';
import type { Host } from '../host.js';
import {
  complete,
  completeHole,
  type HoverPart,
  type HoverText,
  hoverAt,
  nameHover,
  type OutlineItem,
  outline,
  type Served,
  type Suggestion,
} from '../language/index.js';
import { languageId } from '../names.js';
import { folderOf } from '../near.js';
import { readKeys } from '../secrets.js';
import { type Analyses, rangeOf } from './analyses.js';
import { promptFile, promptFiles } from './prompts.js';

/** Completion, hover, outline and links. */
export function provideFeatures(
  host: Host,
  analyses: Analyses,
  more: Record<'role' | 'artifact', (document: vscode.TextDocument, name: string) => HoverPart[]>,
): void {
  host.keep(
    vscode.languages.registerCompletionItemProvider(
      languageId,
      {
        async provideCompletionItems(document, position) {
          const offset = document.offsetAt(position);
          const found = complete(
            analyses.of(document),
            offset,
            document.getText(),
            inModels(document, position) ? await served(host) : [],
          );
          const range = rangeOf(document, found.start, found.end);
          return found.suggestions.map((each) => item(each, range));
        },
      },
      ':',
      ' ',
      '.',
      '{',
      '[',
      '"',
    ),
  );
  host.keep(
    vscode.languages.registerHoverProvider(languageId, {
      async provideHover(document, position) {
        const analysis = analyses.of(document);
        const offset = document.offsetAt(position);
        const found = hoverAt(analysis, offset);
        // Servers are asked only where a model is pointed at, and never in restricted mode.
        const asks = found?.about?.kind === 'model' && vscode.workspace.isTrusted;
        const hover = asks ? hoverAt(analysis, offset, await served(host)) : found;
        if (!hover) return undefined;
        const { about } = hover;
        const known = about && about.kind !== 'model' ? more[about.kind](document, about.name) : [];
        return shownHover(document, hover, known);
      },
    }),
  );
  host.keep(
    vscode.languages.registerCompletionItemProvider(
      promptFiles,
      {
        async provideCompletionItems(document, position) {
          const prompt = await promptFile(document, analyses);
          const found =
            prompt && completeHole(prompt.analysis, document.offsetAt(position), document.getText());
          return found?.suggestions.map((each) => item(each, rangeOf(document, found.start, found.end)));
        },
      },
      '{',
      '.',
    ),
  );
  host.keep(
    vscode.languages.registerHoverProvider(promptFiles, {
      async provideHover(document, position) {
        const prompt = await promptFile(document, analyses);
        const hover = prompt && nameHover(prompt.analysis, document.offsetAt(position), null, prompt.path);
        return hover ? shownHover(document, hover, []) : undefined;
      },
    }),
  );
  host.keep(
    vscode.languages.registerDocumentSymbolProvider(
      languageId,
      {
        provideDocumentSymbols: (document) =>
          outline(analyses.of(document)).map((each) => symbol(document, each)),
      },
      { label: 'Baton' },
    ),
  );
  host.keep(
    vscode.languages.registerDocumentLinkProvider(languageId, {
      provideDocumentLinks: (document) => links(document, analyses),
    }),
  );
}

function links(document: vscode.TextDocument, analyses: Analyses): vscode.DocumentLink[] {
  const { files, source } = analyses.of(document);
  return (source ? fileLinks(source) : []).flatMap(({ path, start, end }) => {
    const found = files.resolve(path);
    if (!('path' in found)) return [];
    const target =
      folderOf(document.uri) === undefined
        ? document.uri.with({ path: found.path })
        : vscode.Uri.file(found.path);
    return [new vscode.DocumentLink(rangeOf(document, start, end), target)];
  });
}

function shownHover(
  document: vscode.TextDocument,
  { parts, start, end }: HoverText,
  known: readonly HoverPart[],
): vscode.Hover {
  return new vscode.Hover(markdown([...parts, ...known]), rangeOf(document, start, end));
}

/** Whether a position is in the section where models are declared. */
function inModels(document: vscode.TextDocument, position: vscode.Position): boolean {
  let line = position.line;
  while (line > 0 && /^(\s|#|$)/.test(document.lineAt(line).text)) line -= 1;
  return vscode.workspace.isTrusted && /^models:/.test(document.lineAt(line).text);
}

let asked: { at: number; served: Promise<Served[]> } | undefined;

/** Model servers of this machine, and addresses that the editor keeps a key for. */
async function served(host: Host): Promise<Served[]> {
  if (!asked || Date.now() - asked.at > 10_000)
    asked = { at: Date.now(), served: discoverModels(process.env) };
  const kept = Object.entries(await readKeys(host)).flatMap(([kind, addresses]) =>
    Object.keys(addresses).map((baseUrl): Served => ({ kind, baseUrl, models: [] })),
  );
  return [...(await asked.served), ...kept];
}

const kinds: Record<Suggestion['kind'], vscode.CompletionItemKind> = {
  key: vscode.CompletionItemKind.Property,
  value: vscode.CompletionItemKind.EnumMember,
  role: vscode.CompletionItemKind.Class,
  artifact: vscode.CompletionItemKind.File,
  model: vscode.CompletionItemKind.Module,
  fact: vscode.CompletionItemKind.Field,
  field: vscode.CompletionItemKind.Variable,
  function: vscode.CompletionItemKind.Function,
  word: vscode.CompletionItemKind.Keyword,
  file: vscode.CompletionItemKind.File,
};

export function item(each: Suggestion, range: vscode.Range): vscode.CompletionItem {
  const made = new vscode.CompletionItem(each.label, kinds[each.kind]);
  if (each.detail) made.detail = each.detail;
  if (each.says) made.documentation = each.says;
  if (each.insert !== undefined) made.insertText = new vscode.SnippetString(each.insert);
  if (/: (\[)?\$0/.test(each.insert ?? ''))
    made.command = { command: 'editor.action.triggerSuggest', title: '' };
  made.range = range;
  return made;
}

/** Hover parts as Markdown in which nothing of the workspace is markup. */
export function markdown(parts: readonly HoverPart[]): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  for (const [at, part] of parts.entries()) {
    // Without an empty line, what follows a list would belong to its last item.
    if (at > 0 && 'item' in parts[at - 1]! && !('item' in part)) text.appendMarkdown('\n');
    if ('title' in part) text.appendMarkdown('**').appendText(part.title).appendMarkdown('**\n\n');
    else if ('plain' in part) text.appendText(part.plain).appendMarkdown('\n\n');
    else if ('code' in part) text.appendCodeblock(part.code, 'python');
    else text.appendMarkdown('- ').appendText(part.item).appendMarkdown('\n');
  }
  return text;
}

const symbols: Record<OutlineItem['kind'], vscode.SymbolKind> = {
  section: vscode.SymbolKind.Namespace,
  role: vscode.SymbolKind.Class,
  artifact: vscode.SymbolKind.File,
  model: vscode.SymbolKind.Module,
  metric: vscode.SymbolKind.Number,
  value: vscode.SymbolKind.Field,
};

function symbol(document: vscode.TextDocument, each: OutlineItem): vscode.DocumentSymbol {
  const made = new vscode.DocumentSymbol(
    each.name || '?',
    each.detail,
    symbols[each.kind],
    rangeOf(document, ...each.range),
    rangeOf(document, ...each.nameRange),
  );
  made.children = each.children.map((child) => symbol(document, child));
  return made;
}
