import type { Sandbox } from '../sandbox/index.js';
import type { Blobs, Body, EventData } from '../trace/index.js';
import type { Limits } from '../workflow/index.js';

export interface ToolResult {
  outcome: string;
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

export interface ToolPlace {
  workspace: string;
  inputs: string;
  modules: string[];
  limits: Limits['action'];
  signal: AbortSignal;
}

/** Run one program of an agent in the sandbox and describe what happened as its event. */
export async function runPython(
  sandbox: Sandbox,
  program: string,
  place: ToolPlace,
  blobs: Blobs,
): Promise<{ result: ToolResult; event: Omit<EventData<'tool.ran'>, 'action' | 'index'> }> {
  const { limits } = place;
  const run = await sandbox.run({
    workspace: place.workspace,
    inputs: place.inputs,
    modules: place.modules,
    run: { python: program },
    limits: {
      seconds: limits.seconds,
      memoryMb: limits.memory_mb,
      processes: limits.processes,
      diskMb: limits.disk_mb,
      outputKb: limits.output_kb,
    },
    signal: place.signal,
  });
  const keep = (text: string): Body => blobs.keep(text);
  return {
    result: {
      outcome: run.outcome,
      exitCode: run.exitCode,
      stdout: run.stdout.text,
      stderr: run.stderr.text,
    },
    event: {
      tool: 'python',
      program: keep(program),
      outcome: run.outcome,
      exitCode: run.exitCode,
      stdout: keep(run.stdout.text),
      stderr: keep(run.stderr.text),
      cut: run.stdout.cut || run.stderr.cut,
      seconds: run.used.seconds,
      memoryMb: run.used.memoryMb,
      reads: run.reads,
    },
  };
}
