import type { Expression } from './expression/index.js';
import type { FailureCode } from './failures.js';
import type { ArtifactKind, Limits, RawModel } from './schema.js';
import type { RawTasks } from './schema-tasks.js';
import type { TrainingOptions } from './schema-training.js';

/** A workflow whose names, expressions and paths have been checked. Everything in it can be trusted to fit together. */
export interface Workflow {
  /** Absolute path of the file, its folder, and its text as it was read. */
  file: string;
  folder: string;
  text: string;
  name: string;
  models: Record<string, Model>;
  artifacts: Record<string, Artifact>;
  agents: Record<string, Agent>;
  flow: Flow;
  tasks: RawTasks;
  /** The task field that names the stratum. */
  stratum: string | null;
  outcome: { success: Checked | null; metrics: Metric[] };
  coach: Coach;
  limits: Limits;
  training: TrainingOptions;
  /** Absolute folders whose Python modules agents may import. */
  modules: string[];
  /** Texts of the files that it is made of beside its own (prompts, rubrics, schemas), by their path. */
  texts: Record<string, string>;
}

export type Model = RawModel & { name: string };

/** Text written in the workflow or read from a file beside it. */
export interface Text {
  text: string;
  file: string | null;
}

/** An expression with the text it came from. */
export interface Checked {
  text: string;
  expression: Expression;
}

export interface Check extends Checked {
  code: FailureCode | null;
  says: string | null;
}

export interface Artifact {
  name: string;
  /** Relative to the workspace; null for messages. */
  path: string | null;
  kind: ArtifactKind;
  /** What it is, in words: agents that owe it or are handed it are told. */
  description: string | null;
  checks: Check[];
  schema: object | null;
  encodedFrom: { train: string; test: string; beside?: string | undefined } | null;
  predictedBy: { model: string; rows: string } | null;
  producer: string | null;
  consumers: string[];
}

export interface Agent {
  name: string;
  role: string;
  instructions: Text | null;
  prompt: Text | null;
  consumes: string[];
  produces: string[];
  model: string;
  tools: 'python'[];
  maxTurns: number;
  context: 'full' | 'previous';
  temperature: number | null;
  trained: boolean;
}

export type Flow =
  | { is: 'agent'; agent: string }
  | { is: 'sequence'; steps: Flow[] }
  | { is: 'parallel'; arms: Flow[] }
  | { is: 'repeat'; body: Flow; until: Checked; max: number };

export interface Metric {
  name: string;
  when: Checked | null;
  better: 'higher' | 'lower';
  fallback: Checked;
  artifact: string;
  answers: string | null;
}

export interface Coach {
  model: string | null;
  rubric: Text | null;
  seesGroundTruth: string[];
  samples: number;
}

/** The agents that act with weights of an engine of ours: these can be trained. */
export function withOwnWeights({ agents, models }: Pick<Workflow, 'agents' | 'models'>): Agent[] {
  return Object.values(agents).filter(({ model }) => models[model]?.provider === 'embedded');
}

/** `owner/name` of the Hugging Face hub. */
export const hubId = /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/;

/** The model that the embedded models of a workflow start from: an absolute path or a hub's id; undefined: the shipped one. */
export function baseOf({ models }: Pick<Workflow, 'models'>): string | undefined {
  return Object.values(models).find(({ provider }) => provider === 'embedded')?.base;
}

/** The agents of a flow in the order in which they first act. */
export function agentsIn(flow: Flow): string[] {
  switch (flow.is) {
    case 'agent':
      return [flow.agent];
    case 'sequence':
      return [...new Set(flow.steps.flatMap(agentsIn))];
    case 'parallel':
      return [...new Set(flow.arms.flatMap(agentsIn))];
    case 'repeat':
      return agentsIn(flow.body);
  }
}
