import * as vscode from 'vscode';
import { commands, runScheme } from '../names.js';
import { RunDocuments } from '../runs/documents.js';

/** What a link in a verdict's comment may do: open a document of a run, and nothing else. */
export const evidenceTrust = { enabledCommands: [commands.openEvidence] };

/** A link to a document of a run. Comments show links of the editor's own schemes only, so it goes by a command. */
export function evidenceLink(uri: vscode.Uri): string {
  return `command:${commands.openEvidence}?${encodeURIComponent(JSON.stringify([uri.toString()]))}`;
}

/** Open what such a link names; where it was not kept, the trajectory that it belongs to. */
export async function openEvidence(link: unknown): Promise<void> {
  const uri = typeof link === 'string' ? vscode.Uri.parse(link) : undefined;
  if (uri?.scheme !== runScheme) return;
  const kept = await vscode.workspace.fs.stat(uri).then(
    ({ type }) => type === vscode.FileType.File,
    () => false,
  );
  const rollout = /^\/rollouts\/([^/]+)\/at\//.exec(uri.path)?.[1];
  const shown = kept || !rollout ? uri : uri.with({ path: RunDocuments.trajectoryPath(rollout) });
  await vscode.commands.executeCommand('vscode.open', shown);
}
