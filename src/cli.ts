#!/usr/bin/env node
import { takeHandedKeys } from './cli/keys.js';
import { program } from './cli/program.js';
import { exit, Failure } from './cli/terminal.js';
import { RayError, SshError, TargetProblem } from './target/index.js';

// Whoever reads our output may stop reading (`| head`): that is no failure, and nobody is left to tell.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await takeHandedKeys();
  process.exitCode = await program(process.argv);
} catch (error) {
  const failure = error instanceof Failure ? error : ofTarget(error);
  if (process.argv.includes('--json'))
    process.stdout.write(
      `${JSON.stringify({ error: { code: failure?.code ?? 'internal', message: (error as Error).message } })}\n`,
    );
  process.stderr.write(`baton: ${failure ? failure.message : ((error as Error).stack ?? String(error))}\n`);
  process.exitCode = failure?.exitCode ?? exit.environment;
}

/** A target's own words say what to do; a stack of calls adds nothing. */
function ofTarget(error: unknown): Failure | null {
  if (error instanceof TargetProblem) return new Failure('target.invalid', error.message, exit.usage);
  if (error instanceof RayError || error instanceof SshError)
    return new Failure(`target.${error.code}`, error.message, exit.environment);
  return null;
}
