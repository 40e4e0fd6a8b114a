/**
 * Every name that this extension and its manifest share: a unit test holds package.json against this file, and the
 * types make a forgotten one a compile error. Names are part of what users bind keys to: add, never rename.
 */
export const languageId = 'baton';
export const trajectoryLanguageId = 'baton-trajectory';
export const targetsLanguageId = 'baton-targets';
export const debugType = 'baton';
/** Read-only documents of runs: texts, trajectories and workspaces as they were. */
export const runScheme = 'baton-run';

export const commands = {
  run: 'baton.run',
  debug: 'baton.debug',
  debugLive: 'baton.debugLive',
  attachDebugger: 'baton.attachDebugger',
  fork: 'baton.fork',
  forkPaused: 'baton.forkPaused',
  forkEdited: 'baton.forkEdited',
  openMoment: 'baton.openMoment',
  train: 'baton.train',
  openTraining: 'baton.openTraining',
  promote: 'baton.promote',
  rollback: 'baton.rollback',
  evaluate: 'baton.evaluate',
  openSample: 'baton.openSample',
  newWorkflow: 'baton.newWorkflow',
  useLanguage: 'baton.useLanguage',
  chooseRun: 'baton.chooseRun',
  openTrajectory: 'baton.openTrajectory',
  createRegression: 'baton.createRegression',
  openWorkflowOfRun: 'baton.openWorkflowOfRun',
  openEvidence: 'baton.openEvidence',
  debugRollout: 'baton.debugRollout',
  selectForCompare: 'baton.selectForCompare',
  compareWithSelected: 'baton.compareWithSelected',
  filterRuns: 'baton.filterRuns',
  clearFilter: 'baton.clearFilter',
  refreshRuns: 'baton.refreshRuns',
  moreRollouts: 'baton.moreRollouts',
  cancelRun: 'baton.cancelRun',
  resumeRun: 'baton.resumeRun',
  agree: 'baton.agree',
  overrule: 'baton.overrule',
  setSecret: 'baton.setSecret',
  deleteSecret: 'baton.deleteSecret',
  installCommand: 'baton.installCommand',
  installGpu: 'baton.installGpu',
  showLog: 'baton.showLog',
  openDesigner: 'baton.openDesigner',
  openWalkthrough: 'baton.openWalkthrough',
  addTarget: 'baton.addTarget',
  editTargets: 'baton.editTargets',
  preflightTarget: 'baton.preflightTarget',
  openTargetShell: 'baton.openTargetShell',
  attachJob: 'baton.attachJob',
  resumeJob: 'baton.resumeJob',
  cancelJob: 'baton.cancelJob',
  removeJob: 'baton.removeJob',
} as const;
export type CommandName = keyof typeof commands;
export type CommandId = (typeof commands)[keyof typeof commands];

export const settings = {
  inline: 'baton.inline',
  node: 'baton.node',
  python: 'baton.python',
  sandbox: 'baton.sandbox',
  concurrency: 'baton.concurrency',
  allowEnv: 'baton.allowEnv',
} as const;

export const views = {
  container: 'baton',
  runs: 'baton.runs',
  policies: 'baton.policies',
  moment: 'baton.moment',
} as const;

export const customEditors = { designer: 'baton.designer' } as const;

/** Webview panels that come back after a reload. */
export const panels = { training: 'baton.training' } as const;

export const contextKeys = {
  hasRuns: 'baton.hasRuns',
  filtered: 'baton.filtered',
  compareSelected: 'baton.compareSelected',
  /** Texts that are open to be changed for a fork. */
  forkTexts: 'baton.forkTexts',
  /** YAML files that look like workflows and are not called so. */
  plainWorkflows: 'baton.plainWorkflows',
} as const;

/** `contextValue` of tree rows and comment threads, which menus are shown by. */
export const rows = {
  run: 'baton.run',
  liveRun: 'baton.liveRun',
  trainingRun: 'baton.trainingRun',
  liveTrainingRun: 'baton.liveTrainingRun',
  rollout: 'baton.rollout',
  action: 'baton.action',
  file: 'baton.file',
  folder: 'baton.folder',
  sample: 'baton.sample',
  verdict: 'baton.verdict',
  role: 'baton.role',
  promotedRole: 'baton.promotedRole',
  version: 'baton.version',
  targets: 'baton.targets',
  target: 'baton.target',
  /** one that ssh reaches */
  shellTarget: 'baton.shellTarget',
  /** one that stopped and can be gone on with */
  job: 'baton.job',
  endedJob: 'baton.endedJob',
  liveJob: 'baton.liveJob',
} as const;

/** Language model tools, by which the editor's own agent calls them. */
export const tools = { check: 'baton_check', why: 'baton_why', run: 'baton_run' } as const;

/** Under whose name promoted policies are chat models of the editor. */
export const chatVendor = 'baton';

export const walkthrough = 'baton.start';
