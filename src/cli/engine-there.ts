import { join } from 'node:path';
import * as z from 'zod';
import {
  Box,
  Diverged,
  type Held,
  holdThere,
  openTunnel,
  SshError,
  type SshTarget,
  type Tunnel,
} from '../target/index.js';
import { programFiles } from './box-job.js';
import { type EngineChoice, joinEngine, type RunningEngine } from './engine.js';
import { cacheFolder } from './places.js';
import { commandName, exit, Failure, type Terminal } from './terminal.js';

const addressSchema = z.object({ url: z.url(), token: z.string() });

/**
 * An engine on a box, for a loop on this machine: started over ssh, reached through a tunnel, gone when the link is.
 * Its weights stay there between two sittings of a run, and are brought here, verified, when it is stopped. Rejects
 * with an SshError.
 */
export async function engineThere(
  terminal: Terminal,
  target: SshTarget,
  run: string,
  choice: EngineChoice & { deterministic: boolean },
): Promise<RunningEngine> {
  const box = await Box.open(target);
  const program = await programFiles();
  const sent = await box.send(program.folder, program.files, box.program(program.files));
  terminal.note(`${box.label}: sent ${sent} files of the program; only the engine runs there`);
  const weights = box.results(run).weights;
  const held = await holdThere(target, box.engineCommand(program.files, weights, engineArguments(choice)));
  const open: Pick<Held | Tunnel, 'close'>[] = [held];
  const close = () => Promise.all(open.map((each) => each.close()));
  try {
    const address = addressSchema.parse(JSON.parse(held.said));
    const tunnel = await openTunnel(target, '127.0.0.1', Number(new URL(address.url).port));
    open.push(tunnel);
    const lost = Promise.race([held.ended, tunnel.ended]);
    const stop = async () => {
      await close();
      await fetchWeights(terminal, box, run);
    };
    const gone = lost.then((why) => {
      if (!why) return null;
      const todo = `What is logged is kept here, the weights are kept there; go on with: ${commandName()} resume ${run}`;
      return new Failure('engine.lost', `${why.message}\n${todo}`, exit.environment);
    });
    const url = `http://127.0.0.1:${tunnel.port}`;
    // Over a link that is cut a call fails before it is known why, or is never answered.
    const early = lost.then((why) => {
      throw why ?? new SshError('failed', `${box.label}: the link to the engine was ended`);
    });
    const joined = joinEngine({ url, token: address.token }, stop).catch(async (error: Error) => {
      await Promise.race([early, new Promise((resolve) => setTimeout(resolve, 2000))]);
      throw new SshError('failed', `${box.label}: the engine there does not answer: ${error.message}`);
    });
    return { ...(await Promise.race([joined, early])), gone };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Bring the weights of a run here; they stay there too. */
async function fetchWeights(terminal: Terminal, box: Box, run: string): Promise<void> {
  try {
    const { came } = await box.fetch(box.results(run).weights, join(cacheFolder(), 'engines', run));
    terminal.note(`fetched ${came} files of the weights; every hash is the box's`);
  } catch (error) {
    if (!(error instanceof SshError || error instanceof Diverged)) throw error;
    terminal.note(`the weights are still on ${box.label} (${error.message.split('\n')[0]})`);
  }
}

/** The engine of a choice as arguments of `baton engine`. */
export function engineArguments(options: EngineChoice): string[] {
  const { engine, base, method, backend, enginePython, sampler, vllmMemory, deterministic } = options;
  return asArguments({ engine, base, method, backend, enginePython, sampler, vllmMemory, deterministic });
}

/** Choices as command line arguments, for the program there. */
export function asArguments(options: object): string[] {
  return Object.entries(options).flatMap(([key, value]) => {
    const flag = `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (value === undefined || value === false || key === 'json') return [];
    if (value === true) return [flag];
    if (Array.isArray(value)) return value.length === 0 ? [] : [flag, value.join(',')];
    return [flag, String(value)];
  });
}
