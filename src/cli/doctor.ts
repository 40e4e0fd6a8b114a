import { execFileSync } from 'node:child_process';
import { discoverModels } from '../policy/index.js';
import { probeAll } from '../sandbox/index.js';
import { exit, type Terminal } from './terminal.js';

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
        todo: level.todo,
        needed: !confined,
      })),
    binding(
      '@tensorflow/tfjs-node-gpu',
      'On a machine with an NVIDIA GPU and CUDA: npm install @tensorflow/tfjs-node-gpu',
    ),
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
    if (!finding.works) for (const todo of finding.todo) terminal.say(`          ${todo}`);
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

function binding(name: string, todo: string): Finding {
  try {
    const path = import.meta.resolve(name);
    return { what: name, works: true, why: path, todo: [], needed: false };
  } catch {
    return {
      what: name,
      works: false,
      why: 'not installed (optional; the embedded engine runs on WebAssembly)',
      todo: [todo],
      needed: false,
    };
  }
}
