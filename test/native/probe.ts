// Loads the native backend in whichever Node runs this, and says how that went.
import { loadBackend } from '../../src/engine/backend/load.js';

const { name, reasons } = await loadBackend('native-cpu');
console.log(JSON.stringify({ node: process.version, name, reasons }));
