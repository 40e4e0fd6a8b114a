// A real Ray on loopback: `ray start --head`, with ports and a folder of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { freePort } from '../ssh/sshd.js';

/** A node of a cluster. */
export interface Node {
  /** The home folder of what runs on it. */
  home: string;
  /** Its processes whose command line has a text in it. */
  processes(text: string): number[];
}

export interface Head extends Node {
  address: string;
  /** Brings another node with 4 CPUs up, which ends with the head. */
  join(): Promise<Node>;
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

/** Ports of a node's helpers, which Ray itself would give to one node of a machine only. */
const ofAgents = async (): Promise<string[]> => [
  `--dashboard-agent-listen-port=${await freePort()}`,
  `--metrics-export-port=${await freePort()}`,
];

async function startOnce(token: string | undefined, home: string): Promise<Head> {
  const programs = process.env.BATON_RAY;
  if (programs === undefined)
    throw new Error('BATON_RAY is not set: start these tests with "npm run test:box"');
  // Ray's sockets lie in this folder, and a socket's path has about a hundred characters at most.
  const folder = mkdtempSync('/tmp/br-');
  const [port, dashboard] = [await freePort(), await freePort()];
  const common = [
    '--block',
    '--node-ip-address=127.0.0.1',
    '--num-cpus=4',
    '--object-store-memory=200000000',
  ];
  // Jobs keep their files in `own`, as on a node of their own.
  const start = (own: string, ...args: string[]): ChildProcess =>
    spawn(join(programs, 'ray'), ['start', ...common, '--disable-usage-stats', ...args], {
      env: {
        ...process.env,
        PATH: programs + delimiter + process.env.PATH,
        HOME: own,
        ...(token ? { RAY_AUTH_MODE: 'token', RAY_AUTH_TOKEN: token } : {}),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
  const child = start(
    home,
    ...['--head', `--port=${port}`, '--dashboard-host=127.0.0.1', `--dashboard-port=${dashboard}`],
    ...['--min-worker-port=0', '--max-worker-port=0', `--ray-client-server-port=${await freePort()}`],
    `--temp-dir=${folder}`,
    ...(await ofAgents()),
  );
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
  const alive = async (): Promise<number> => {
    const reply = await fetch(`${address}/api/v0/nodes`, { headers }).catch(() => null);
    return reply?.ok === true ? (await reply.text()).split('"ALIVE"').length - 1 : 0;
  };
  while (up && (await alive()) === 0) await new Promise((resolve) => setTimeout(resolve, 200));
  if (!up) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`ray ended: ${said}`);
  }
  const joined: { child: ChildProcess; gone: Promise<void>; home: string }[] = [];
  return {
    address,
    ...nodeOf(home),
    join: async () => {
      const own = mkdtempSync('/tmp/bn-');
      const node = start(own, `--address=127.0.0.1:${port}`, `--temp-dir=${own}/ray`, ...(await ofAgents()));
      let last = '';
      for (const stream of [node.stdout!, node.stderr!])
        stream.on('data', (chunk: Buffer) => {
          last += chunk.toString();
        });
      let ended = false;
      const gone = new Promise<void>((resolve) => node.once('exit', () => resolve()));
      void gone.then(() => {
        ended = true;
      });
      joined.push({ child: node, gone, home: own });
      while ((await alive()) <= joined.length) {
        if (ended) throw new Error(`the node ended: ${last}`);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      return nodeOf(own);
    },
    stop: async (keep = false) => {
      for (const each of joined) {
        each.child.kill('SIGTERM');
        await each.gone;
      }
      child.kill('SIGTERM');
      await gone;
      const homes = joined.map((each) => each.home);
      for (const own of keep ? [folder, ...homes] : [folder, home, ...homes])
        rmSync(own, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
    },
  };
}

const nodeOf = (home: string): Node => ({
  home,
  processes: (text) =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => of(pid, 'cmdline').includes(text) && of(pid, 'environ').includes(`HOME=${home}\0`))
      .map(Number),
});

/** What the system says of a process; nothing where it is gone. */
function of(pid: string, what: 'cmdline' | 'environ'): string {
  try {
    const text = readFileSync(`/proc/${pid}/${what}`, 'utf8');
    return what === 'cmdline' ? text.replaceAll('\0', ' ') : text;
  } catch {
    return '';
  }
}
