import * as vscode from 'vscode';
import {
  addTarget,
  readTargets,
  sshHosts,
  type TargetInput,
  targetProblem,
  targetsFile,
} from '../../target/index.js';

/** Ask where a machine is and what to call it, and write it to the user's targets. Gives its name. */
export async function askTarget(): Promise<string | undefined> {
  const kind = await vscode.window.showQuickPick(
    [
      {
        label: vscode.l10n.t('A machine over ssh'),
        description: vscode.l10n.t('with your own ssh configuration, keys and agent'),
        over: 'ssh',
      },
      {
        label: vscode.l10n.t('A Ray cluster'),
        description: vscode.l10n.t('by the address of its dashboard'),
        over: 'ray',
      },
    ],
    { title: vscode.l10n.t('Add target (1 of 3)') },
  );
  if (!kind) return undefined;
  const target = kind.over === 'ssh' ? await askHost() : await askAddress();
  if (!target) return undefined;
  const known = readTargets(targetsFile());
  const name = await vscode.window.showInputBox({
    title: vscode.l10n.t('Add target (3 of 3): what to call it'),
    value: suggested(target, new Set(Object.keys(known))),
    validateInput: (text) =>
      Object.hasOwn(known, text)
        ? vscode.l10n.t('There is a target of this name.')
        : targetProblem(text, target),
  });
  if (name === undefined) return undefined;
  addTarget(targetsFile(), name, target);
  return name;
}

/** One of the ssh configuration's hosts, or what is typed. */
function askHost(): Promise<TargetInput | undefined> {
  const pick = vscode.window.createQuickPick();
  const hosts = sshHosts();
  const configured = hosts.map((label) => ({ label, description: vscode.l10n.t('ssh configuration') }));
  pick.title = vscode.l10n.t('Add target (2 of 3): which host?');
  pick.placeholder = vscode.l10n.t('A host of your ssh configuration, or user@host');
  pick.items = configured;
  pick.onDidChangeValue((typed) => {
    const own = typed !== '' && !hosts.includes(typed) ? [{ label: typed, description: '' }] : [];
    pick.items = [...own, ...configured];
  });
  return new Promise((resolve) => {
    pick.onDidAccept(() => {
      // Enter may come before what was typed stands in the list.
      const host = pick.selectedItems[0]?.label ?? pick.value;
      const target = { kind: 'ssh' as const, host };
      const problem = targetProblem('box', target);
      if (problem !== null) {
        pick.title = problem;
        return;
      }
      resolve(target);
      pick.hide();
    });
    pick.onDidHide(() => {
      resolve(undefined);
      pick.dispose();
    });
    pick.show();
  });
}

async function askAddress(): Promise<TargetInput | undefined> {
  const address = await vscode.window.showInputBox({
    title: vscode.l10n.t("Add target (2 of 3): the address of the cluster's dashboard"),
    value: 'http://127.0.0.1:8265',
    prompt: vscode.l10n.t(
      'Never an address that others reach without a token. Where it is behind another machine, name that under ssh: in targets.yaml.',
    ),
    validateInput: (text) => targetProblem('cluster', { kind: 'ray', address: text }),
  });
  return address === undefined ? undefined : { kind: 'ray', address };
}

function suggested(target: TargetInput, taken: ReadonlySet<string>): string {
  const bare =
    target.kind === 'ray'
      ? 'cluster'
      : target.host
          .replace(/^.*@/, '')
          .split('.')[0]!
          .replace(/[^A-Za-z0-9_-]/g, '-');
  const name = /^[A-Za-z]/.test(bare) ? bare : `box-${bare}`;
  for (let at = 1; ; at++) {
    const each = at === 1 ? name : `${name}-${at}`;
    if (!taken.has(each)) return each;
  }
}
