// `npm run bench:dispatch [-- REPEATS]`: seconds from "train" to the first step over a loopback sshd and a loopback
// Ray, each beside `scp` + `ssh` and `ray job submit` by hand. Makes Ray's environment where it is not cached.
import { runBundled } from './bundle.mjs';
import { ensurePackages, ensureSshd } from './ensure.mjs';
import { rayPrograms } from './ray-env.mjs';

ensurePackages();
ensureSshd();
process.env.BATON_RAY = rayPrograms();
await runBundled('test/bench/dispatch.ts', 'bench-dispatch', process.argv.slice(2));
