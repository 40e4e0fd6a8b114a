// When what was found in a workflow is found anew.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Host } from '../../../src/editor/host.js';

const { editor, told, allowed } = vi.hoisted(() => {
  const told = new Map<string, (of: unknown) => unknown>();
  const allowed: string[] = [];
  const on = (name: string) => (listener: (of: unknown) => unknown) => {
    told.set(name, listener);
    return { dispose: () => undefined };
  };
  const nothing = () => ({ dispose: () => undefined });
  const editor = {
    EventEmitter: class {
      private readonly listeners: ((of: unknown) => unknown)[] = [];
      event = (listener: (of: unknown) => unknown) => this.listeners.push(listener);
      fire = (of: unknown) => {
        for (const each of this.listeners) each(of);
      };
    },
    Uri: { parse: (text: string) => ({ scheme: 'file', fsPath: text.slice(5), toString: () => text }) },
    workspace: {
      textDocuments: [],
      getConfiguration: () => ({ get: (key: string) => (key === 'allowEnv' ? [...allowed] : undefined) }),
      onDidChangeConfiguration: on('configured'),
      onDidOpenTextDocument: nothing,
      onDidChangeTextDocument: nothing,
      onDidCloseTextDocument: nothing,
      createFileSystemWatcher: () => ({ onDidCreate: nothing, onDidChange: nothing, onDidDelete: nothing }),
    },
  };
  return { editor, told, allowed };
});
vi.mock('vscode', () => editor);
const { Analyses } = await import('../../../src/editor/providers/analyses.js');

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'baton-analyses-'));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const text = `baton: 1
models: {m: {provider: openai, base_url: "http://127.0.0.1:1/v1", model: m, api_key: "\${env:MY_KEY}"}}
tasks: [{prompt: go}]
artifacts: {answer: {kind: message}}
agents: {a: {role: Answer., produces: [answer]}}
`;

test('a variable that a setting comes to allow is a problem no more', () => {
  const host = {
    keep: (each: unknown) => each,
    shipped: (path: string) => join(import.meta.dirname, '../../..', path),
  } as unknown as Host;
  const analyses = new Analyses(host, () => undefined);
  const path = join(place, 'team.baton.yaml');
  const uri = { scheme: 'file', path, fsPath: path, toString: () => `file:${path}` };
  const codes = () =>
    analyses.of({ uri, version: 1, getText: () => text } as never).problems.map(({ code }) => code);
  expect(codes()).toEqual(['secret.not-allowed']);
  const stale: string[] = [];
  analyses.onDidChangeBeside((workflow) => stale.push(workflow.fsPath));

  allowed.push('MY_KEY');
  const configured = (setting: string) =>
    told.get('configured')!({ affectsConfiguration: (name: string) => name === setting });
  configured('baton.inline');
  expect(stale).toEqual([]);
  configured('baton.allowEnv');
  expect(stale).toEqual([path]);
  expect(codes()).toEqual([]);
});
