export { type ExportedAction, type ExportedRollout, exportedRollouts } from './actions.js';
export { otlpRequests } from './otlp.js';
export { columns, tableRows } from './table.js';
export { preferenceLines, sftLines } from './tuning.js';
