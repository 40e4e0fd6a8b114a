#!/usr/bin/env node
import { program } from './cli/program.js';
import { exit, Failure } from './cli/terminal.js';

// Whoever reads our output may stop reading (`| head`): that is no failure, and nobody is left to tell.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  process.exitCode = await program(process.argv);
} catch (error) {
  const failure = error instanceof Failure ? error : null;
  if (process.argv.includes('--json'))
    process.stdout.write(
      `${JSON.stringify({ error: { code: failure?.code ?? 'internal', message: (error as Error).message } })}\n`,
    );
  process.stderr.write(`baton: ${failure ? failure.message : ((error as Error).stack ?? String(error))}\n`);
  process.exitCode = failure?.exitCode ?? exit.environment;
}
