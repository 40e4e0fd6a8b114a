import { join } from 'node:path';
import * as vscode from 'vscode';
import { type Mention, mentions, renameEdits, type WorkflowFiles } from '../../workflow/index.js';
import type { Host } from '../host.js';
import { type Analysis, declaration, mentionAt, sameName } from '../language/index.js';
import { languageId, runScheme } from '../names.js';
import { type Analyses, isWorkflow, rangeOf } from './analyses.js';
import { opened } from './open-files.js';
import { promptFile, promptFiles } from './prompts.js';
import { siblingEdits } from './siblings.js';

/** A name under the cursor, in a workflow or in a prompt file that a workflow names. */
interface Found {
  analysis: Analysis;
  workflow: vscode.Uri;
  mention: Mention;
}

const prompts: vscode.DocumentSelector = [{ language: languageId }, promptFiles];

/** Go to definition, references and rename, across workflows and the prompt files they name. */
export function provideNames(host: Host, analyses: Analyses): void {
  const find = (document: vscode.TextDocument, position: vscode.Position) =>
    findName(document, position, analyses);
  host.keep(
    vscode.languages.registerDefinitionProvider(prompts, {
      async provideDefinition(document, position) {
        const found = await find(document, position);
        const target = found && declaration(found.analysis, found.mention);
        return target && location(found, target);
      },
    }),
  );
  host.keep(
    vscode.languages.registerReferenceProvider(prompts, {
      async provideReferences(document, position, { includeDeclaration }) {
        const found = await find(document, position);
        if (!found) return [];
        const { source } = found.analysis;
        if (!source) return [];
        const namedIn = (files: WorkflowFiles) =>
          sameName({ ...found.analysis, mentions: mentions(source, files, true) }, found.mention);
        const { files } = await opened(
          found.analysis.files,
          namedIn(found.analysis.files).map(({ file }) => file),
          (path) => uriOf(found, path),
        );
        const all = namedIn(files).filter((mention) => includeDeclaration || mention.is !== 'declaration');
        return Promise.all(all.map((mention) => location(found, mention)));
      },
    }),
  );
  host.keep(
    vscode.languages.registerRenameProvider(prompts, {
      async prepareRename(document, position) {
        const found = await find(document, position);
        if (!found) throw new Error(vscode.l10n.t('Only roles, artifacts and models can be renamed.'));
        return rangeOf(document, found.mention.start, found.mention.end);
      },
      async provideRenameEdits(document, position, to) {
        const found = await find(document, position);
        const source = found?.analysis.source;
        if (!found || !source) return undefined;
        const { kind, name } = found.mention;
        const editsIn = (files: WorkflowFiles) => {
          const renamed = renameEdits(source, kind, name, to, files);
          if ('refused' in renamed) throw new Error(renamed.refused);
          return renamed.edits;
        };
        const { files, documents } = await opened(
          found.analysis.files,
          editsIn(found.analysis.files).map(({ file }) => file),
          (path) => uriOf(found, path),
        );
        const workflow = await vscode.workspace.openTextDocument(found.workflow);
        const edit = new vscode.WorkspaceEdit();
        for (const { file, start, end, text } of editsIn(files)) {
          const target = file === null ? workflow : documents.get(file)!;
          edit.replace(target.uri, rangeOf(target, start, end), text);
        }
        // A recorded workflow is alone with what was recorded with it.
        if (found.workflow.scheme !== runScheme)
          for (const { document: other, start, end, text } of await siblingEdits(
            found.workflow,
            files,
            documents.keys(),
            { kind, from: name, to },
            analyses,
          ))
            edit.replace(other.uri, rangeOf(other, start, end), text);
        return edit;
      },
    }),
  );
  host.keep(
    vscode.languages.registerDocumentHighlightProvider(languageId, {
      async provideDocumentHighlights(document, position) {
        const found = await find(document, position);
        if (!found) return [];
        return sameName(found.analysis, found.mention)
          .filter((mention) => mention.file === null)
          .map((mention) => new vscode.DocumentHighlight(rangeOf(document, mention.start, mention.end)));
      },
    }),
  );
}

async function findName(
  document: vscode.TextDocument,
  position: vscode.Position,
  analyses: Analyses,
): Promise<Found | undefined> {
  const offset = document.offsetAt(position);
  if (isWorkflow(document)) {
    const analysis = analyses.of(document);
    const mention = mentionAt(analysis, offset);
    return mention && { analysis, workflow: document.uri, mention };
  }
  const prompt = await promptFile(document, analyses);
  const mention = prompt && mentionAt(prompt.analysis, offset, prompt.path);
  return mention && { analysis: prompt.analysis, workflow: prompt.workflow, mention };
}

function uriOf({ analysis, workflow }: Found, file: string | null): vscode.Uri {
  if (file === null) return workflow;
  const path = join(analysis.files.folder, file);
  // What a recorded workflow names is recorded too, and no file on disk.
  return workflow.scheme === runScheme ? workflow.with({ path }) : vscode.Uri.file(path);
}

async function location(found: Found, mention: Mention): Promise<vscode.Location> {
  const uri = uriOf(found, mention.file);
  const document = await vscode.workspace.openTextDocument(uri);
  return new vscode.Location(uri, rangeOf(document, mention.start, mention.end));
}
