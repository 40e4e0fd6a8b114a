import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { parse } from 'yaml';
import { actionsOf } from '../../coach/index.js';
import { readLog, stateAfter } from '../../trace/index.js';
import { savedCheckpoints } from '../../training/index.js';
import { type Host, mayRun } from '../host.js';
import type { RunControl } from '../runs/control.js';
import { RunDocuments } from '../runs/documents.js';
import { textOf } from '../runs/moments.js';
import type { Run } from '../runs/run.js';
import type { RunStore } from '../runs/store.js';

type Change = { label: string; flag: string; name: string; text: string | undefined; path?: string };
/** Another policy acts: nothing is edited. */
type Who = { label: string; who: true };

/**
 * Change an action's reply, its prompt, a file that it found or who acts, and carry the rollout on from there as a new
 * branch. Both trajectories are then shown side by side.
 */
export async function editAndFork(
  host: Host,
  control: RunControl,
  store: RunStore,
  run: Run,
  rollout: string,
  action: string,
): Promise<void> {
  if (!(await mayRun())) return;
  const other: Who = { label: vscode.l10n.t('Who acts'), who: true };
  const change = await vscode.window.showQuickPick<Change | Who>([...changes(run, rollout, action), other], {
    title: vscode.l10n.t('What is different in {0}?', action),
  });
  if (!change) return;
  const flags =
    'who' in change ? await another(run, rollout, action) : await changed(host, run, action, change);
  const branch = flags && (await control.fork(run, rollout, action, flags));
  if (!branch) return;
  store.refresh();
  const [before, after] = [RunDocuments.trajectoryUri(run, rollout), RunDocuments.trajectoryUri(run, branch)];
  await vscode.commands.executeCommand('vscode.diff', before, after, `${rollout} ↔ ${branch}`);
}

/** Let a text be edited; gives the command line's flags, or undefined where it was left as it is. */
async function changed(host: Host, run: Run, action: string, change: Change): Promise<string[] | undefined> {
  const folder = join(host.context.globalStorageUri.fsPath, 'forks', `${run.folder.name}-${Date.now()}`);
  const file = join(folder, change.name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(file, change.text ?? '', { mode: 0o600 });
  await vscode.window.showTextDocument(vscode.Uri.file(file), { preview: false });
  if (!(await edited(file, action))) return undefined;
  return [change.flag, change.path === undefined ? file : `${change.path}=${file}`];
}

/** Ask who is to act instead: a version of the role that the run has weights of, or a model of its workflow. */
async function another(run: Run, rollout: string, action: string): Promise<string[] | undefined> {
  const { events } = readLog(run.folder.rollout(rollout));
  const found = actionsOf(events).find(({ id }) => id === action);
  const role = found?.agent ?? '';
  const now = found?.call?.policy;
  const versions = new Map<string, string>();
  for (const { name, policies } of savedCheckpoints(readLog(run.folder.log).events))
    if (policies[role] !== undefined) versions.set(policies[role], name);
  const models = (parse(run.workflow) as { models?: Record<string, unknown> }).models ?? {};
  const picked = await vscode.window.showQuickPick(
    [
      ...[...versions].map(([label, description]) => ({ label, description })),
      ...Object.keys(models).map((label) => ({
        label,
        description: vscode.l10n.t('a model of the workflow'),
      })),
    ].map((each) =>
      each.label === now ? { ...each, description: vscode.l10n.t('{0}, acted', each.description) } : each,
    ),
    { title: vscode.l10n.t('Who acts as {0} from {1} on?', role, action) },
  );
  return picked && ['--policy', picked.label];
}

/** Resolves with true when the text was saved or Fork was pressed, with false when it was closed. */
async function edited(file: string, action: string): Promise<boolean> {
  const go = vscode.l10n.t('Fork');
  const subscriptions: vscode.Disposable[] = [];
  const said = new Promise<boolean>((resolve) => {
    const when = (answer: boolean) => (document: vscode.TextDocument) => {
      if (document.uri.fsPath === file) resolve(answer);
    };
    subscriptions.push(vscode.workspace.onDidSaveTextDocument(when(true)));
    subscriptions.push(vscode.workspace.onDidCloseTextDocument(when(false)));
    const says = vscode.l10n.t(
      'Change the text and save it: the rollout goes on from {0} as a new branch. Close it to leave everything as it is.',
      action,
    );
    vscode.window.showInformationMessage(says, go).then((pressed) => pressed === go && resolve(true));
  });
  const answer = await said;
  for (const subscription of subscriptions) subscription.dispose();
  if (answer) await vscode.workspace.textDocuments.find(({ uri }) => uri.fsPath === file)?.save();
  return answer;
}

function changes(run: Run, rollout: string, action: string): Change[] {
  const { events } = readLog(run.folder.rollout(rollout));
  const before = events.findIndex((event) => event.type === 'action.started' && event.data.action === action);
  const files = [...stateAfter(events.slice(0, Math.max(0, before))).values()];
  const messages = askedOf(run, events, action);
  return [
    {
      label: vscode.l10n.t('What it answered'),
      flag: '--reply',
      name: 'reply.md',
      text: textOf(run, rollout, action, 'reply.md'),
    },
    {
      label: vscode.l10n.t('What it is asked'),
      flag: '--prompt',
      name: 'prompt.md',
      text: messages.at(-1)?.content,
    },
    {
      label: vscode.l10n.t('Its system message'),
      flag: '--system',
      name: 'system.md',
      text: messages.find(({ role }) => role === 'system')?.content,
    },
    ...files
      .filter(({ bytes }) => bytes < 1_000_000)
      .map((file) => ({ file, bytes: run.blobs.get(file.sha256) }))
      // What is not text cannot be edited as text.
      .filter(({ bytes }) => !bytes.includes(0) && Buffer.from(bytes.toString('utf8')).equals(bytes))
      .map(({ file, bytes }) => ({
        label: vscode.l10n.t('The file {0}', file.path),
        flag: '--file',
        name: file.path.split('/').at(-1) ?? 'file',
        text: bytes.toString('utf8'),
        path: file.path,
      })),
  ];
}

function askedOf(
  run: Run,
  events: ReturnType<typeof readLog>['events'],
  action: string,
): { role: string; content: string }[] {
  const call = events.find((event) => event.type === 'model.called' && event.data.action === action);
  if (call?.type !== 'model.called') return [];
  try {
    return JSON.parse(run.blobs.text(call.data.messages)) as { role: string; content: string }[];
  } catch {
    return [];
  }
}
