// What stands in place once the extension is activated, with nothing of Baton open.
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';

const { editor, controllers, tests, loaded } = vi.hoisted(() => {
  interface Controller {
    [handler: string]: (...args: unknown[]) => Promise<unknown>;
  }
  const controllers: Controller[] = [];
  const loaded = vi.fn();
  const tests = { resolve: vi.fn(), refresh: vi.fn(), run: vi.fn() };
  const kept = () => ({ dispose: () => undefined });
  /** Everything that is registered is kept, and nothing is open. */
  const registering = (own: object) =>
    new Proxy(own, { get: (_, name) => Reflect.get(own, name) ?? kept }) as Record<string, unknown>;
  const editor = {
    l10n: { t: (text: string) => text },
    EventEmitter: class {
      event = kept;
      dispose = () => undefined;
    },
    TestRunProfileKind: { Run: 1, Debug: 2 },
    DebugConfigurationProviderTriggerKind: { Dynamic: 2 },
    commands: registering({}),
    debug: registering({}),
    lm: registering({}),
    window: registering({ createOutputChannel: () => ({ info: kept, warn: kept, dispose: kept }) }),
    workspace: registering({
      textDocuments: [],
      workspaceFolders: [],
      findFiles: async () => [],
      getConfiguration: () => ({ get: (_: string, fallback: unknown) => fallback }),
    }),
    tests: {
      createTestController: () => {
        const controller = {
          createRunProfile: (name: string, _: unknown, run: Controller[string]) => {
            controller[name] = run;
          },
          dispose: () => undefined,
        } as unknown as Controller;
        controllers.push(controller);
        return controller;
      },
    },
  };
  return { editor, controllers, tests, loaded };
});
vi.mock('vscode', () => editor);
vi.mock('../../../src/editor/shell.js', () => ({ provideShellCommand: () => undefined }));
vi.mock('../../../src/editor/parts.js', () => ({
  makeParts: (...args: unknown[]) => {
    loaded(...args);
    return { tests };
  },
}));
const { activateBaton } = await import('../../../src/editor/index.js');

const context = { subscriptions: [], extensionPath: join(import.meta.dirname, '../../..') };
beforeEach(() => activateBaton(context as never, 0));

test('the test controller is there before anything of Baton is opened, and loads the rest when it is used', async () => {
  expect(controllers).toHaveLength(1);
  expect(loaded).not.toHaveBeenCalled();
  const [controller] = controllers;
  await controller!.resolveHandler!(undefined);
  expect(loaded.mock.calls[0]).toContain(controller);
  expect(tests.resolve).toHaveBeenCalledWith(undefined);
  await controller!.refreshHandler!();
  expect(tests.refresh).toHaveBeenCalledOnce();
  await controller!.Run!('request', 'token');
  await controller!['Run and step through what failed']!('request', 'token');
  expect(tests.run.mock.calls).toEqual([
    ['request', 'token', false],
    ['request', 'token', true],
  ]);
  expect(loaded).toHaveBeenCalledOnce();
});
