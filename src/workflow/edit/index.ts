export { type Change, changeText } from './change.js';
export { intoFlow, withoutRole } from './flow.js';
export { renameEdits } from './rename.js';
export { applyEdits, oneEdit, type TextEdit } from './text-edit.js';
