import { join } from 'node:path';
import { type Engine, readBaseModel, startEngine } from '../engine/index.js';
import type { Workflow } from '../workflow/index.js';
import type { EngineHandle } from './engine-handle.js';
import { shipped } from './places.js';
import { exit, Failure } from './terminal.js';

export type RunningEngine = EngineHandle & { engine: Engine };

const base = () => shipped('media/base');

/** The roles that the embedded model has learned. */
export function embeddedRoles(): readonly string[] {
  return readBaseModel(base()).roles;
}

/** Start the embedded engine where a model of the workflow asks for it. `dir` keeps its weights. */
export async function engineFor(
  workflow: Workflow,
  dir: string,
  options: { deterministic?: boolean; backend?: string } = {},
): Promise<RunningEngine | null> {
  if (!Object.values(workflow.models).some((model) => model.provider === 'embedded')) return null;
  try {
    const engine = await startEngine({
      dir,
      base: base(),
      program: shipped(join('dist', 'engine.mjs')),
      deterministic: options.deterministic ?? false,
      backend: (options.backend ?? 'auto') as 'auto',
    });
    const health = await engine.client.health();
    return {
      engine,
      endpoint: { baseUrl: `${engine.url}/v1`, token: engine.token },
      info: {
        engine: health.engine,
        backend: health.backend,
        reasons: health.reasons,
        base: health.base_hash,
      },
      stop: async () => {
        await engine.stop();
      },
    };
  } catch (error) {
    throw new Failure(
      'engine.failed',
      `The embedded engine did not start: ${(error as Error).message}`,
      exit.environment,
    );
  }
}
