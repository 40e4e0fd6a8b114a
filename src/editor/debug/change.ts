import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { parse } from 'yaml';
import type { ForkChange } from '../../rollout/index.js';
import { agentOf, type LogEvent, readLog, stateAfter } from '../../trace/index.js';
import { savedCheckpoints } from '../../training/index.js';
import type { Host } from '../host.js';
import { textOf } from '../runs/moments.js';
import type { Run } from '../runs/run.js';
import { editedText } from './edited.js';
import type { Message } from './live.js';

/** A change as the command line takes it, and as the control channel does. */
export interface Forked {
  flags: string[];
  change: ForkChange;
}

/** Which action is changed. `messages`: what it is asked, where its log does not say that yet. */
export interface Changed {
  rollout: string;
  action: string;
  messages: Message[] | null;
}

type Text = {
  label: string;
  of: 'reply' | 'prompt' | 'system' | 'file';
  name: string;
  text: string | undefined;
  path?: string;
};
/** Another policy acts: nothing is edited. */
type Who = { label: string; who: true };

/** Ask what is different in an action; undefined where it is left as it is. */
export async function askChange(host: Host, run: Run, at: Changed): Promise<Forked | undefined> {
  const other: Who = { label: vscode.l10n.t('Who acts'), who: true };
  const picked = await vscode.window.showQuickPick<Text | Who>([...texts(run, at), other], {
    title: vscode.l10n.t('What is different in {0}?', at.action),
  });
  if (!picked) return undefined;
  return 'who' in picked ? another(run, at) : changed(host, run, at.action, picked);
}

async function changed(host: Host, run: Run, action: string, picked: Text): Promise<Forked | undefined> {
  const folder = join(host.context.globalStorageUri.fsPath, 'forks', `${run.folder.name}-${Date.now()}`);
  const file = join(folder, picked.name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(file, picked.text ?? '', { mode: 0o600 });
  await vscode.window.showTextDocument(vscode.Uri.file(file), { preview: false });
  if (!(await editedText(file, action))) return undefined;
  const text = readFileSync(file, 'utf8');
  const { of, path } = picked;
  return of === 'file'
    ? { flags: ['--file', `${path}=${file}`], change: { files: { [path!]: text } } }
    : { flags: [`--${of}`, file], change: { [of]: text } };
}

/** Ask who is to act instead: a version of the role that the run has weights of, or a model of its workflow. */
async function another(run: Run, { rollout, action }: Changed): Promise<Forked | undefined> {
  const { events } = readLog(run.folder.rollout(rollout));
  const role = agentOf(action);
  const now = callOf(events, action)?.policy;
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
  return picked && { flags: ['--policy', picked.label], change: { policy: picked.label } };
}

function texts(run: Run, { rollout, action, messages }: Changed): Text[] {
  const { events } = readLog(run.folder.rollout(rollout));
  const began = events.findIndex((event) => event.type === 'action.started' && event.data.action === action);
  // One that is held before it begins finds what the log has so far.
  const files = [...stateAfter(began < 0 ? events : events.slice(0, began)).values()];
  const asked = messages ?? askedOf(run, events, action);
  return [
    {
      label: vscode.l10n.t('What it answered'),
      of: 'reply',
      name: 'reply.md',
      text: textOf(run, rollout, action, 'reply.md'),
    },
    {
      label: vscode.l10n.t('What it is asked'),
      of: 'prompt',
      name: 'prompt.md',
      text: asked.at(-1)?.content,
    },
    {
      label: vscode.l10n.t('Its system message'),
      of: 'system',
      name: 'system.md',
      text: asked.find(({ role }) => role === 'system')?.content,
    },
    ...files
      .filter(({ bytes }) => bytes < 1_000_000)
      .map((file) => ({ file, bytes: run.blobs.get(file.sha256) }))
      // What is not text cannot be edited as text.
      .filter(({ bytes }) => !bytes.includes(0) && Buffer.from(bytes.toString('utf8')).equals(bytes))
      .map(({ file, bytes }) => ({
        label: vscode.l10n.t('The file {0}', file.path),
        of: 'file' as const,
        name: file.path.split('/').at(-1) ?? 'file',
        text: bytes.toString('utf8'),
        path: file.path,
      })),
  ];
}

function callOf(events: readonly LogEvent[], action: string) {
  const call = events.find((event) => event.type === 'model.called' && event.data.action === action);
  return call?.type === 'model.called' ? call.data : undefined;
}

function askedOf(run: Run, events: readonly LogEvent[], action: string): Message[] {
  const call = callOf(events, action);
  if (!call) return [];
  try {
    return JSON.parse(run.blobs.text(call.messages)) as Message[];
  } catch {
    return [];
  }
}
