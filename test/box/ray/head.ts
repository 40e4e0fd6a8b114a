// A real Ray on loopback: `ray start --head`, with ports and a folder of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { freePort } from '../ssh/sshd.js';

export interface Head {
  address: string;
  /** The home folder of its jobs. */
  home: string;
  /** Processes of this cluster whose command line has a text in it. */
  processes(text: string): number[];
  /** `keep`: the home folder stays, for a head that is started anew. */
  stop(keep?: boolean): Promise<void>;
}

/**
 * `token`: the cluster asks for it. `home`: what an earlier head left. Resolves when a node is there; Ray gives up on a
 * node after 30 s.
 */
export async function startHead(token?: string, home = mkdtempSync('/tmp/bh-')): Promise<Head> {
  for (let tries = 1; ; tries++) {
    try {
      return await startOnce(token, home);
    } catch (error) {
      if (tries === 4 || !/timed out during startup/.test((error as Error).message)) throw error;
    }
  }
}

async function startOnce(token: string | undefined, home: string): Promise<Head> {
  const programs = process.env.BATON_RAY;
  if (programs === undefined)
    throw new Error('BATON_RAY is not set: start these tests with "npm run test:box"');
  // Ray's sockets lie in this folder, and a socket's path has about a hundred characters at most.
  const folder = mkdtempSync('/tmp/br-');
  const [port, dashboard] = [await freePort(), await freePort()];
  const args = ['start', '--head', '--block', '--node-ip-address=127.0.0.1', `--port=${port}`];
  const more = ['--dashboard-host=127.0.0.1', `--dashboard-port=${dashboard}`, '--num-cpus=4'];
  const ports = [
    '--min-worker-port=0',
    '--max-worker-port=0',
    `--ray-client-server-port=${await freePort()}`,
  ];
  const rest = ['--disable-usage-stats', '--object-store-memory=200000000', `--temp-dir=${folder}`];
  const child: ChildProcess = spawn(join(programs, 'ray'), [...args, ...more, ...ports, ...rest], {
    env: {
      ...process.env,
      PATH: programs + delimiter + process.env.PATH,
      // Jobs keep their files here, as on a head node of their own.
      HOME: home,
      ...(token ? { RAY_AUTH_MODE: 'token', RAY_AUTH_TOKEN: token } : {}),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let said = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let up = true;
  void gone.then(() => {
    up = false;
  });
  const address = `http://127.0.0.1:${dashboard}`;
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  // The dashboard answers before the first node has said that it is there.
  const alive = async (): Promise<boolean> => {
    const reply = await fetch(`${address}/api/v0/nodes`, { headers }).catch(() => null);
    return reply?.ok === true && (await reply.text()).includes('ALIVE');
  };
  while (up && !(await alive())) await new Promise((resolve) => setTimeout(resolve, 200));
  if (!up) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`ray ended: ${said}`);
  }
  return {
    address,
    home,
    processes: (text) =>
      readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .filter((pid) => of(pid, 'cmdline').includes(text) && of(pid, 'environ').includes(`HOME=${home}\0`))
        .map(Number),
    stop: async (keep = false) => {
      child.kill('SIGTERM');
      await gone;
      for (const own of keep ? [folder] : [folder, home])
        rmSync(own, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
    },
  };
}

/** What the system says of a process; nothing where it is gone. */
function of(pid: string, what: 'cmdline' | 'environ'): string {
  try {
    const text = readFileSync(`/proc/${pid}/${what}`, 'utf8');
    return what === 'cmdline' ? text.replaceAll('\0', ' ') : text;
  } catch {
    return '';
  }
}
