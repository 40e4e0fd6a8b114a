#!/usr/bin/env node
import { takeHandedKeys } from './cli/keys.js';
import { program } from './cli/program.js';
import { commandName, exit, Failure } from './cli/terminal.js';
import { isDiskFull } from './trace/index.js';

const diskFull = (message: string) =>
  new Failure(
    'disk.full',
    `There is no room to write. ${message}\nWhat was logged is kept. Free some space, then go on with: ${commandName()} resume`,
    exit.environment,
  );

// Whoever reads our output may stop reading (`| head`): that is no failure, and nobody is left to tell.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await takeHandedKeys();
  process.exitCode = await program(process.argv);
} catch (error) {
  const failure =
    error instanceof Failure ? error : isDiskFull(error) ? diskFull((error as Error).message) : null;
  const { message } = failure ?? (error as Error);
  if (process.argv.includes('--json'))
    process.stdout.write(`${JSON.stringify({ error: { code: failure?.code ?? 'internal', message } })}\n`);
  process.stderr.write(`baton: ${failure ? message : ((error as Error).stack ?? message)}\n`);
  process.exitCode = failure?.exitCode ?? exit.environment;
}
