import * as l10n from '@vscode/l10n';
import type { Problem } from '../problems.js';
import type { RawWorkflow } from '../schema.js';
import { suggestion } from '../source/nearest.js';
import type { Source } from '../source/source.js';

/** An agent's tools; one that has to do with files has python where nothing else is said. */
export function toolsOf(raw: RawWorkflow, agent: RawWorkflow['agents'][string]): 'python'[] {
  const files = [...agent.consumes, ...agent.produces].some(
    (name) => raw.artifacts[name]?.path !== undefined,
  );
  return agent.tools ?? raw.defaults.tools ?? (files ? ['python'] : []);
}

const noSuch = {
  artifact: (name: string) => l10n.t('There is no artifact "{0}".', name),
  model: (name: string) => l10n.t('There is no model "{0}".', name),
  agent: (name: string) => l10n.t('There is no agent "{0}".', name),
};

/** Names of agents, artifacts and models that something refers to and nothing defines. */
export function nameProblems(raw: RawWorkflow, source: Source): Problem[] {
  const problems: Problem[] = [];
  const models = Object.keys(raw.models);
  const artifacts = Object.keys(raw.artifacts);
  const produced = new Set(Object.values(raw.agents).flatMap((agent) => agent.produces));
  const known = (
    kind: 'artifact' | 'model' | 'agent',
    name: string,
    names: string[],
    path: (string | number)[],
  ) => {
    if (!names.includes(name))
      problems.push(
        source.problem(`name.unknown-${kind}`, noSuch[kind](name) + suggestion(name, names), path),
      );
  };
  for (const [name, agent] of Object.entries(raw.agents)) {
    const model = agent.model ?? raw.defaults.model;
    if (model === undefined && models.length !== 1)
      problems.push(
        source.problem(
          'model.ambiguous',
          l10n.t(
            '"{0}" does not say which model it uses, and there are {1}: {2}.',
            name,
            models.length,
            models.join(', '),
          ),
          ['agents', name],
          {
            part: 'key',
          },
        ),
      );
    if (agent.model !== undefined) known('model', agent.model, models, ['agents', name, 'model']);
    for (const key of ['consumes', 'produces'] as const)
      for (const [at, artifact] of agent[key].entries())
        known('artifact', artifact, artifacts, ['agents', name, key, at]);
    for (const [at, artifact] of agent.produces.entries())
      if (raw.artifacts[artifact]?.path !== undefined && !toolsOf(raw, agent).includes('python'))
        problems.push(
          source.problem(
            'artifact.unwritable',
            l10n.t(
              '"{0}" owes the file of "{1}" and has no tool to write it with; leave tools out, or add python.',
              name,
              artifact,
            ),
            ['agents', name, 'produces', at],
          ),
        );
    for (const [at, artifact] of agent.consumes.entries())
      if (artifacts.includes(artifact) && !produced.has(artifact))
        problems.push(
          source.problem(
            'artifact.never-produced',
            l10n.t('"{0}" consumes "{1}", and no agent produces it.', name, artifact),
            ['agents', name, 'consumes', at],
          ),
        );
  }
  if (raw.defaults.model !== undefined) known('model', raw.defaults.model, models, ['defaults', 'model']);
  for (const name of artifacts) {
    const { predicted_by: by, encoded_from: from } = raw.artifacts[name]!;
    if (by) {
      known('artifact', by.model, artifacts, ['artifacts', name, 'predicted_by', 'model']);
      known('artifact', by.rows, artifacts, ['artifacts', name, 'predicted_by', 'rows']);
    }
    if (from?.beside)
      known('artifact', from.beside, artifacts, ['artifacts', name, 'encoded_from', 'beside']);
    if (!produced.has(name))
      problems.push(
        source.problem('artifact.unused', l10n.t('No agent produces "{0}".', name), ['artifacts', name], {
          part: 'key',
        }),
      );
  }
  if (typeof raw.coach === 'object') {
    known('model', raw.coach.model, models, ['coach', 'model']);
    for (const [at, agent] of raw.coach.sees_ground_truth.entries())
      known('agent', agent, Object.keys(raw.agents), ['coach', 'sees_ground_truth', at]);
  }
  for (const [name, metric] of Object.entries(raw.outcome.metrics))
    if (metric.artifact)
      known('artifact', metric.artifact, artifacts, ['outcome', 'metrics', name, 'artifact']);
  return problems;
}
