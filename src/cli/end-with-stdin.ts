/**
 * Set by a program that starts a command which is to end with it: standard input is a pipe from it, which the system
 * closes however it ends. Without it an input that ends means nothing: nobody may be at the other end from the start.
 */
const ASKED = 'BATON_ENDS_WITH_STDIN';

/** Call `stop` when standard input ends, where that was asked for. What is returned takes no notice of it any more. */
export function endWithStdin(stop: () => void): () => void {
  if (process.env[ASKED] !== '1') return () => {};
  delete process.env[ASKED];
  const { stdin } = process;
  stdin.once('end', stop).once('error', stop).resume();
  return () => {
    stdin
      .off('end', stop)
      .off('error', stop)
      .on('error', () => undefined);
    stdin.pause();
  };
}
