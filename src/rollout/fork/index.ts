export { type Edit, type ForkChange, forkChangeSchema, readChange } from './change.js';
export { beginFork, type ForkAt, openForks } from './fork.js';
