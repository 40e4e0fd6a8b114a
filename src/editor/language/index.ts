/**
 * language/: what the editor knows of a workflow's text, as pure functions of text and offset (UTF-16 units). It
 * must never name the editor, run anything, or read outside the workflow's folder.
 */
export * from './analyse.js';
export { type Completions, complete, completeHole, type Served } from './complete.js';
export { contextAt } from './context.js';
export { fixesFor, offsetOf } from './fixes.js';
export { formatWorkflow } from './format.js';
export { type HoverPart, type HoverText, hoverAt, nameHover } from './hover.js';
export { type OutlineItem, outline } from './outline.js';
export type { Suggestion } from './suggestion.js';
export { completeTargets, hoverTargets } from './targets.js';
