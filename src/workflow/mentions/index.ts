export { type Mention, mentions, type NameKind } from './walk.js';
export type { Place } from './words.js';
