import type { Command } from 'commander';
import { engineChoice } from './arguments.js';
import { type EngineChoice, startChosen } from './engine.js';
import { exit } from './terminal.js';

/**
 * `baton engine`: an engine for a loop that runs on another machine. It says its address and token as one line of JSON,
 * and ends when its input does, which is also what happens when the link to it is cut, or when the engine is lost.
 */
export function engineCommand(root: Command, done: (code: number) => void): void {
  engineChoice(root.command('engine', { hidden: true }))
    .description('bring an engine up for a loop that runs elsewhere')
    .requiredOption('--dir <path>', 'where its weights are kept')
    .option('--deterministic', 'the same seed gives the same weights on the same machine')
    .action(async ({ dir, ...choice }: EngineChoice & { dir: string }) => {
      const engine = await startChosen(dir, choice);
      const { url } = engine.engine;
      process.stdout.write(`${JSON.stringify({ url, token: engine.endpoint.token })}\n`);
      const wanted = new Promise<null>((resolved) => {
        const resolve = () => resolved(null);
        process.stdin.once('end', resolve).once('error', resolve);
        for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, resolve);
        process.stdin.resume();
      });
      // Whoever asked for it sees by the end of this process that it is lost.
      const lost = await Promise.race([wanted, engine.gone]);
      process.stdin.pause();
      await engine.stop();
      if (lost) throw lost;
      done(exit.fine);
    });
}
