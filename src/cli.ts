#!/usr/bin/env node
import type { ErrorCode } from './cli/error-codes.js';
import { takeHandedKeys } from './cli/keys.js';
import { program } from './cli/program.js';
import { commandName, exit, Failure } from './cli/terminal.js';
import { PolicyProblem } from './engine/index.js';
import { Diverged, RayError, SshError, TargetProblem } from './target/index.js';
import { FileProblem, isDiskFull } from './trace/index.js';

const diskFull = (message: string) =>
  new Failure(
    'disk.full',
    `There is no room to write. ${message}\nWhat was logged is kept. Free some space, then go on with: ${commandName()} resume`,
    exit.environment,
  );

/** How a system says no to a path: not there, not allowed, read-only, not of the kind. */
const refusals = new Set(['ENOENT', 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EISDIR']);

// Whoever reads our output may stop reading (`| head`): that is no failure, and nobody is left to tell.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await takeHandedKeys();
  process.exitCode = await program(process.argv);
} catch (error) {
  const failure = error instanceof Failure ? error : expected(error);
  const { message } = failure ?? (error as Error);
  if (process.argv.includes('--json'))
    process.stdout.write(
      `${JSON.stringify({ error: { code: failure?.code ?? ('internal' satisfies ErrorCode), message } })}\n`,
    );
  process.stderr.write(`baton: ${failure ? message : ((error as Error).stack ?? message)}\n`);
  process.exitCode = failure?.exitCode ?? exit.environment;
}

/** What is known to go wrong says what to do in its own words; a stack of calls adds nothing. */
function expected(error: unknown): Failure | null {
  if (isDiskFull(error)) return diskFull((error as Error).message);
  if (error instanceof FileProblem) return new Failure('file.damaged', error.message);
  if (error instanceof PolicyProblem) return new Failure('policy', error.message);
  if (error instanceof TargetProblem) return new Failure('target.invalid', error.message, exit.usage);
  if (error instanceof Diverged) return new Failure('job.diverged', error.message, exit.environment);
  if (error instanceof RayError || error instanceof SshError)
    return new Failure(`target.${error.code}`, error.message, exit.environment);
  if (error instanceof Error && refusals.has((error as NodeJS.ErrnoException).code ?? ''))
    return new Failure(
      'file.refused',
      `${error.message}\nSee that it is there, and that you may read it and write beside it.`,
      exit.environment,
    );
  // A sentence of ours. Where it has a kind of its own (a TypeError, say) it is a fault, and where it arose helps.
  if (error instanceof Error && error.constructor === Error && !('code' in error))
    return new Failure('failed', error.message, exit.environment);
  return null;
}
