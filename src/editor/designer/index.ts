export { Designer, openDesigner } from './editor.js';
