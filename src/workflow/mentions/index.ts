export { type FileLink, fileLinks } from './links.js';
export { type Mention, mentions, type NameKind } from './walk.js';
export type { Place } from './words.js';
