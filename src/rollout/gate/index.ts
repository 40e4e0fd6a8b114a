export { type GateListener, type Held, PausableGate } from './gate.js';
export { type Gate, openGate, type Point, type Stage, stages } from './point.js';
export { type Breakpoint, breakpointSchema, type Filters, filtersSchema } from './stops.js';
