export { Designer } from './editor.js';
