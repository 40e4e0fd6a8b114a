// What is true of an action's artifacts, found out inside the sandbox; only JSON leaves it.
import * as z from 'zod';
import type { Facts } from '../workflow/index.js';
import { SandboxFailure } from './execute.js';
import { launcherPath } from './private.js';
import type { Outcome, Sandbox } from './types.js';

/** One artifact; paths are relative to the workspace, `train` and `test` to the inputs. */
export interface FactsRequest {
  name: string;
  path: string;
  kind: string;
  /** Adds `agreement`: the share of rows that equal what this model predicts on these rows. */
  predicted_by?: { model: string; rows: string };
  /** Adds what of the raw tables is in it and on which its encoder was fitted. `beside`: the encoded train table. */
  encoded_from?: { train: string; test: string; beside: string | null };
  /** Adds `head`: so many first rows of a table, values of a column or lines of a text. */
  head?: number;
}

// The shape of the workflow's facts, without loading that room where only the sandbox is needed.
const factsSchema: z.ZodType<Facts> = z.object({ exists: z.boolean() }).catchall(z.json());
const answerSchema = z.record(z.string(), factsSchema);

const LIMITS = { seconds: 20, memoryMb: 1024, processes: 64, diskMb: 64, outputKb: 4096 };
/** Ends that what is read brings about, and not who reads it. */
const exhausted: Partial<Record<Outcome, string>> = {
  oom: `it takes more than ${LIMITS.memoryMb} MB of memory to read`,
  timeout: `it takes longer than ${LIMITS.seconds} s to read`,
};
const unread = ({ kind }: FactsRequest, problem: string): Facts => ({
  exists: true,
  kind,
  bytes: null,
  sha256: null,
  problem,
});

interface FactsPlace {
  workspace: string;
  inputs?: string;
  modules?: string[];
  artifacts: FactsRequest[];
  signal?: AbortSignal;
}

/**
 * Takes the facts of all artifacts in one sandboxed call, and of each alone where that takes too much: one that does so
 * then, too, is unreadable.
 * @throws SandboxFailure when a call ends badly or answers something else than facts.
 */
export async function takeFacts(sandbox: Sandbox, place: FactsPlace): Promise<Record<string, Facts>> {
  if (place.artifacts.length === 0) return {};
  const together = await ask(sandbox, place);
  if ('facts' in together) return together.facts;
  const taken: Record<string, Facts> = {};
  for (const artifact of place.artifacts) {
    const alone = await ask(sandbox, { ...place, artifacts: [artifact] });
    if ('facts' in alone) Object.assign(taken, alone.facts);
    else taken[artifact.name] = unread(artifact, alone.exhausted);
  }
  return taken;
}

async function ask(
  sandbox: Sandbox,
  { artifacts, modules, ...where }: FactsPlace,
): Promise<{ facts: Record<string, Facts> } | { exhausted: string }> {
  const finished = await sandbox.run({
    ...where,
    modules: [launcherPath(), ...(modules ?? [])],
    readOnly: true,
    // JSON but for three names is what Python writes too.
    run: {
      python: `import baton_facts\nnull, true, false = None, True, False\nbaton_facts.answer(${JSON.stringify(artifacts)})`,
    },
    limits: LIMITS,
  });
  const spent = exhausted[finished.outcome];
  if (spent !== undefined) return { exhausted: spent };
  if (finished.outcome !== 'ok' || finished.stdout.cut)
    throw new SandboxFailure(
      `Taking facts ended with ${finished.outcome}: ${finished.stderr.text.trim().slice(-300) || 'no message'}`,
    );
  return { facts: answerSchema.parse(JSON.parse(finished.stdout.text)) };
}
