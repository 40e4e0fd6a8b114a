import type { Policy } from '../policy/index.js';
import type { FactsRequest, Sandbox } from '../sandbox/index.js';
import type { Blobs, GitObjects, Judge } from '../trace/index.js';
import type { Facts, Price, Task, Workflow } from '../workflow/index.js';
import type { Budget } from './budget.js';
import type { Gate } from './gate/index.js';
import type { Pace } from './lockstep.js';

/** Takes the facts of artifacts, in the sandbox. */
export type TakeFacts = (place: {
  workspace: string;
  inputs: string;
  artifacts: FactsRequest[];
}) => Promise<Record<string, Facts>>;

/** How one agent acts in this rollout. */
export interface Acting {
  policy: Policy;
  temperature: number;
  topP: number;
  maxTokens: number;
  /** Dollars per million tokens. */
  price: Price;
}

/** Everything a rollout needs; the composition root provides it. */
export interface RolloutDeps {
  workflow: Workflow;
  runSeed: number;
  /** With `policy` (in a fork): `role@version`, or the name of a model of the workflow. */
  acting: (agent: string, policy?: string) => Acting;
  /** null: no agent has tools. */
  sandbox: Sandbox | null;
  takeFacts: TakeFacts | null;
  judge: Judge;
  /** Judge every action as it ends as well, for whoever steps through. */
  judgeActions: boolean;
  blobs: Blobs;
  git: GitObjects;
  budget: Budget;
  /** Rollouts whose logged calls the budget has counted already: those that a resumed run had begun. */
  counted?: ReadonlySet<string>;
  /** Rollouts that had failed, and are carried again from what they have on record. */
  again?: ReadonlySet<string>;
  gate: Gate;
  /** A folder of the user's cache for live workspaces. */
  cache: string;
  /** The folder that holds a task's inputs, made once. */
  inputsOf: (task: Task) => string;
  attempts: number;
  /** How many rollouts make their calls together; one by one where it is left out. */
  together?: number | undefined;
  /** This rollout's place among those that make their calls together. */
  pace?: Pace;
  /** Aborted when the run is cancelled, or when its minutes are over (see `capThatStopped`). */
  signal: AbortSignal;
}
