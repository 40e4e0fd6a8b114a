import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as names from '../../../src/editor/names.js';

const root = join(import.meta.dirname, '../../..');
const text = readFileSync(join(root, 'package.json'), 'utf8');
interface Manifest {
  activationEvents: string[];
  contributes: {
    commands: { command: string; title: string }[];
    configuration: { properties: Record<string, { scope: string }> };
    views: Record<string, { id: string }[]>;
    languages: { id: string }[];
    debuggers: { type: string }[];
    walkthroughs: { id: string }[];
    languageModelTools: { name: string }[];
    languageModelChatProviders: { vendor: string }[];
    menus: Record<string, { command?: string; when?: string }[]>;
    keybindings: { command?: string; when?: string }[];
  };
  capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
}
const manifest = JSON.parse(text) as Manifest;
const { contributes } = manifest;
const sorted = (values: Iterable<string>) => [...values].sort();

test('commands, settings, views, languages, the debugger and the walkthrough are those of the manifest', () => {
  expect(sorted(contributes.commands.map(({ command }) => command))).toEqual(
    sorted(Object.values(names.commands)),
  );
  expect(sorted(Object.keys(contributes.configuration.properties))).toEqual(
    sorted(Object.values(names.settings)),
  );
  const { container, ...views } = names.views;
  // Beside its own container, one tree stands with the editor's debug views.
  const { moment, ...own } = views;
  expect(sorted(contributes.views[container]!.map(({ id }) => id))).toEqual(sorted(Object.values(own)));
  expect(contributes.views.debug!.map(({ id }) => id)).toEqual([moment]);
  expect(sorted(contributes.languages.map(({ id }) => id))).toEqual(
    sorted([names.languageId, names.trajectoryLanguageId, names.targetsLanguageId]),
  );
  expect(sorted(contributes.languageModelTools.map(({ name }) => name))).toEqual(
    sorted(Object.values(names.tools)),
  );
  expect(contributes.languageModelChatProviders).toMatchObject([{ vendor: names.chatVendor }]);
  expect(contributes.debuggers.map(({ type }) => type)).toEqual([names.debugType]);
  expect(contributes.walkthroughs.map(({ id }) => id)).toEqual([names.walkthrough]);
});

test('menus name known commands, context keys and rows only', () => {
  const known = new Set<string>([
    ...Object.values(names.commands),
    ...Object.values(names.contextKeys),
    ...Object.values(names.rows),
    ...Object.values(names.views),
    ...Object.values(names.customEditors),
  ]);
  for (const entries of [...Object.values(contributes.menus), contributes.keybindings])
    for (const { command, when } of entries) {
      if (command) expect(known).toContain(command);
      for (const [word] of (when ?? '').replaceAll('\\', '').matchAll(/\bbaton\.\w+/g))
        expect(known).toContain(word);
    }
});

test('only a Baton file, view, document or command activates it', () => {
  // Languages, views, commands and custom editors of its own activate it without being listed.
  expect(sorted(manifest.activationEvents)).toEqual(
    sorted([
      `onFileSystem:${names.runScheme}`,
      `onDebugResolve:${names.debugType}`,
      `onDebugDynamicConfigurations:${names.debugType}`,
      `onWebviewPanel:${names.panels.training}`,
      // A run may wait there for the editor.
      'workspaceContains:**/*.baton.yaml',
      'workspaceContains:**/*.baton.yml',
      'workspaceContains:.baton/runs',
    ]),
  );
});

test('at most twelve commands are in the palette outside a Baton file', () => {
  const conditions = new Map(contributes.menus.commandPalette!.map(({ command, when }) => [command, when]));
  const everywhere = contributes.commands.filter(({ command }) => !conditions.has(command));
  expect(everywhere.length).toBeLessThanOrEqual(12);
});

test('every text of the manifest is in package.nls.json, and nothing else is', () => {
  const texts = JSON.parse(readFileSync(join(root, 'package.nls.json'), 'utf8')) as Record<string, string>;
  const used = [...text.matchAll(/"%([\w.-]+)%"/g)].map((match) => match[1]!);
  expect(sorted(new Set(used))).toEqual(sorted(Object.keys(texts)));
});

test('settings that choose a program cannot come from a folder', () => {
  const machine = Object.entries(contributes.configuration.properties)
    .filter(([, { scope }]) => scope === 'machine')
    .map(([name]) => name);
  expect(machine).toEqual(
    expect.arrayContaining(['baton.node', 'baton.python', 'baton.sandbox', 'baton.allowEnv']),
  );
  expect(sorted(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations)).toEqual(sorted(machine));
});
