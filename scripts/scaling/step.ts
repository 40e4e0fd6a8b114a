import type { Units } from './units.js';

/** What is chosen, not measured. */
export interface Plan {
  devices: number;
  /** Processes that carry rollouts and their programs. */
  workers: number;
  /** Seconds of one verdict, and how many are given at a time. */
  verdictSeconds: number;
  judges: number;
}

/** Seconds of each part of a step, and which of them holds it up. Arithmetic over measured units. */
export interface Step {
  engines: number;
  sampling: number;
  programs: number;
  coach: number;
  updates: number;
  total: number;
  bound: 'sampling' | 'programs' | 'coach' | 'updates';
  /** Trainings that the devices carry side by side, and their steps an hour together. */
  sideBySide: number;
  stepsPerHour: number;
}

/**
 * An engine holds whole roles, so a training takes at most one device a role; roles are updated one after the other.
 * Sampling, programs and verdicts of different rollouts overlap, so the slowest of the three counts; updates wait for
 * all of them. Units: seconds.
 */
export function stepOf(units: Units, plan: Plan): Step {
  const engines = Math.max(1, Math.min(plan.devices, units.roles.length));
  const busiest = Math.ceil(units.roles.length / engines) / units.roles.length;
  const replies = units.actions * units.replyTokens;
  const parts = {
    sampling: (replies * busiest) / units.sampledPerSecond,
    programs: (units.actions * units.programSeconds) / plan.workers,
    coach: (units.actions * plan.verdictSeconds) / plan.judges,
    updates: (units.actions * (units.promptTokens + units.replyTokens)) / units.trainedPerSecond,
  };
  const rollouts = Math.max(parts.sampling, parts.programs, parts.coach);
  const total = rollouts + parts.updates;
  const bound = (Object.keys(parts) as (keyof typeof parts)[]).reduce((a, b) =>
    parts[b] > parts[a] ? b : a,
  );
  const sideBySide = Math.max(1, Math.floor(plan.devices / engines));
  return { ...parts, engines, total, bound, sideBySide, stepsPerHour: (sideBySide * 3600) / total };
}

/** Verdicts at a time from which on the coach no longer holds rollouts up. */
export function judgesNeeded(units: Units, plan: Plan): number {
  const { sampling, programs } = stepOf(units, plan);
  return Math.ceil((units.actions * plan.verdictSeconds) / Math.max(sampling, programs));
}
