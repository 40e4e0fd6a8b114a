// What all tests need of the system's packages, installed at once: two package managers at a time lock each other out.
import { ensureSshd, ensureSystem, ensureTcsh } from './ensure.mjs';

await ensureSystem();
ensureSshd();
ensureTcsh();
