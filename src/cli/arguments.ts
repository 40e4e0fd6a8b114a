import { type Command, InvalidArgumentError, Option } from 'commander';
import { levels } from '../sandbox/index.js';

/** A number on the command line; anything else is a usage error. */
export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

/** A whole number, and the least that it may be. */
export function whole(least: number): (text: string) => number {
  return (text) => {
    const value = number(text);
    if (!Number.isInteger(value) || value < least)
      throw new InvalidArgumentError(`It must be a whole number from ${least}.`);
    return value;
  };
}

/** A number from 0. */
export function notNegative(text: string): number {
  const value = number(text);
  if (value < 0) throw new InvalidArgumentError('It must be 0 or more.');
  return value;
}

/** A number above 0. */
export function positive(text: string): number {
  const value = number(text);
  if (value <= 0) throw new InvalidArgumentError('It must be above 0.');
  return value;
}

/** A part of a whole: above 0 and at most 1. */
export function share(text: string): number {
  const value = positive(text);
  if (value > 1) throw new InvalidArgumentError('It must be at most 1.');
  return value;
}

/** Limits in place of the workflow's own, or of those that a run has so far. */
export function capFlags(command: Command): Command {
  return command
    .option('--calls <n>', 'at most so many model calls, in place of limits.calls', whole(1))
    .option('--tokens <n>', 'at most so many tokens, in place of limits.tokens', whole(1))
    .option('--dollars <n>', 'spend at most so much, in place of limits.dollars', positive)
    .option('--minutes <n>', 'stop after so many, in place of limits.minutes', positive);
}

/** What confines the programs of agents. */
export const sandboxChoice = (): Option =>
  new Option('--sandbox <level>', "what confines agents' programs; none leaves them unconfined!")
    .choices(['auto', ...levels])
    .default('auto');

/** Names joined by commas. */
export const list = (text: string): string[] => text.split(',').filter((part) => part !== '');

/** Which engine, and over what: an `EngineChoice`, its mode aside. */
export function engineChoice(command: Command): Command {
  command
    .option('--backend <name>', 'auto; tfjs: native-gpu, native-cpu, wasm; torch: cuda, cpu', 'auto')
    .addOption(
      new Option('--engine <kind>', 'tfjs, or torch, which is the default with --base').choices([
        'tfjs',
        'torch',
      ]),
    )
    .option(
      '--base <model>',
      'what the roles start from: a model folder, GGUF file or Hugging Face id (torch), or a base that npm run pretrain made (tfjs)',
    )
    .addOption(
      new Option(
        '--method <kind>',
        'an adapter a role over one base, or all weights a role its own (torch)',
      ).choices(['lora', 'full']),
    )
    .option('--engine-python <path>', "a Python that has the torch engine's packages");
  return samplerChoice(command);
}

/** Where the base of trained weights lies, for commands that only act with them. */
export const baseFlag = (): Option =>
  new Option(
    '--base <model>',
    'the base that the weights were trained over, where it lies elsewhere now: a model folder, GGUF file or Hugging Face id',
  );

/** What samples in the torch engine. */
export function samplerChoice(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--sampler <kind>',
        'what samples in the torch engine; auto takes vLLM on a GPU where it is installed',
      ).choices(['auto', 'own', 'vllm']),
    )
    .option('--vllm-memory <share>', "share of the GPU's memory that vLLM may take (0.4)", share);
}

/** How a run is told that an editor serves the models with `provider: editor`. */
export function editorFlag(): Option {
  return new Option('--editor', 'wait for an editor that serves its models (provider: editor)');
}
