import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEngine } from '../engine/index.js';
import { discoverModels } from '../policy/index.js';
import { probeAll } from '../sandbox/index.js';
import { shipped } from './places.js';
import { commandName, exit, type Terminal } from './terminal.js';

interface Finding {
  what: string;
  works: boolean;
  why: string;
  todo: string[];
  needed: boolean;
}

/** `baton doctor`: what is there, what is missing, and how to get it. */
export async function doctorCommand(terminal: Terminal): Promise<number> {
  const sandboxes = (await probeAll()).levels;
  const confined = sandboxes.some((level) => level.works && level.level !== 'none');
  const findings: Finding[] = [
    { what: 'node', works: true, why: process.version, todo: [], needed: true },
    program(
      'git',
      ['--version'],
      'Install git with your package manager, for example: sudo apt-get install -y git',
    ),
    program(
      'python3',
      ['--version'],
      'Install Python 3.9 or later, for example: sudo apt-get install -y python3',
    ),
    ...sandboxes
      .filter((level) => level.level !== 'none')
      .map((level) => ({
        what: `sandbox: ${level.level}`,
        works: level.works,
        why: level.why,
        todo: level.works ? [] : level.todo,
        needed: !confined,
      })),
    await embeddedEngine(),
  ];
  const models = await discoverModels(process.env);
  const ok = findings.every((finding) => finding.works || !finding.needed) && confined;
  terminal.emit({
    ok,
    findings,
    models: models.map(({ kind, baseUrl, models: names, key }) => ({ kind, baseUrl, models: names, key })),
  });
  for (const finding of findings) {
    terminal.say(
      `${finding.works ? 'ok     ' : finding.needed ? 'MISSING' : '-      '} ${finding.what}: ${finding.why}`,
    );
    for (const todo of finding.todo) terminal.say(`          ${todo}`);
  }
  for (const found of models)
    terminal.say(
      `ok      model: ${found.kind} at ${found.baseUrl}${found.key ? ` (${found.key} is set)` : `: ${found.models.join(', ')}`}`,
    );
  terminal.say(ok ? '\nReady.' : '\nSomething that Baton needs is missing; see above.');
  return ok ? exit.fine : exit.environment;
}

function program(what: string, args: string[], todo: string): Finding {
  try {
    const why = execFileSync(what, args, {
      encoding: 'utf8',
      timeout: 5000,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return { what, works: true, why, todo: [], needed: true };
  } catch {
    return { what, works: false, why: 'not found', todo: [todo], needed: true };
  }
}

/** The backend that the embedded engine chooses when it is started, and what a faster one takes. */
async function embeddedEngine(): Promise<Finding> {
  const what = 'embedded engine';
  const dir = mkdtempSync(join(tmpdir(), 'baton-doctor-'));
  try {
    const program = shipped(join('dist', 'engine.mjs'));
    const engine = await startEngine({ dir, base: shipped('media/base'), program, backend: 'auto' });
    const { backend, reasons } = await engine.client.health();
    await engine.stop();
    const faster = {
      'native-cpu': `The native CPU build is faster: ${commandName()} doctor --install-native`,
      'native-gpu': `With an NVIDIA GPU and CUDA: ${commandName()} doctor --install-gpu`,
    };
    const todo = Object.entries(faster).flatMap(([name, how]) =>
      reasons.some((reason) => reason.startsWith(`${name}:`) && backend !== name) ? [how] : [],
    );
    return { what, works: true, why: reasons.toReversed().join('; '), todo, needed: true };
  } catch (error) {
    return { what, works: false, why: (error as Error).message, todo: [], needed: true };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
