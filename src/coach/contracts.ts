import type { Evidence, Judge, Judged, Verdict } from '../trace/index.js';
import type { FailureCode } from '../workflow/index.js';
import { type ActionRecord, actionsOf } from './actions.js';
import { blocker, foreignFile, neverRead, overfilledBy } from './handoff.js';
import { advice, causes, cleanScore, failureScores, OTHER_FAILURE, REPAIRED } from './rules.js';

/**
 * The contract coach: verdicts from contracts, exit codes, facts and metrics alone. Before the outcome it judges
 * forward; with the outcome it goes backwards over every action again, so that consequences count.
 */
export const contractCoach: Judge = (what) => Promise.resolve(judgeByContracts(what));

export function judgeByContracts(what: Judged): Verdict[] {
  const actions = actionsOf(what.events);
  return actions
    .filter((action) => action.finished !== null)
    .map((action) => judgeAction(action, actions, what));
}

interface Fault {
  code: FailureCode;
  diagnosis: string;
  evidence: Evidence[];
}

const cut = {
  truncated: 'The reply was cut at its longest',
  filtered: "A content filter of the model's server stopped the reply",
};

function judgeAction(action: ActionRecord, actions: ActionRecord[], what: Judged): Verdict {
  const fault = findFault(action, what) ?? overfilling(action, actions);
  const base = {
    action: action.id,
    judge: 'contracts',
    rubric: null,
    pass: what.outcome === null ? ('forward' as const) : ('backward' as const),
    sample: 0,
    residual: null,
    supersedes: null,
    confidence: 1,
  };
  const overfilled = fault?.code === 'artifact.unreadable' ? overfilledBy(action, actions) : null;
  const upstream = overfilled ?? blocker(action, actions, what);
  if (
    action.finished?.status === 'blocked' ||
    overfilled !== null ||
    (fault !== null && upstream !== null && isProgramFault(fault.code))
  ) {
    const who = upstream ?? { agent: 'nobody', action: null };
    const did = overfilled
      ? 'left more files in the workspace than are kept'
      : 'handed over something that cannot be used';
    const diagnosis = action.finished?.why ?? `${who.agent} ${did}`;
    return {
      ...base,
      score: null,
      reason: 'blocked',
      code: 'blocked',
      diagnosis: sentence(diagnosis),
      advice: null,
      blamed: who,
      evidence: fault?.evidence ?? [],
    };
  }
  const own = { agent: action.agent, action: action.id };
  const status = action.finished?.status;
  if (status === 'truncated' || status === 'filtered') {
    const code = `reply.${status}` as const;
    return {
      ...base,
      score: null,
      reason: status,
      code,
      diagnosis: `${cut[status]}, so it cannot be judged.`,
      advice: advice[code] ?? null,
      blamed: own,
      evidence: [],
    };
  }
  if (fault) {
    const repaired = !action.last && laterIsClean(action, what);
    const score = repaired ? REPAIRED : (failureScores[fault.code] ?? OTHER_FAILURE);
    return {
      ...base,
      score,
      reason: null,
      code: fault.code,
      diagnosis: sentence(fault.diagnosis),
      advice: advice[fault.code] ?? null,
      blamed: own,
      evidence: fault.evidence,
    };
  }
  return {
    ...base,
    score: clean(action, what),
    reason: null,
    code: null,
    diagnosis: 'Everything it owed keeps its contract.',
    advice: null,
    blamed: null,
    evidence: [],
  };
}

/** What is wrong with an action that left no room for what another role made; null where it did not. */
function overfilling(action: ActionRecord, actions: readonly ActionRecord[]): Fault | null {
  const lost = actions.find((other) => overfilledBy(other, actions)?.action === action.id);
  if (!lost) return null;
  const diagnosis = `it left more files in the workspace than are kept, so that what ${lost.agent} made was lost`;
  return fault('artifact.unreadable', diagnosis, action, null, 'action.finished');
}

function clean(action: ActionRecord, { workflow, outcome }: Judged): number {
  const shares = Object.values(outcome?.metrics ?? {}).flatMap((metric) => {
    const floor = metric.unit_fallback ?? 0.5;
    return metric.unit === null || floor >= 1 ? [] : [(metric.unit - floor) / (1 - floor)];
  });
  const above = shares.length === 0 ? null : shares.reduce((sum, value) => sum + value, 0) / shares.length;
  const makes = (workflow.agents[action.agent]?.produces ?? []).some(
    (name) => workflow.artifacts[name]?.kind === 'model',
  );
  return Math.round(cleanScore(above, outcome?.success ?? null, makes) * 100) / 100;
}

function isProgramFault(code: FailureCode): boolean {
  return code.startsWith('program.') || code === 'artifact.missing';
}

function laterIsClean(action: ActionRecord, what: Judged): boolean {
  return action.turns.some((other) => other.turn > action.turn && findFault(other, what) === null);
}

function findFault(action: ActionRecord, what: Judged): Fault | null {
  const { workflow } = what;
  const agent = workflow.agents[action.agent];
  if (!agent) return null;
  const breaches = action.checked?.breaches ?? [];
  // It owes nothing, or a message that was still to come.
  const nothingChecked = Object.keys(action.checked?.facts ?? {}).length === 0;
  const broken = action.tools.findLast((tool) => tool.outcome !== 'ok');
  const foreign = foreignFile(action, workflow);
  if (foreign)
    return fault(
      'artifact.overwritten',
      `${foreign.path} belongs to another role and was ${foreign.how}`,
      action,
      foreign.path,
      'action.finished',
    );
  if (broken && (breaches.some((breach) => breach.code === 'artifact.missing') || nothingChecked)) {
    const code =
      ({ timeout: 'program.timeout', oom: 'program.memory', failed: 'program.failed' } as const)[
        broken.outcome as 'failed'
      ] ?? 'program.limit';
    const stderr = what.blobs.text(broken.stderr).trimEnd().split('\n').at(-1) ?? '';
    const said = stderr ? `: ${stderr.slice(0, 200)}` : '';
    return fault(
      code,
      `the program ended with ${broken.outcome === 'failed' ? 'an error' : `"${broken.outcome}"`}${said}`,
      action,
      'program.py',
      'tool.ran',
    );
  }
  // A file is written by a program only; a message needs none.
  const owesFile = breaches.some(({ artifact }) => workflow.artifacts[artifact]?.path !== null);
  if (owesFile && agent.tools.length > 0 && action.tools.length === 0)
    return fault(
      'program.none',
      'the reply holds no program that could have written what was owed',
      action,
      null,
      'model.called',
    );
  const order = (code: string) =>
    causes.includes(code as FailureCode) ? causes.indexOf(code as FailureCode) : causes.length;
  const first = [...breaches].sort((a, b) => order(a.code) - order(b.code))[0];
  const unread = neverRead(action, what);
  if (unread && (!first || first.code === 'model.replaced'))
    return fault(
      'artifact.unread',
      `it never read ${unread}, which it was handed`,
      action,
      unread,
      'tool.ran',
    );
  if (first) {
    const path = workflow.artifacts[first.artifact]?.path ?? null;
    return fault(first.code as FailureCode, first.message, action, path, 'artifact.checked');
  }
  const missed = missedBy(what);
  if (missed && action.final && agent.produces.includes(missed.artifact) && allValid(what))
    return fault(
      missed.code,
      missed.why,
      action,
      workflow.artifacts[missed.artifact]?.path ?? null,
      'outcome',
    );
  return null;
}

/** What an outcome that was not reached is about, whoever made that; null where it was reached or is about no artifact. */
function missedBy({
  workflow,
  outcome,
}: Judged): { artifact: string; why: string; code: FailureCode } | null {
  if (!outcome || outcome.success || outcome.why === null) return null;
  const { why } = outcome;
  const unmeasured = workflow.outcome.metrics.find(({ artifact }) => why.startsWith(`${artifact}: `));
  // A log that does not say what an outcome is about tells it of a metric in its words.
  const artifact = outcome.about === undefined ? unmeasured?.artifact : outcome.about;
  return artifact ? { artifact, why, code: unmeasured ? 'contract.broken' : 'outcome.missed' } : null;
}

function allValid({ workflow, events }: Judged): boolean {
  const valid = new Map<string, boolean>();
  for (const event of events)
    if (event.type === 'artifact.checked')
      for (const [name, facts] of Object.entries(event.data.facts)) valid.set(name, facts.valid === true);
  return Object.values(workflow.artifacts).every(
    (artifact) => artifact.producer === null || valid.get(artifact.name) === true,
  );
}

function fault(
  code: FailureCode,
  diagnosis: string,
  action: ActionRecord,
  file: string | null,
  event: string,
): Fault {
  return { code, diagnosis, evidence: [{ event, action: action.id, file, says: diagnosis }] };
}

function sentence(text: string): string {
  const start = text.slice(0, 1);
  return /[.!?]$/.test(text) ? start + text.slice(1) : `${start}${text.slice(1)}.`;
}
