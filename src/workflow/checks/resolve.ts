import * as l10n from '@vscode/l10n';
import type { Scope, TypeName } from '../expression/index.js';
import { failureHint, knownFailure } from '../failures.js';
import type { WorkflowFiles } from '../files.js';
import { schemaFault } from '../json-schema.js';
import { metricNames } from '../metrics.js';
import {
  type Agent,
  type Artifact,
  type Check,
  type Checked,
  type Coach,
  type Flow,
  hubId,
  type Metric,
  type Model,
  type Text,
  type Workflow,
} from '../model.js';
import type { Problem } from '../problems.js';
import type { RawMetric, RawModel, RawWorkflow, TextOrFile } from '../schema.js';
import { insteadOf, suggestion } from '../source/nearest.js';
import type { Path, Source } from '../source/source.js';
import { holes, templateFaults } from '../template.js';
import {
  checkExpression,
  type Expected,
  faultProblem,
  faultsIn,
  type Names,
  placeIn,
  readFields,
  scopeOf,
  taskScope,
} from './expressions.js';
import { toolsOf } from './names.js';

/** From a file of the right shape to a workflow: expressions parsed and typed, texts read, defaults filled in. */
export function resolveWorkflow(
  raw: RawWorkflow,
  flow: Flow,
  source: Source,
  file: string,
  { files, base }: { files: WorkflowFiles; base?: string | undefined },
): { workflow: Workflow; problems: Problem[] } {
  return new Resolver(raw, source, files, base).resolve(flow, file);
}

class Resolver {
  private readonly problems: Problem[] = [];
  private readonly texts: Record<string, string> = {};
  private readonly names: Names;
  private readonly expected: Expected[];
  constructor(
    private readonly raw: RawWorkflow,
    private readonly source: Source,
    private readonly files: WorkflowFiles,
    private readonly base: string | undefined,
  ) {
    const { expected, ...names } = readFields(raw, files);
    this.names = { ...names, raw };
    this.expected = expected;
  }

  resolve(flow: Flow, file: string): { workflow: Workflow; problems: Problem[] } {
    const { raw, source } = this;
    const inner = Array.isArray(raw.tasks) ? undefined : raw.tasks;
    this.knownField(inner?.stratum, ['tasks', 'stratum']);
    this.knownField(inner?.split?.by, ['tasks', 'split', 'by']);
    this.overlaps();
    this.expectations();
    if (inner?.prompt !== undefined) this.template(inner.prompt, ['tasks', 'prompt'], taskScope(this.names));
    this.prompts();
    const workflow: Workflow = {
      file,
      folder: this.files.folder,
      text: source.text,
      name:
        raw.name ??
        file
          .split('/')
          .at(-1)!
          .replace(/(\.baton)?\.ya?ml$/, ''),
      models: Object.fromEntries(
        Object.entries(raw.models).map(([name, model]): [string, Model] => [name, this.model(name, model)]),
      ),
      artifacts: Object.fromEntries(Object.keys(raw.artifacts).map((name) => [name, this.artifact(name)])),
      agents: Object.fromEntries(Object.keys(raw.agents).map((name) => [name, this.agent(name)])),
      flow: this.flow(flow, ['flow']),
      tasks: raw.tasks,
      stratum: inner?.stratum ?? null,
      outcome: {
        success:
          raw.outcome.success === undefined
            ? null
            : this.expression(raw.outcome.success, ['outcome', 'success'], 'yes-no'),
        metrics: Object.entries(raw.outcome.metrics).flatMap(([name, metric]) => this.metric(name, metric)),
      },
      coach: this.coach(),
      limits: raw.limits,
      training: raw.training,
      modules: raw.python.modules.flatMap((path, at) => this.under(path, ['python', 'modules', at])),
      texts: this.texts,
    };
    return { workflow, problems: this.problems };
  }

  private knownField(field: string | undefined, path: Path): void {
    const { fields, open } = this.names;
    if (field === undefined || open || Object.hasOwn(fields, field)) return;
    const known = Object.keys(fields);
    const message = l10n.t('No task has a field "{0}".', field) + suggestion(field, known);
    const instead = insteadOf(field, known);
    this.problems.push(this.source.problem('expression.unknown-name', message, path, { instead }));
  }

  private overlaps(): void {
    const { tasks } = this.raw;
    if (Array.isArray(tasks) || !tasks.split) return;
    const seen = new Map<string, string>();
    for (const name of ['train', 'select', 'test'] as const) {
      const share = tasks.split[name];
      if (!Array.isArray(share)) continue;
      for (const [at, group] of share.map(String).entries()) {
        const first = seen.get(group);
        if (first)
          this.problems.push(
            this.source.problem(
              'split.overlap',
              l10n.t(
                '"{0}" is in {1} and in {2}; a team would be tested on what it was trained on.',
                group,
                first,
                name,
              ),
              ['tasks', 'split', name, at],
            ),
          );
        seen.set(group, name);
      }
    }
  }

  /** What tasks expect: in the workflow at its very place, in a task file with the name of the file and the task. */
  private expectations(): void {
    const { tasks } = this.raw;
    if (Array.isArray(tasks))
      for (const [at, { expect }] of tasks.entries())
        if (expect !== undefined) this.expression(expect, ['tasks', at, 'expect'], 'yes-no');
    const scope = scopeOf(this.names);
    for (const { text, where } of this.expected)
      for (const { kind, message } of faultsIn(text, 'yes-no', scope).faults) {
        // What is meant stands in the task's file, so no fix is offered for the words of this one.
        const says = `${message} ${l10n.t('It is what {0} expects: {1}', where, text)}`;
        this.problems.push(this.source.problem(`expression.${kind}`, says, ['tasks', 'from']));
      }
  }

  /** Holes in the prompts of tasks written here, which nothing fills. */
  private prompts(): void {
    const { tasks } = this.raw;
    for (const [at, { prompt }] of Array.isArray(tasks) ? tasks.entries() : [])
      for (const { inner, start } of holes(prompt)) {
        if (!/^task\b/.test(inner)) continue;
        const path = ['tasks', at, 'prompt'];
        const message = l10n.t(
          "{0} is sent as it stands, since a task's own prompt is data; to have it filled in, write it in an agent's prompt.",
          `{{${inner}}}`,
        );
        const place = placeIn({ start, end: start + inner.length }, path, this.source);
        this.problems.push(this.source.problem('task.verbatim', message, place));
      }
  }

  private template(text: string, path: Path, scope: Scope): void {
    for (const fault of templateFaults(text, scope))
      this.problems.push(faultProblem(fault, path, this.source));
  }

  private expression(text: string, path: Path, wanted: TypeName, own?: string): Checked {
    const scope = scopeOf({ ...this.names, ...(own ? { own } : {}) });
    const { expression, problems } = checkExpression(text, path, wanted, scope, this.source);
    this.problems.push(...problems);
    return { text, expression };
  }

  private flow(flow: Flow, path: Path): Flow {
    if (flow.is === 'sequence')
      return { ...flow, steps: flow.steps.map((step, at) => this.flow(step, [...path, at])) };
    if (flow.is === 'parallel')
      return { ...flow, arms: flow.arms.map((arm, at) => this.flow(arm, [...path, 'parallel', at])) };
    if (flow.is !== 'repeat') return flow;
    const until = this.expression(flow.until.text, [...path, 'repeat', 'until'], 'yes-no');
    return { ...flow, until, body: this.flow(flow.body, [...path, 'repeat', 'do']) };
  }

  private artifact(name: string): Artifact {
    const raw = this.raw.artifacts[name]!;
    const agents = Object.entries(this.raw.agents);
    return {
      name,
      path: raw.path ?? null,
      kind: raw.kind,
      description: raw.description ?? null,
      checks: raw.checks.map((check, at) => this.check(name, check, ['artifacts', name, 'checks', at])),
      schema: this.schema(raw.schema, ['artifacts', name, 'schema']),
      encodedFrom: raw.encoded_from ?? null,
      predictedBy: raw.predicted_by ?? null,
      producer: agents.find(([, agent]) => agent.produces.includes(name))?.[0] ?? null,
      consumers: agents.filter(([, agent]) => agent.consumes.includes(name)).map(([agent]) => agent),
    };
  }

  private check(
    artifact: string,
    raw: RawWorkflow['artifacts'][string]['checks'][number],
    path: Path,
  ): Check {
    if (typeof raw === 'string')
      return { ...this.expression(raw, path, 'yes-no', artifact), code: null, says: null };
    if (raw.code !== undefined && !knownFailure(raw.code))
      this.problems.push(
        this.source.problem(
          'failure.unknown',
          `${l10n.t('"{0}" is not a failure code.', raw.code)} ${failureHint(raw.code)}`,
          [...path, 'code'],
        ),
      );
    return {
      ...this.expression(raw.check, [...path, 'check'], 'yes-no', artifact),
      code: raw.code !== undefined && knownFailure(raw.code) ? raw.code : null,
      says: raw.says ?? null,
    };
  }

  private schema(raw: RawWorkflow['artifacts'][string]['schema'], path: Path): object | null {
    if (raw === undefined) return null;
    if (typeof raw.file !== 'string' || Object.keys(raw).length > 1) return this.soundSchema(raw, path);
    const text = this.read(raw.file, [...path, 'file']);
    try {
      return text === null ? null : this.soundSchema(JSON.parse(text), [...path, 'file']);
    } catch (error) {
      this.problems.push(
        this.source.problem(
          'file.unreadable',
          l10n.t('{0} is not JSON: {1}', raw.file, (error as Error).message),
          [...path, 'file'],
        ),
      );
      return null;
    }
  }

  /** A schema that no JSON could be held against would be charged to whoever makes the artifact. */
  private soundSchema(schema: unknown, path: Path): object | null {
    const isObject = typeof schema === 'object' && schema !== null && !Array.isArray(schema);
    const fault = isObject ? schemaFault(schema) : l10n.t('it must be a mapping');
    if (fault !== undefined)
      this.problems.push(
        this.source.problem('artifact.schema', l10n.t('This is not a JSON Schema: {0}.', fault), path),
      );
    return isObject ? schema : null;
  }

  private model(name: string, raw: RawModel): Model {
    if (raw.file !== undefined) this.replies(raw.file, ['models', name, 'file']);
    if (raw.base === undefined) return { ...raw, name };
    if (this.base !== undefined) return { ...raw, name, base: this.base };
    const found = this.files.resolve(raw.base);
    if ('path' in found) return { ...raw, name, base: found.path };
    if (!hubId.test(raw.base)) this.under(raw.base, ['models', name, 'base']);
    return { ...raw, name };
  }

  private agent(name: string): Agent {
    const raw = this.raw.agents[name]!;
    const { defaults, models } = this.raw;
    return {
      name,
      role: raw.role,
      instructions: this.text(raw.instructions, ['agents', name, 'instructions']),
      prompt: this.text(raw.prompt, ['agents', name, 'prompt']),
      consumes: raw.consumes,
      produces: raw.produces,
      model: raw.model ?? defaults.model ?? Object.keys(models)[0] ?? '',
      tools: toolsOf(this.raw, raw),
      maxTurns: raw.max_turns ?? defaults.max_turns ?? 1,
      context: raw.context ?? defaults.context ?? 'full',
      temperature: raw.temperature ?? defaults.temperature ?? null,
      trained: raw.trained,
    };
  }

  private coach(): Coach {
    const { coach } = this.raw;
    if (coach === 'contracts') return { model: null, rubric: null, seesGroundTruth: [], samples: 1 };
    return {
      model: coach.model,
      rubric: this.text(coach.rubric, ['coach', 'rubric']),
      seesGroundTruth: coach.sees_ground_truth,
      samples: coach.samples,
    };
  }

  private metric(name: string, raw: RawMetric): Metric[] {
    const path = ['outcome', 'metrics', name];
    if (!metricNames.includes(name))
      this.problems.push(
        this.source.problem(
          'metric.unknown',
          l10n.t('There is no metric "{0}".', name) + suggestion(name, metricNames),
          path,
          { part: 'key' },
        ),
      );
    if (raw.fallback === undefined) {
      const message = l10n.t(
        '"{0}" needs a fallback: what a rollout without a valid result is charged, for example 0.5.',
        name,
      );
      this.problems.push(this.source.problem('metric.no-fallback', message, path, { part: 'key' }));
      return [];
    }
    const artifact = raw.artifact ?? lastTable(this.raw.artifacts);
    if (artifact === undefined) {
      const message = l10n.t(
        '"{0}" has nothing to measure: no artifact is a table. Give the one with the predictions kind: table, or name it: artifact: NAME.',
        name,
      );
      this.problems.push(this.source.problem('metric.no-table', message, path, { part: 'key' }));
      return [];
    }
    return [
      {
        name,
        when: raw.when === undefined ? null : this.expression(raw.when, [...path, 'when'], 'yes-no'),
        better: raw.better,
        fallback: this.expression(String(raw.fallback), [...path, 'fallback'], 'number'),
        artifact,
        answers: raw.answers ?? null,
      },
    ];
  }

  private text(raw: TextOrFile | undefined, path: Path): Text | null {
    if (raw === undefined) return null;
    const scope = scopeOf(this.names);
    if (typeof raw === 'string') {
      this.template(raw, path, scope);
      return { text: raw, file: null };
    }
    const text = this.read(raw.file, [...path, 'file']);
    if (text === null) return null;
    for (const fault of templateFaults(text, scope)) {
      const line = text.slice(0, fault.start).split('\n').length;
      this.problems.push(
        this.source.problem(
          `expression.${fault.kind}`,
          l10n.t('{0}, line {1}: {2}', raw.file, line, fault.message),
          [...path, 'file'],
        ),
      );
    }
    return { text, file: raw.file };
  }

  private read(file: string, path: Path): string | null {
    const read = this.files.read(file);
    if ('text' in read) {
      this.texts[file] = read.text;
      return read.text;
    }
    this.problems.push(
      this.source.problem(
        read.refused === 'outside' ? 'path.outside' : 'file.unreadable',
        read.message,
        path,
      ),
    );
    return null;
  }

  /** Recorded replies. A run that has been can be looked at without them. */
  private replies(file: string, at: Path): void {
    const found = this.files.resolve(file);
    if ('path' in found) return;
    const code = found.refused === 'outside' ? 'path.outside' : 'model.no-replies';
    this.problems.push(this.source.problem(code, found.message, at));
  }

  /** What lies at a path under the workflow's folder; none, and a problem, where nothing does. */
  private under(path: string, at: Path): string[] {
    const found = this.files.resolve(path);
    if ('path' in found) return [found.path];
    this.problems.push(
      this.source.problem(
        found.refused === 'outside' ? 'path.outside' : 'file.unreadable',
        found.message,
        at,
      ),
    );
    return [];
  }
}

function lastTable(artifacts: RawWorkflow['artifacts']): string | undefined {
  return Object.keys(artifacts).findLast((name) => artifacts[name]!.kind === 'table');
}
