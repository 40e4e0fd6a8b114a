import {
  type CheckOptions,
  checkWorkflow,
  type Mention,
  mentions,
  type NameKind,
  type Problem,
  type Source,
  type Workflow,
  type WorkflowFiles,
} from '../../workflow/index.js';

/** Everything that the language features know of one version of a workflow's text. */
export interface Analysis {
  text: string;
  /** Absolute path. */
  file: string;
  files: WorkflowFiles;
  problems: Problem[];
  /** The parsed text; undefined while it is not YAML. */
  source: Source | undefined;
  /** The last text that was YAML: which files it names while a key stroke has broken it. */
  lastSource: Source | undefined;
  /** Only where nothing in it is an error. */
  workflow: Workflow | undefined;
  /** The last one without errors: what is known of its tasks while a name is being typed. */
  lastWorkflow: Workflow | undefined;
  /** Where roles, artifacts and models are named, in this text and in prompt files (`file`); empty while it is not YAML. */
  mentions: Mention[];
  team: Team;
}

/** The names of a workflow and who hands what to whom, as far as it can be read. */
export interface Team {
  roles: Map<string, { role: string; consumes: string[]; produces: string[]; model: string | null }>;
  artifacts: Map<string, { kind: string; path: string | null; description: string | null; checks: string[] }>;
  models: Map<string, { provider: string; model: string | null; baseUrl: string | null }>;
}

export type AnalyseOptions = Omit<CheckOptions, 'files'>;

/** Check and read a text. Never throws for bad input. `last` is what was known before a key stroke broke the YAML. */
export function analyse(
  text: string,
  file: string,
  files: WorkflowFiles,
  options: AnalyseOptions = {},
  last?: Analysis,
): Analysis {
  const { problems, source, workflow } = checkWorkflow(text, file, { ...options, files });
  return {
    text,
    file,
    files,
    problems,
    source,
    lastSource: source ?? last?.lastSource,
    workflow,
    lastWorkflow: workflow ?? last?.lastWorkflow,
    mentions: source ? mentions(source, files) : [],
    team: source ? teamOf(source.value) : (last?.team ?? teamOf(null)),
  };
}

type Loose = Record<string, unknown>;
const mapping = (value: unknown): Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Loose) : {};
const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

function teamOf(value: unknown): Team {
  const raw = mapping(value);
  const defaults = mapping(raw.defaults);
  return {
    roles: new Map(
      Object.entries(mapping(raw.agents)).map(([name, each]) => {
        const agent = mapping(each);
        const model =
          text(agent.model) ?? text(defaults.model) ?? Object.keys(mapping(raw.models))[0] ?? null;
        return [
          name,
          {
            role: text(agent.role) ?? '',
            consumes: texts(agent.consumes),
            produces: texts(agent.produces),
            model,
          },
        ];
      }),
    ),
    artifacts: new Map(
      Object.entries(mapping(raw.artifacts)).map(([name, each]) => {
        const artifact = mapping(each);
        const checks = Array.isArray(artifact.checks) ? artifact.checks : [];
        return [
          name,
          {
            kind: text(artifact.kind) ?? 'file',
            path: text(artifact.path),
            description: text(artifact.description),
            checks: checks.flatMap((check) => text(check) ?? text(mapping(check).check) ?? []),
          },
        ];
      }),
    ),
    models: new Map(
      Object.entries(mapping(raw.models)).map(([name, each]) => {
        const model = mapping(each);
        return [
          name,
          {
            provider: text(model.provider) ?? 'openai',
            model: text(model.model),
            baseUrl: text(model.base_url),
          },
        ];
      }),
    ),
  };
}

export function producerOf(team: Team, artifact: string): string | null {
  return [...team.roles].find(([, role]) => role.produces.includes(artifact))?.[0] ?? null;
}

export function consumersOf(team: Team, artifact: string): string[] {
  return [...team.roles].flatMap(([name, role]) => (role.consumes.includes(artifact) ? [name] : []));
}

/** The mention at an offset of the workflow's own text (or of the prompt file `file`). */
export function mentionAt(
  analysis: Analysis,
  offset: number,
  file: string | null = null,
): Mention | undefined {
  return analysis.mentions.find(
    (mention) => mention.file === file && mention.start <= offset && offset <= mention.end,
  );
}

export function sameName(analysis: Analysis, of: { kind: NameKind; name: string }): Mention[] {
  return analysis.mentions.filter((mention) => mention.kind === of.kind && mention.name === of.name);
}

/** Where a role, artifact or model is declared. */
export function declaration(analysis: Analysis, of: { kind: NameKind; name: string }): Mention | undefined {
  return sameName(analysis, of).find((mention) => mention.is === 'declaration');
}
