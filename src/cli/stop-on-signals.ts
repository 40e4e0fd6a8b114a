/**
 * Ctrl-C, or a polite kill, aborts what a command does, once: a second one ends the process. `release` when it is
 * done, so that a signal means again what it meant before.
 */
export function stopOnSignals(): { abort: AbortController; release: () => void } {
  const abort = new AbortController();
  const stop = () => abort.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  return {
    abort,
    release: () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}
