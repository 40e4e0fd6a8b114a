export {
  type ActionName,
  type ActionNow,
  actionNames,
  asksEnd,
  countMet,
  isAsked,
  isHitCount,
  valuesOf,
} from './conditions.js';
export { type GateListener, type Held, PausableGate } from './gate.js';
export { type Gate, openGate, type Point, type Stage, stages } from './point.js';
export { type Breakpoint, breakpointSchema, type Filters, filtersSchema } from './stops.js';
