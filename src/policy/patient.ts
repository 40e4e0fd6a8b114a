import { Agent, EnvHttpProxyAgent, fetch } from 'undici';

/** Seconds after which the built-in `fetch` gives up a server that has not begun to answer. */
export const FETCH_PATIENCE = 300;

let agent: Agent | EnvHttpProxyAgent | undefined;

/**
 * As the built-in `fetch`, but waits until its signal is aborted: a model on a processor may take longer than five
 * minutes before it says anything. Proxies of the environment are asked where the built-in one would ask them.
 */
export const patientFetch = ((url, init) => {
  const never = { headersTimeout: 0, bodyTimeout: 0 };
  agent ??= process.env.NODE_USE_ENV_PROXY === '1' ? new EnvHttpProxyAgent(never) : new Agent(never);
  return fetch(url as string, { ...(init as object), dispatcher: agent });
}) as typeof globalThis.fetch;
