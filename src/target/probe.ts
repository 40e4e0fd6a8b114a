// What a machine has, asked by one shell script that runs here or there alike.
import { spawnSync } from 'node:child_process';
import * as z from 'zod';
import { defaultImage } from '../sandbox/index.js';
import { cudaInHeader, type Gpu, gpuQuery, parseGpus } from './local/gpu.js';
import { mustRun } from './ssh/connection.js';
import type { SshTarget } from './targets.js';

/**
 * `$1` node, `$2` where jobs and the cache lie, `$3` where runs lie where that is elsewhere, `$4` a base's absolute
 * path, `$5` the file under `$2` that says that the torch engine's environment is made; each may be empty but the
 * first two. Lines "key=value"; what is absent is empty.
 */
export const probeScript = `
say() { printf '%s=%s\\n' "$1" "$2"; }
first() { "$@" 2>/dev/null | head -n 1; }
free() {
  p=$1
  while [ ! -d "$p" ]; do p=$(dirname "$p"); done
  df -Pk "$p" 2>/dev/null | awk 'NR==2 {print $4}'
}
say os "$(uname -s) $(uname -r)"
say arch "$(uname -m)"
say cores "$(getconf _NPROCESSORS_ONLN 2>/dev/null)"
say memory "$(sed -n 's/^MemAvailable: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo 2>/dev/null)"
case "$2" in "~/"*) d="$HOME/\${2#"~/"}";; /*) d="$2";; *) d="$HOME/$2";; esac
say disk "$(free "$d")"
[ -z "$3" ] || say runs "$(free "$3")"
[ -z "$5" ] || [ ! -e "$d/$5" ] || say environment yes
case "$4" in
  "") ;;
  *.gguf) [ ! -f "$4" ] || say base "$(wc -c < "$4" | tr -d ' ')" ;;
  *) [ ! -d "$4" ] || say base "$(for f in "$4"/*.safetensors; do [ ! -f "$f" ] || wc -c < "$f"; done |
    awk '{ s += $1 } END { printf "%.0f", s }')" ;;
esac
case "$1" in "~/"*) n="$HOME/\${1#"~/"}";; *) n="$1";; esac
say node "$(first "$n" --version)"
say python "$(first python3 -c 'import sys; print(".".join(map(str, sys.version_info[:3])))')"
say venv "$(first python3 -c 'import venv, ensurepip; print("yes")')"
say uv "$(first uv --version)"
say git "$(first git --version)"
say tar "$(first tar --version)"
image() { timeout 20 "$1" image inspect "\${BATON_IMAGE:-${defaultImage}}" >/dev/null 2>&1 && echo "$1"; }
say sandbox "$(echo $(bwrap --ro-bind / / --unshare-all --die-with-parent true 2>/dev/null && echo bubblewrap
  image podman
  image docker))"
nvidia-smi ${gpuQuery.join(' ')} 2>/dev/null | sed 's/^/gpu=/'
say cuda "$(nvidia-smi 2>/dev/null | sed -n '${cudaInHeader}' | head -n 1)"
true`;

const number = z.coerce.number().catch(0);
const known = z.coerce.number().optional().catch(undefined);
const factsSchema = z.object({
  os: z.string().default(''),
  arch: z.string().default(''),
  cores: number,
  /** available, KiB */
  memory: number,
  /** free where jobs and the cache lie, KiB */
  disk: number,
  /** free where runs lie, KiB; absent where that is the same place */
  runs: known,
  /** whether the torch engine's environment is made there */
  environment: z.string().default(''),
  /** bytes of the base's files; absent where there is no such path */
  base: known,
  node: z.string().default(''),
  python: z.string().default(''),
  venv: z.string().default(''),
  uv: z.string().default(''),
  git: z.string().default(''),
  tar: z.string().default(''),
  /** the levels that seem to work, in the order in which they are taken */
  sandbox: z.string().default(''),
  /** the newest CUDA that the driver supports */
  cuda: z.string().default(''),
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

/** What is asked beside what every machine is asked. */
export interface Asked {
  /** a base's absolute path */
  base?: string | undefined;
  /** the file under the folder that is there once the torch engine's environment is made */
  environment?: string | undefined;
}

/** Facts about this machine: `cache` and `runs` are folders whose disks count. */
export function probeHere(cache: string, runs = ''): MachineFacts {
  const ran = spawnSync('sh', ['-c', probeScript, 'sh', process.execPath, cache, runs, '', ''], {
    encoding: 'utf8',
    timeout: 90_000,
  });
  return parseFacts(ran.stdout ?? '');
}

/** Facts about the machine behind ssh. Rejects with an SshError where it cannot be reached. */
export async function probeThere(
  target: SshTarget,
  { base = '', environment = '' }: Asked = {},
): Promise<MachineFacts> {
  const args = [target.node, target.folder, '', base, environment];
  return parseFacts(await mustRun(target, probeScript, args));
}
