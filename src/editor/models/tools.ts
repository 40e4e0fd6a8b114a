import { basename } from 'node:path';
import * as vscode from 'vscode';
import * as z from 'zod';
import { formatProblem } from '../../workflow/index.js';
import type { tools } from '../names.js';
import { findWorkflows } from '../near.js';
import type { Analyses } from '../providers/analyses.js';
import type { RunControl } from '../runs/control.js';
import type { RunStore } from '../runs/store.js';
import { whyOf } from './why.js';

const fileInput = z.object({ file: z.string().optional() });
const whyInput = z.object({ run: z.string().optional(), rollout: z.string().optional() });

type ToolName = keyof typeof tools;

/** Tools for the editor's own agent: check a workflow and explain a run read only; running one asks first. */
export class AgentTools {
  readonly all: Record<ToolName, vscode.LanguageModelTool<unknown>>;

  constructor(
    private readonly analyses: Analyses,
    private readonly store: RunStore,
    private readonly control: RunControl,
  ) {
    this.all = {
      check: { invoke: ({ input }) => said(this.check(input)) },
      why: { invoke: ({ input }) => said(this.why(input)) },
      run: {
        prepareInvocation: async ({ input }) => {
          const uri = await this.workflow(input);
          return {
            invocationMessage: vscode.l10n.t('Running {0}', basename(uri.fsPath)),
            confirmationMessages: {
              title: vscode.l10n.t('Run {0}?', basename(uri.fsPath)),
              message: vscode.l10n.t(
                'Its agents run programs in the sandbox, and its models may cost money.',
              ),
            },
          };
        },
        invoke: ({ input }) => said(this.run(input)),
      },
    };
  }

  private async check(input: unknown): Promise<string> {
    const uri = await this.workflow(input);
    const { problems } = this.analyses.of(await vscode.workspace.openTextDocument(uri), true);
    return problems.length === 0 ? 'No problems.' : problems.map(formatProblem).join('\n');
  }

  private async why(input: unknown): Promise<string> {
    const wanted = whyInput.parse(input ?? {});
    const runs = (await this.store.runs()).filter(({ sample }) => !sample);
    const run = wanted.run === undefined ? runs[0] : runs.find(({ folder }) => folder.name === wanted.run);
    if (!run)
      throw new Error(
        `There is no such run; there are: ${
          runs
            .map(({ folder }) => folder.name)
            .slice(0, 20)
            .join(', ') || 'none'
        }.`,
      );
    return whyOf(run, wanted.rollout);
  }

  private async run(input: unknown): Promise<string> {
    if (!vscode.workspace.isTrusted) throw new Error('This folder is not trusted, so nothing is run here.');
    const run = await this.control.run(await this.workflow(input));
    if (!run) throw new Error('The run did not start; the editor says why.');
    return `${run.folder.name} has started with ${run.planned} rollouts. Ask who broke it when it has ended.`;
  }

  /** The workflow that is meant: by its path, else the only one there is. */
  private async workflow(input: unknown): Promise<vscode.Uri> {
    const { file } = fileInput.parse(input ?? {});
    const found = await findWorkflows(100);
    const named = found.filter(
      (uri) => file === undefined || uri.fsPath === file || vscode.workspace.asRelativePath(uri) === file,
    );
    if (named.length === 1) return named[0]!;
    const known = found.map((uri) => vscode.workspace.asRelativePath(uri)).join(', ');
    throw new Error(`Name one workflow of the open folders; there are: ${known || 'none'}.`);
  }
}

async function said(text: Promise<string>): Promise<vscode.LanguageModelToolResult> {
  return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(await text)]);
}
