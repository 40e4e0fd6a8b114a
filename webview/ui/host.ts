interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** The editor's end of the page; it can be had once. */
const api = acquireVsCodeApi();

export function send<T>(message: T): void {
  api.postMessage(message);
}

/** What this page remembers over being hidden. */
export function remembered<T>(fallback: T): T {
  return (api.getState() as T | undefined) ?? fallback;
}

export function remember<T>(state: T): void {
  api.setState(state);
}
