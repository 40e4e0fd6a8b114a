import * as vscode from 'vscode';
import { mayRun } from '../host.js';
import type { RunControl } from './control.js';
import type { RunStore } from './store.js';

/** Of a training, which has hundreds, the newest: they are of the newest weights. */
const OF_A_TRAINING = 48;

/** Run one role anew on what it was handed in the chosen run of its workflow. Without one, offer to run the team. */
export async function runAlone(
  control: RunControl,
  store: RunStore,
  uri: vscode.Uri,
  role: string,
): Promise<void> {
  if (!(await mayRun())) return;
  const like = await store.chosen(uri);
  if (!like || like.pages.count() === 0) {
    const team = vscode.l10n.t('Run Team');
    const chosen = await vscode.window.showInformationMessage(
      vscode.l10n.t(
        '{0} is run alone on what it was handed in an earlier run, and no rollout of this workflow has ended yet.',
        role,
      ),
      team,
    );
    if (chosen === team) await control.run(uri);
    return;
  }
  const newest = like.info.kind === 'train' ? ['--limit', String(OF_A_TRAINING)] : [];
  await control.run(uri, ['--alone', role, '--like', like.folder.path, ...newest]);
}
