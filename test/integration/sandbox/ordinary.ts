// Runs every hostile case as whoever starts it; prints one JSON line per case. Bundled and started as another user.
import { openSandbox } from '../../../src/sandbox/index.js';
import { artifacts } from './cases-artifacts.js';
import { exhaust } from './cases-exhaust.js';
import { reach } from './cases-reach.js';
import { placeFor } from './place.js';

const opened = await openSandbox({ level: 'bubblewrap' });
if (!opened.ok) throw new Error(JSON.stringify(opened.report));
for (const each of [...reach, ...artifacts, ...exhaust]) {
  const problem = await each.run(placeFor(opened.sandbox)).then(
    () => null,
    (error: Error) => error.message,
  );
  console.log(JSON.stringify({ name: each.name, user: process.getuid?.(), problem }));
}
await opened.sandbox.close();
