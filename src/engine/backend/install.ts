// Installs native bindings into the user's cache. The CPU one is built from packages of the npm and Python registries
// alone: its own installer wants a host that many networks do not reach. Linux on x64 only.
import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gpuFolder, nativeFolder } from './load.js';

const GPU_BINDING = '@tensorflow/tfjs-node-gpu@4.22.0';
const BINDING = '@tensorflow/tfjs-node@4.22.0';
/** the release whose C interface that binding is written against; its wheel holds libraries and headers */
const LIBRARY = 'tensorflow-cpu==2.15.1';
const STEP_LIMIT_MS = 15 * 60_000;
/** What npm says of a failure is told on, whatever its settings silence. */
const INSTALL = ['install', '--no-audit', '--no-fund', '--loglevel=error'];

export interface InstallOptions {
  /** where to; the cache folder that `loadBackend` looks in by default */
  readonly folder?: string;
  /** an interpreter with pip */
  readonly python?: string;
  readonly signal?: AbortSignal;
}

/** Where Node's headers are, beside the program that runs this. Throws where they are not installed. */
function nodeHome(): string {
  const home = dirname(dirname(process.execPath));
  if (existsSync(join(home, 'include', 'node', 'node_api.h'))) return home;
  throw new Error(
    `Node's headers are missing: ${home}/include/node/node_api.h; install Node with its headers`,
  );
}

/**
 * Builds the binding and returns its folder. It takes about a minute, downloads about 250 MB, and nothing is
 * left behind where it fails: the folder takes its place only when all is done. Rejects with the step that
 * failed and the last lines that it wrote.
 */
export async function installNative(
  progress: (step: string) => void,
  options: InstallOptions = {},
): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `the native binding is built on Linux x64 only, this is ${process.platform} ${process.arch}`,
    );
  }
  const home = nodeHome();
  const python = options.python ?? 'python3';
  const run = runner(progress, options.signal);
  return intoPlace(options.folder ?? nativeFolder(), async (working) => {
    const npm = [...INSTALL, '--ignore-scripts', BINDING];
    await run('Downloading the binding', 'npm', npm, working);
    // Binding and wheel have nothing to do with the interpreter's version: ask for one that exists.
    const wheel = ['--no-deps', '--only-binary=:all:', '--python-version=3.11', '-d', 'wheel', LIBRARY];
    const platform = '--platform=manylinux2014_x86_64';
    await run('Downloading the library', python, ['-m', 'pip', 'download', platform, ...wheel], working);
    const [file] = readdirSync(join(working, 'wheel'));
    if (file === undefined) throw new Error('Downloading the library gave no file');
    const unzip = ['-m', 'zipfile', '-e', join('wheel', file), 'unpacked'];
    await run('Unpacking the library', python, unzip, working);
    rmSync(join(working, 'wheel'), { recursive: true });
    const binding = join(working, 'node_modules', '@tensorflow', 'tfjs-node');
    arrange(join(working, 'unpacked', 'tensorflow'), join(binding, 'deps'));
    rmSync(join(working, 'unpacked'), { recursive: true });
    const builder = join(working, 'node_modules', '.bin', 'node-pre-gyp');
    const build = ['install', '--build-from-source', `--nodedir=${home}`];
    await run('Compiling the binding', builder, build, binding);
    rmSync(join(binding, 'deps', 'include'), { recursive: true });
  });
}

/**
 * Installs the GPU binding with npm, whose install script downloads TensorFlow (hundreds of MB) from outside the
 * registries, and returns its folder. Nothing is left behind where it fails. Rejects with the step that failed.
 */
export async function installGpu(
  progress: (step: string) => void,
  options: Omit<InstallOptions, 'python'> = {},
): Promise<string> {
  return intoPlace(options.folder ?? gpuFolder(), (working) => {
    const npm = [...INSTALL, GPU_BINDING];
    return runner(progress, options.signal)(`Installing ${GPU_BINDING}`, 'npm', npm, working);
  });
}

/** Lets `work` fill a package folder beside `folder`, which takes its place when all is done; nothing is left else. */
async function intoPlace(folder: string, work: (working: string) => Promise<void>): Promise<string> {
  const working = `${folder}.part-${process.pid}`;
  rmSync(working, { recursive: true, force: true });
  mkdirSync(working, { recursive: true });
  try {
    writeFileSync(join(working, 'package.json'), '{"private": true}\n');
    await work(working);
    rmSync(folder, { recursive: true, force: true });
    renameSync(working, folder);
    return folder;
  } catch (error) {
    rmSync(working, { recursive: true, force: true });
    throw error;
  }
}

/** Carries out one step of an installation; rejects with npm's error code and the last lines that it wrote. */
function runner(progress: (step: string) => void, signal: AbortSignal | undefined) {
  return (step: string, command: string, args: readonly string[], cwd: string): Promise<void> => {
    progress(step);
    return new Promise((resolve, reject) => {
      const settings = { cwd, timeout: STEP_LIMIT_MS, maxBuffer: 1 << 28, signal };
      execFile(command, [...args], settings, (error, stdout, stderr) => {
        if (error === null) return resolve();
        const lines = `${stdout}\n${stderr}`.trim().split('\n');
        // npm says why it failed first, and ends with where its log is.
        const why = lines.slice(0, -5).filter((line) => /^npm \S+ code /.test(line));
        const last = [...why, ...lines.slice(-5)].join('\n');
        reject(new Error(`${step} failed (${command} ${args[0]}): ${last || error.message}`));
      });
    });
  };
}

/** Puts headers and libraries where the binding's build looks for them, under the names that it knows. */
function arrange(unpacked: string, deps: string): void {
  const lib = join(deps, 'lib');
  mkdirSync(lib, { recursive: true });
  cpSync(join(unpacked, 'include'), join(deps, 'include'), { recursive: true });
  for (const name of ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']) {
    renameSync(join(unpacked, name), join(lib, name));
  }
  symlinkSync('libtensorflow_cc.so.2', join(lib, 'libtensorflow.so'));
  symlinkSync('libtensorflow_cc.so.2', join(lib, 'libtensorflow.so.2'));
  symlinkSync('libtensorflow_framework.so.2', join(lib, 'libtensorflow_framework.so'));
}
