// Opens a sandbox, says so from within a program that goes on, and waits to be killed. Bundled and started alone.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openSandbox } from '../../../src/sandbox/index.js';
import { limits, placeFor } from './place.js';

const opened = await openSandbox({ level: 'bubblewrap' });
if (!opened.ok) throw new Error(JSON.stringify(opened.report));
const { workspace, python } = placeFor(opened.sandbox);
const running = python('import time\nopen("up", "w").close()\ntime.sleep(100)', { ...limits, seconds: 100 });
while (!existsSync(join(workspace, 'up'))) await new Promise((done) => setTimeout(done, 5));
console.log('running');
await running;
