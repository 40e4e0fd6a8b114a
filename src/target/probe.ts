// What a machine has, asked by one shell script that runs here or there alike.
import { spawnSync } from 'node:child_process';
import * as z from 'zod';
import { type Gpu, gpuQuery, parseGpus } from './local/gpu.js';
import { runThere } from './ssh/connection.js';
import type { SshTarget } from './targets.js';

/** `$1` node, `$2` a folder on the disk that counts. Lines "key=value"; what is absent is empty. */
const script = `
say() { printf '%s=%s\\n' "$1" "$2"; }
first() { "$@" 2>/dev/null | head -n 1; }
say os "$(uname -s) $(uname -r)"
say arch "$(uname -m)"
say cores "$(getconf _NPROCESSORS_ONLN 2>/dev/null)"
say memory "$(sed -n 's/^MemAvailable: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo 2>/dev/null)"
case "$2" in "~/"*) d="$HOME";; /*) d="$2";; *) d="$HOME";; esac
while [ ! -d "$d" ]; do d=$(dirname "$d"); done
say disk "$(df -Pk "$d" 2>/dev/null | awk 'NR==2 {print $4}')"
case "$1" in "~/"*) n="$HOME/\${1#"~/"}";; *) n="$1";; esac
say node "$(first "$n" --version)"
say python "$(first python3 -c 'import sys; print(".".join(map(str, sys.version_info[:3])))')"
say venv "$(first python3 -c 'import venv, ensurepip; print("yes")')"
say uv "$(first uv --version)"
say git "$(first git --version)"
say tar "$(first tar --version)"
say sandbox "$(bwrap --ro-bind / / --unshare-all --die-with-parent true 2>/dev/null && echo bubblewrap)"
nvidia-smi ${gpuQuery.join(' ')} 2>/dev/null | sed 's/^/gpu=/'
true`;

const number = z.coerce.number().catch(0);
const factsSchema = z.object({
  os: z.string().default(''),
  arch: z.string().default(''),
  cores: number,
  /** available, KiB */
  memory: number,
  /** free, KiB */
  disk: number,
  node: z.string().default(''),
  python: z.string().default(''),
  venv: z.string().default(''),
  uv: z.string().default(''),
  git: z.string().default(''),
  tar: z.string().default(''),
  sandbox: z.string().default(''),
});

export type MachineFacts = z.output<typeof factsSchema> & { gpus: Gpu[] };

/** Facts from the script's output. */
export function parseFacts(text: string): MachineFacts {
  const lines = text.split('\n').map((line) => [line.split('=', 1)[0]!, line.slice(line.indexOf('=') + 1)]);
  const gpus = parseGpus(
    lines
      .filter(([key]) => key === 'gpu')
      .map(([, value]) => value)
      .join('\n'),
  );
  return { ...factsSchema.parse(Object.fromEntries(lines)), gpus };
}

/** Facts about this machine. */
export function probeHere(folder: string): MachineFacts {
  const ran = spawnSync('sh', ['-c', script, 'sh', process.execPath, folder], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return parseFacts(ran.stdout ?? '');
}

/** Facts about the machine behind ssh. Rejects with an SshError where it cannot be reached. */
export async function probeThere(target: SshTarget): Promise<MachineFacts> {
  return parseFacts((await runThere(target, script, [target.node, target.folder])).stdout);
}
