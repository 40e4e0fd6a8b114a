import * as l10n from '@vscode/l10n';
import { unsafePath } from '../paths.js';
import type { Problem, ProblemCode } from '../problems.js';
import type { RawModel, RawWorkflow } from '../schema.js';
import { readReference } from '../secrets.js';
import type { Source } from '../source/source.js';

export interface SafetyOptions {
  /** Names of environment variables that the user allowed beside BATON_*. */
  allowEnv?: readonly string[];
  /** Roles that the embedded model can play; undefined where that is not known. */
  embeddedRoles?: readonly string[] | undefined;
  /** What else answers on this machine, for the message of a model that cannot play a role. */
  alternatives?: string | undefined;
}

/** Paths that leave the workspace, secrets in clear, limits that cannot be kept, roles nobody here can play. */
export function safetyProblems(raw: RawWorkflow, source: Source, options: SafetyOptions): Problem[] {
  const problems: Problem[] = [];
  const taken = new Map<string, string>();
  for (const [name, artifact] of Object.entries(raw.artifacts)) {
    const at = ['artifacts', name, 'path'];
    if (artifact.path === undefined) {
      if (artifact.kind !== 'message')
        problems.push(
          source.problem(
            'schema.missing-key',
            l10n.t('"{0}" needs a path; only messages have none.', name),
            ['artifacts', name],
            { part: 'key' },
          ),
        );
      continue;
    }
    const why = unsafePath(artifact.path);
    if (why)
      problems.push(
        source.problem('path.unsafe', l10n.t('The path of "{0}" is refused: {1}.', name, why), at),
      );
    const first = taken.get(artifact.path.toLowerCase());
    if (first)
      problems.push(
        source.problem('path.taken', l10n.t('"{0}" already lies at {1}.', first, artifact.path), at),
      );
    taken.set(artifact.path.toLowerCase(), name);
  }
  for (const [name, model] of Object.entries(raw.models))
    problems.push(...modelProblems(name, model, source, options));
  problems.push(
    ...priceProblems(raw, source),
    ...baseProblems(raw, source),
    ...roleProblems(raw, source, options),
    ...coachProblems(raw, source, options),
    ...editorProblems(raw, source),
    ...trainingProblems(raw, source),
  );
  return problems;
}

function modelProblems(name: string, model: RawModel, source: Source, options: SafetyOptions): Problem[] {
  const problems: Problem[] = [];
  const at = (key: string) => ['models', name, key];
  if (model.provider === 'openai') {
    for (const key of ['base_url', 'model'] as const)
      if (model[key] === undefined)
        problems.push(
          source.problem(
            'schema.missing-key',
            l10n.t('"{0}" needs {1}: it is an OpenAI-compatible server.', name, key),
            ['models', name],
            { part: 'key' },
          ),
        );
    if (model.base_url && /^https?:\/\/[^/@]*@/.test(model.base_url))
      problems.push(
        source.problem(
          'secret.in-clear',
          l10n.t('The address carries a password; use api_key with a secret.'),
          at('base_url'),
        ),
      );
  }
  if (model.provider === 'recorded' && model.file === undefined)
    problems.push(
      source.problem(
        'schema.missing-key',
        l10n.t('"{0}" needs file: the recorded replies.', name),
        ['models', name],
        {
          part: 'key',
        },
      ),
    );
  if (model.base !== undefined && model.provider !== 'embedded')
    problems.push(
      source.problem(
        'model.base',
        l10n.t('base is for "provider: embedded": it names the model that Baton plays and trains itself.'),
        at('base'),
        { part: 'key' },
      ),
    );
  if (model.api_key === undefined) return problems;
  const reference = readReference(model.api_key);
  if (!reference)
    problems.push(
      source.problem(
        'secret.in-clear',
        l10n.t(
          'A key stands here in clear. Write "${secret:NAME}" and store the key with `baton secret set NAME`.',
        ),
        at('api_key'),
        {
          fix: {
            title: l10n.t('Use a stored secret'),
            ...span(source, at('api_key')),
            text: `"\${secret:${name.toUpperCase()}_KEY}"`,
          },
        },
      ),
    );
  else if (
    reference.from === 'env' &&
    !reference.name.startsWith('BATON_') &&
    !options.allowEnv?.includes(reference.name)
  )
    problems.push(
      source.problem(
        'secret.not-allowed',
        l10n.t(
          'A workflow may read only environment variables called BATON_*; allow this one with --allow-env {0}, in the editor with the setting baton.allowEnv.',
          reference.name,
        ),
        at('api_key'),
      ),
    );
  return problems;
}

function span(source: Source, path: string[]): { start: number; end: number } {
  const [start, end] = source.offsets(path);
  return { start, end };
}

function priceProblems(raw: RawWorkflow, source: Source): Problem[] {
  if (raw.limits.dollars === undefined) return [];
  const used = new Set(
    Object.values(raw.agents).map((agent) => agent.model ?? raw.defaults.model ?? Object.keys(raw.models)[0]),
  );
  if (typeof raw.coach === 'object') used.add(raw.coach.model);
  return Object.entries(raw.models).flatMap(([name, model]) => {
    if (!isUnpriced(model) || !used.has(name)) return [];
    return [
      source.problem(
        'model.unpriced',
        l10n.t(
          'limits.dollars cannot be kept: "{0}" is remote and has no price. Add price: {input: ..., output: ...}.',
          name,
        ),
        ['models', name],
        {
          part: 'key',
        },
      ),
    ];
  });
}

/** Whether what a model costs cannot be known: it is on another machine and has no price. */
export function isUnpriced({ provider, base_url, price }: RawModel): boolean {
  return provider === 'openai' && price === undefined && !isLoopback(base_url ?? '');
}

export function isLoopback(url: string): boolean {
  return /^https?:\/\/(127(\.\d+){3}|localhost|\[::1\])(:\d+)?(\/|$)/i.test(url);
}

/** One engine plays all embedded models, and it has one base. */
function baseProblems(raw: RawWorkflow, source: Source): Problem[] {
  const own = Object.entries(raw.models).filter(([, { provider }]) => provider === 'embedded');
  const first = own[0];
  const other = own.find(([, { base }]) => base !== first?.[1].base);
  if (!first || !other) return [];
  return [
    source.problem(
      'model.base',
      l10n.t(
        '"{0}" starts from another base than "{1}", and one engine plays both: give them the same.',
        other[0],
        first[0],
      ),
      ['models', other[0]],
      { part: 'key' },
    ),
  ];
}

function roleProblems(
  raw: RawWorkflow,
  source: Source,
  { embeddedRoles, alternatives }: SafetyOptions,
): Problem[] {
  if (embeddedRoles === undefined) return [];
  return Object.entries(raw.agents).flatMap(([name, agent]) => {
    const model = agent.model ?? raw.defaults.model ?? Object.keys(raw.models)[0];
    const { provider, base } = raw.models[model ?? ''] ?? {};
    if (model === undefined || provider !== 'embedded' || base !== undefined || embeddedRoles.includes(name))
      return [];
    const path = agent.model
      ? ['agents', name, 'model']
      : raw.defaults.model
        ? ['defaults', 'model']
        : ['models', model, 'provider'];
    const message = [
      l10n.t('The embedded model cannot play "{0}"; it has learned {1}.', name, embeddedRoles.join(', ')),
      otherModel(alternatives),
      l10n.t('To train a model of your own in this role, name it: base: owner/name, or its folder.'),
    ].join(' ');
    return [source.problem('model.cannot-play', message, path)];
  });
}

/** An engine of ours plays roles, by their policies; it has none that judges. */
function coachProblems({ coach, models }: RawWorkflow, source: Source, options: SafetyOptions): Problem[] {
  if (coach === 'contracts' || models[coach.model]?.provider !== 'embedded') return [];
  const message = [
    l10n.t('"{0}" is embedded: it plays roles, and cannot judge them.', coach.model),
    otherModel(options.alternatives),
    l10n.t('Without a model, checks judge: coach: contracts.'),
  ].join(' ');
  return [source.problem('model.cannot-play', message, ['coach', 'model'])];
}

function otherModel(alternatives: string | undefined): string {
  return alternatives
    ? l10n.t('Here you could use {0}.', alternatives)
    : l10n.t('Use a real model: any OpenAI-compatible server will do.');
}

/** A model of the editor cannot be trained: its weights are not here. */
function editorProblems(raw: RawWorkflow, source: Source): Problem[] {
  // Roles learn unless they say otherwise, so only a role that says it wants to is told that it cannot.
  const written = (source.value as { agents?: Record<string, object> } | null)?.agents ?? {};
  return Object.entries(raw.agents).flatMap(([name, agent]) => {
    const model = agent.model ?? raw.defaults.model ?? Object.keys(raw.models)[0];
    const wants = agent.trained && Object.hasOwn(written[name] ?? {}, 'trained');
    if (!wants || model === undefined || raw.models[model]?.provider !== 'editor') return [];
    return [
      source.problem(
        'model.not-trainable',
        l10n.t(
          '"{0}" cannot be trained: "{1}" is a model of the editor, whose weights are not here. Take trained away, or use another model.',
          name,
          model,
        ),
        ['agents', name, 'trained'],
      ),
    ];
  });
}

function trainingProblems(raw: RawWorkflow, source: Source): Problem[] {
  return [...groupProblems(raw, source), ...klProblems(raw, source)];
}

function groupProblems({ training: { algorithm, samples } }: RawWorkflow, source: Source): Problem[] {
  if (algorithm === 'reinforce++' || samples > 1) return [];
  return [
    source.problem(
      'training.nothing-to-compare',
      l10n.t(
        '{0} compares rollouts of the same task, and samples is 1: every advantage would be 0. Set samples to 2 or more, or take reinforce++.',
        algorithm,
      ),
      ['training', 'algorithm'],
    ),
  ];
}

function klProblems({ training: { kl } }: RawWorkflow, source: Source): Problem[] {
  const problem = (key: string, code: ProblemCode, message: string) => [
    source.problem(code, message, ['training', 'kl', key]),
  ];
  if (kl.coefficient === 0)
    return kl.target === undefined
      ? []
      : problem(
          'target',
          'training.kl-stays-off',
          l10n.t('A coefficient of 0 stays 0 whatever the target is: give it a start above 0.'),
        );
  if (kl.in === 'loss' && kl.estimator === 'k1')
    return problem(
      'estimator',
      'training.kl-no-gradient',
      l10n.t('k1 in the loss has no expected gradient: use k2 or k3, or put it into the reward.'),
    );
  if (kl.in === 'reward' && kl.estimator !== 'k1')
    return problem(
      'estimator',
      'training.kl-crossed',
      l10n.t('{0} is meant for the loss; in the reward k1 is the unbiased one.', kl.estimator),
    );
  return [];
}
