// What a program in bubblewrap sees. Pure but for looking at the shape of the host's root.
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import type { Interpreter } from './interpreter.js';
import type { Limits } from './types.js';

/** Where our own Python files and the compiled modules lie inside. */
export const launcherFolder = '/run/baton';
export const compiledFolder = '/run/compiled';
/** By the host path, so that commands with different modules can share one cache. */
export const moduleFolder = (source: string): string =>
  `/run/modules/${createHash('sha256').update(source).digest('hex').slice(0, 12)}`;

/**
 * The folders above a mount point, made by name: bubblewrap itself would make them closed to all but its own user,
 * who as root is not the program's.
 */
export function parents(paths: string[]): string[] {
  const folders = new Set<string>();
  for (const path of paths) {
    const parts = path.split('/').slice(1, -1);
    parts.forEach((_, at) => {
      folders.add(`/${parts.slice(0, at + 1).join('/')}`);
    });
  }
  return [...folders].sort().flatMap((folder) => ['--perms', '0755', '--dir', folder]);
}

/** `/usr` and what points into it. `/etc` holds only what the dynamic loader needs. */
export function systemMounts(interpreter: Interpreter): string[] {
  const args = ['--ro-bind', '/usr', '/usr'];
  for (const folder of ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']) {
    if (!existsSync(folder)) continue;
    if (lstatSync(folder).isSymbolicLink()) args.push('--symlink', readlinkSync(folder), folder);
    else args.push('--ro-bind', folder, folder);
  }
  // Without `/etc/alternatives` numpy finds no BLAS.
  const loader = ['/etc/alternatives', '/etc/ld.so.cache', '/etc/localtime'].filter((path) =>
    existsSync(path),
  );
  args.push(...parents([...loader, ...interpreter.folders.filter((folder) => !folder.startsWith('/usr/'))]));
  for (const path of loader) args.push('--ro-bind', path, path);
  for (const folder of interpreter.folders) args.push('--ro-bind', folder, folder);
  return args;
}

export interface Bound {
  workspace: string;
  readOnly?: true | undefined;
  inputs?: string | undefined;
  modules: { at: string; folder: string }[];
  compiled?: string | undefined;
  launcher: string;
  /** Bound read-only at their own paths: the parents of workspaces, for the process that takes facts. */
  shown?: string[] | undefined;
}

/**
 * Everything after the system: sized tmpfs, read-only root and `/dev`, and the bindings. Nothing is mounted below a
 * folder the program can write: bubblewrap follows symbolic links planted there (CVE-2026-87766).
 */
export function ownMounts(bound: Bound, limits: Limits): string[] {
  const temporary = String(limits.diskMb * 1024 * 1024);
  const shared = String(limits.memoryMb * 1024 * 1024);
  const args = ['--proc', '/proc', '--dev', '/dev'];
  args.push('--perms', '1777', '--size', shared, '--tmpfs', '/dev/shm');
  args.push('--perms', '1777', '--size', temporary, '--tmpfs', '/tmp');
  args.push(...parents([launcherFolder, moduleFolder(''), ...(bound.shown ?? [])]));
  args.push('--ro-bind', bound.launcher, launcherFolder);
  for (const { at, folder } of bound.modules) args.push('--ro-bind', folder, at);
  if (bound.compiled !== undefined) args.push('--ro-bind', bound.compiled, compiledFolder);
  if (bound.inputs !== undefined) args.push('--ro-bind', bound.inputs, '/inputs');
  for (const folder of bound.shown ?? []) args.push('--ro-bind', folder, folder);
  args.push(bound.readOnly ? '--ro-bind' : '--bind', bound.workspace, '/work', '--chdir', '/');
  args.push('--remount-ro', '/dev', '--remount-ro', '/');
  return args;
}
