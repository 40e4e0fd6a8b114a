import type { Dispatcher } from 'undici';

/** Seconds after which the built-in `fetch` gives up a server that has not begun to answer. */
export const FETCH_PATIENCE = 300;

/** Loaded when first asked for: most commands never are that patient. */
let loading: Promise<{ fetch: typeof import('undici').fetch; dispatcher: Dispatcher }> | undefined;

/**
 * As the built-in `fetch`, but waits until its signal is aborted: a model on a processor may take longer than five
 * minutes before it says anything. Proxies of the environment are asked where the built-in one would ask them.
 */
export const patientFetch = (async (url, init) => {
  loading ??= load();
  const { fetch, dispatcher } = await loading;
  return fetch(url as string, { ...(init as object), dispatcher });
}) as typeof globalThis.fetch;

async function load() {
  const { Agent, EnvHttpProxyAgent, fetch } = await import('undici');
  const never = { headersTimeout: 0, bodyTimeout: 0 };
  return {
    fetch,
    dispatcher: process.env.NODE_USE_ENV_PROXY === '1' ? new EnvHttpProxyAgent(never) : new Agent(never),
  };
}
