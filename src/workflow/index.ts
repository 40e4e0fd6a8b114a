/**
 * workflow/: from the YAML file to a checked `Workflow`, its tasks, its contracts and its metrics, all as pure
 * functions of text and facts. It must never run anything, read outside the workflow's folder, or know a secret.
 */
export { answersOf } from './answers.js';
export { type Checked as CheckResult, type CheckOptions, checkWorkflow } from './check.js';
export { isLoopback, isUnpriced } from './checks/safety.js';
export {
  type Breach,
  breaches,
  type FactsByArtifact,
  failingPart,
  judgeContracts,
  lookupFacts,
} from './contract.js';
export {
  applyEdits,
  type Change,
  changeText,
  intoFlow,
  oneEdit,
  renameEdits,
  type TextEdit,
  withoutRole,
} from './edit/index.js';
export { expectationsIn } from './expectation.js';
export { functions as expressionFunctions } from './expression/functions.js';
export {
  type Evaluated,
  type Expression,
  evaluate,
  holds,
  isFault,
  type Lookup,
  namesIn,
  parseExpression,
  type Scope,
  type TypeName,
  truth,
  typeOf,
  typeWords,
  type Value,
} from './expression/index.js';
export { type Facts, factMeaning, factsSchema, factTypes } from './facts.js';
export { type FailureCode, failureCodes, knownFailure } from './failures.js';
export { diskFiles, noting, type Refused, readText, type WorkflowFiles } from './files.js';
export { type FileLink, fileLinks, type Mention, mentions, type NameKind } from './mentions/index.js';
export { answersFault, fairMetric, type Measured, measure, metricNames } from './metrics.js';
export * from './model.js';
export { unsafePath } from './paths.js';
export { dollarsFor, free, type Price } from './price.js';
export {
  type Fix,
  formatProblem,
  isError,
  type Problem,
  type ProblemCode,
  problemCodes,
} from './problems.js';
export { type ArtifactKind, artifactKinds, jsonSchema, type Limits } from './schema.js';
export type { TrainingOptions } from './schema-training.js';
export { isReferenceName, originOf, type Reference, readReference } from './secrets.js';
export { nearest, suggestion } from './source/nearest.js';
export { parseSource, type Source } from './source/source.js';
export {
  between,
  loadTasks,
  randomFrom,
  type Split,
  shuffled,
  type Task,
  type TaskFile,
} from './tasks/index.js';
export { fillLog, fillTemplate, show } from './template.js';
