// Where the base of a training lies, seen from the machine that trains, and how large it is.
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { hubId } from '../workflow/index.js';
import { type Weights, weightsIn, weightsOf } from './estimate.js';
import type { Finding, Wanted } from './finding.js';
import type { MachineFacts } from './probe.js';

export type Base =
  | { is: 'shipped' }
  | { is: 'hub' }
  | { is: 'found'; at: 'here' | 'there' | 'sent along'; weights: Weights | null }
  | { is: 'missing'; why: string; todo: string };

/** The path that only a machine there can know; undefined for others: where its programs run is no place of a model. */
export function askedThere(base: string | undefined): string | undefined {
  return base !== undefined && isAbsolute(base) ? base : undefined;
}

/** Looks where the engine will look: on this machine where no target is meant, else there, or in what is sent there. */
export function findBase(facts: MachineFacts, wanted: Wanted): Base {
  const { base, sent, placement } = wanted;
  if (base === undefined) return { is: 'shipped' };
  const own = placement === undefined ? base : sent;
  if (own !== undefined && existsSync(own))
    return { is: 'found', at: placement ? 'sent along' : 'here', weights: weightsOf(own) };
  if (placement && facts.base !== undefined)
    return { is: 'found', at: 'there', weights: weightsIn(base, facts.base) };
  if (hubId.test(base) && !base.endsWith('.gguf')) return { is: 'hub' };
  if (placement === undefined)
    return {
      is: 'missing',
      why: `there is no ${base} on this machine, and it is no id of the Hugging Face hub (owner/name)`,
      todo: 'Name a model folder, a .gguf file or an id of the hub.',
    };
  if (existsSync(base))
    return {
      is: 'missing',
      why: `${base} lies on this machine, not there`,
      todo: `Copy it there and name its path there${placement === 'there' ? '; what lies beside a workflow is sent with it, where it is named from there' : ''}.`,
    };
  return {
    is: 'missing',
    why: `${base} is neither here nor there, nor an id of the Hugging Face hub (owner/name)`,
    todo: 'Name a path from / on that is there, or an id of the hub.',
  };
}

/** Whether the base can be loaded. Nothing is said of the one that ships. */
export function baseFindings(base: Base, name: string | undefined, engine: 'tfjs' | 'torch'): Finding[] {
  const finding = (works: boolean, why: string, todo: string[]): Finding[] => [
    { what: 'base', works, needed: true, why, todo: works ? [] : todo },
  ];
  switch (base.is) {
    case 'shipped':
      return [];
    case 'missing':
      return finding(false, base.why, [base.todo]);
    case 'hub':
      return finding(
        engine === 'torch',
        engine === 'torch'
          ? `${name} of the Hugging Face hub, downloaded by the machine that trains; whether it can be is not tried`
          : `${name} would be an id of the Hugging Face hub, and the tfjs engine takes folders of its own kind`,
        ['Take the engine torch, or a base that npm run pretrain made.'],
      );
    case 'found':
      return finding(
        base.weights !== null,
        base.weights ? `${name}, ${base.at}` : `${name} lies ${base.at}, without weights that can be read`,
        ['Name a folder with *.safetensors in it, or a .gguf file.'],
      );
  }
}
