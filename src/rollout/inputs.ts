import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Task } from '../workflow/index.js';

/** Folders with the tasks' inputs, made once each in the user's cache. Hidden files are never among them. */
export class Inputs {
  private readonly made = new Map<string, string>();
  constructor(private readonly cache: string) {}

  folder(task: Task): string {
    const known = this.made.get(task.id);
    if (known) return known;
    const hash = createHash('sha256').update(JSON.stringify(task.files)).digest('hex').slice(0, 16);
    const folder = join(this.cache, `${task.id}-${hash}`);
    if (!existsSync(folder)) {
      const draft = `${folder}.${process.pid}`;
      rmSync(draft, { recursive: true, force: true });
      mkdirSync(draft, { recursive: true, mode: 0o755 });
      for (const file of task.files) {
        const to = join(draft, file.name);
        if ('text' in file) writeFileSync(to, file.text);
        else copyFileSync(file.path, to);
        chmodSync(to, 0o644);
      }
      try {
        renameSync(draft, folder);
      } catch (error) {
        // Another run was as quick, with the same files.
        if (!existsSync(folder)) throw error;
        rmSync(draft, { recursive: true });
      }
    }
    this.made.set(task.id, folder);
    return folder;
  }
}
