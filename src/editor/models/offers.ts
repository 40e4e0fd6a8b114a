import * as vscode from 'vscode';
import type { ControlClient } from '../../rollout/index.js';
import type { Host } from '../host.js';
import type { Run } from '../runs/run.js';
import type { RunStore } from '../runs/store.js';
import { askEditor, hasModels } from './ask.js';
import { tellLacking } from './lacking.js';
import type { ModelServer } from './server.js';

interface Offer {
  server: ModelServer;
  client: ControlClient;
}

/**
 * Serves the editor's models to the runs that wait for them: those of this window's folders, whoever started them.
 * A run whose window closed waits, and goes on when a window is there again.
 */
export class ModelOffers {
  private readonly offers = new Map<string, Offer | 'on its way'>();

  constructor(
    private readonly host: Host,
    private readonly store: RunStore,
  ) {
    host.keep(store.onDidChange(() => void this.look()));
    host.keep(vscode.workspace.onDidGrantWorkspaceTrust(() => void this.look()));
    host.keep({ dispose: () => this.end() });
  }

  private async look(): Promise<void> {
    if (!vscode.workspace.isTrusted) return;
    for (const run of await this.store.runs())
      if (run.info.options.editor === true && !run.sample && run.live && !this.offers.has(run.key))
        await this.offer(run);
  }

  private async offer(run: Run): Promise<void> {
    const { host, offers } = this;
    if (!hasModels()) {
      offers.set(run.key, 'on its way');
      const words = vscode.l10n.t(
        '{0} waits for models of the editor, and this editor has none to offer; it needs VS Code 1.91 or later.',
        run.folder.name,
      );
      host.log.warn(words);
      void vscode.window.showWarningMessage(words);
      return;
    }
    offers.set(run.key, 'on its way');
    const { ControlClient } = await import('../runs/channel.js');
    const attached = await ControlClient.attach(run.folder, { role: 'follow', client: 'editor' });
    if ('refused' in attached) {
      // It may not listen yet: the next look tries again.
      offers.delete(run.key);
      return;
    }
    const { serveModels } = await import('./server.js');
    const server = await serveModels(askEditor);
    const { client } = attached;
    client.onClose(() => {
      server.close();
      offers.delete(run.key);
    });
    try {
      await client.ask('editor', { baseUrl: server.baseUrl, token: server.token });
      offers.set(run.key, { server, client });
      // Who lets roles act with the editor's models may look for its agent's tools too.
      tellLacking(host, 'tools');
      host.log.info(`models of the editor are served to ${run.folder.name} at ${server.baseUrl}`);
    } catch (error) {
      host.log.warn(`${run.folder.name} takes no models of the editor: ${(error as Error).message}`);
      client.detach();
      server.close();
    }
  }

  private end(): void {
    for (const offer of this.offers.values())
      if (offer !== 'on its way') {
        offer.client.detach();
        offer.server.close();
      }
  }
}
