// Podman and a Docker service of this test's own, and an image for both that holds the Python of this machine.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const call = promisify(execFile);
export const image = 'localhost/baton-test-python:1';
const python = '/usr/bin/python3';

/** What the interpreter is made of, as paths from the root: itself, its modules, and every library that these load. */
async function parts(): Promise<string[]> {
  const program = 'import sys, sysconfig; print(sys.executable, sysconfig.get_path("stdlib"))';
  const [executable, modules] = (await call(python, ['-I', '-c', program])).stdout.trim().split(' ');
  const binaries = (await call('find', [`${modules}/lib-dynload`, '-name', '*.so'])).stdout
    .trim()
    .split('\n');
  const linked = await call('ldd', [executable!, ...binaries, '/usr/bin/true']);
  const libraries = linked.stdout.match(/^\t.*/gm)!.flatMap((line) => /(\/\S+)/.exec(line)?.[1] ?? []);
  // The programs that hostile cases start.
  const programs = ['/usr/bin/true', '/usr/bin/sleep'];
  return [...new Set([executable!, modules!, ...libraries, ...programs])].map((path) => path.slice(1));
}

/** Imports the image with both tools. */
async function importImage(folder: string): Promise<void> {
  const archive = join(folder, 'root.tar');
  const skip = ['test', '__pycache__', 'dist-packages'].map((name) => `--exclude=*/${name}`);
  await call('tar', ['-C', '/', '-chf', archive, ...skip, ...(await parts())]);
  await call('podman', ['import', archive, image]);
  await call('docker', ['import', archive, image]);
}

/**
 * Points both tools at services of their own through the environment, as a user would.
 * @returns what ends them again
 */
export async function startTools(): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'baton-containers-'));
  // crun refuses a host that mounts both versions of cgroups; a virtual machine may not let limits be raised.
  const settings = `[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n[engine]\nruntime = "runc"\n`;
  process.env.CONTAINERS_CONF = join(folder, 'containers.conf');
  writeFileSync(process.env.CONTAINERS_CONF, settings);
  const socket = `unix://${folder}/docker.sock`;
  process.env.DOCKER_HOST = socket;
  const places = ['data-root', 'exec-root'].flatMap((name) => [`--${name}`, join(folder, name)]);
  const own = ['--host', socket, '--pidfile', join(folder, 'pid'), ...places];
  const service = spawn('dockerd', ['--iptables=false', '--bridge=none', ...own], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  service.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = new Promise<void>((done) => service.once('exit', () => done()));
  await new Promise<void>((up, down) => {
    service.stderr.on('data', () => said.includes('API listen on') && up());
    service.once('exit', () => down(new Error(`dockerd ended: ${said.slice(-2000)}`)));
  });
  await importImage(folder);
  return async () => {
    service.kill();
    await ended;
    await call('podman', ['image', 'rm', '--force', image]);
    rmSync(folder, { recursive: true, force: true });
  };
}

/** Names of containers that a tool still knows, running or not. */
export async function containers(tool: 'podman' | 'docker'): Promise<string[]> {
  const { stdout } = await call(tool, ['ps', '--all', '--format', '{{.Names}}']);
  return stdout.split('\n').filter((name) => name.startsWith('baton-'));
}
