import { openTunnel, type Tunnel } from '../ssh/tunnel.js';
import type { SshPlace } from '../targets.js';

/** Leads to an address. */
export interface Way {
  /** Where it is reached now. Rejects with an SshError where nothing leads to it. */
  base(): Promise<string>;
  close(): Promise<void>;
}

/** To a cluster's dashboard: through a tunnel where there is a machine to go through. One that was cut is opened again. */
export function wayTo(url: URL, through: SshPlace | undefined): Way {
  if (!through) return { base: async () => url.origin, close: async () => undefined };
  const [host, port] = [url.hostname.replace(/^\[|\]$/g, ''), Number(url.port || 80)];
  let tunnel: Promise<Tunnel> | null = null;
  let closed = false;
  const open = async (): Promise<Tunnel> => {
    const opened = await openTunnel(through, host, port);
    void opened.ended.then(() => {
      if (!closed) tunnel = null;
    });
    return opened;
  };
  return {
    base: async () => {
      tunnel ??= open();
      try {
        return `http://127.0.0.1:${(await tunnel).port}`;
      } catch (error) {
        tunnel = null;
        throw error;
      }
    },
    close: async () => {
      closed = true;
      await (await tunnel)?.close();
    },
  };
}
