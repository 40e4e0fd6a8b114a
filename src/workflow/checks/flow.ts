import * as l10n from '@vscode/l10n';
import { isFault, parseExpression } from '../expression/index.js';
import type { Flow } from '../model.js';
import type { Problem } from '../problems.js';
import type { RawStep, RawWorkflow } from '../schema.js';
import { suggestion } from '../source/nearest.js';
import type { Path, Source } from '../source/source.js';

/** The order of work: written out, or derived from who produces what (file order where nobody waits). */
export function buildFlow(raw: RawWorkflow, source: Source): { flow: Flow; problems: Problem[] } {
  const problems: Problem[] = [];
  const producers = findProducers(raw, source, problems);
  if (raw.flow === 'auto') return { flow: derive(raw, producers, source, problems), problems };
  const seen = new Set<string>();
  const steps = raw.flow.map((step, at) => convert(step, ['flow', at], raw, source, seen, problems));
  for (const agent of Object.keys(raw.agents))
    if (!seen.has(agent))
      problems.push(
        source.problem(
          'flow.agent-missing',
          l10n.t('"{0}" never acts: it is not in flow.', agent),
          ['agents', agent],
          {
            part: 'key',
          },
        ),
      );
  const flow: Flow = { is: 'sequence', steps };
  checkOrder(flow, raw, producers, source, problems);
  return { flow, problems };
}

function findProducers(raw: RawWorkflow, source: Source, problems: Problem[]): Map<string, string> {
  const producers = new Map<string, string>();
  for (const [agent, { produces }] of Object.entries(raw.agents))
    for (const [at, artifact] of produces.entries()) {
      const first = producers.get(artifact);
      if (first !== undefined)
        problems.push(
          source.problem(
            'artifact.produced-twice',
            l10n.t('"{0}" is already produced by "{1}"; an artifact has one producer.', artifact, first),
            ['agents', agent, 'produces', at],
          ),
        );
      else producers.set(artifact, agent);
    }
  return producers;
}

/** Topological order that keeps file order among agents that are free to act. */
function derive(raw: RawWorkflow, producers: Map<string, string>, source: Source, problems: Problem[]): Flow {
  const waiting = new Map(
    Object.entries(raw.agents).map(([agent, { consumes }]) => [
      agent,
      new Set(consumes.map((artifact) => producers.get(artifact)).filter((other) => other !== undefined)),
    ]),
  );
  const steps: Flow[] = [];
  while (waiting.size > 0) {
    const free = [...waiting].find(([, needs]) => [...needs].every((need) => !waiting.has(need)));
    if (!free) {
      const cycle = findCycle(waiting);
      problems.push(
        source.problem(
          'flow.cycle',
          l10n.t('These agents wait for each other: {0}.', [...cycle, cycle[0]].join(' -> ')),
          ['agents', cycle[0]!],
          { part: 'key' },
        ),
      );
      return { is: 'sequence', steps };
    }
    waiting.delete(free[0]);
    steps.push({ is: 'agent', agent: free[0] });
  }
  return { is: 'sequence', steps };
}

function findCycle(waiting: Map<string, Set<string>>): string[] {
  const way: string[] = [];
  let at = [...waiting.keys()][0]!;
  while (!way.includes(at)) {
    way.push(at);
    at = [...waiting.get(at)!].find((need) => waiting.has(need))!;
  }
  return way.slice(way.indexOf(at)).reverse();
}

function convert(
  step: RawStep,
  path: Path,
  raw: RawWorkflow,
  source: Source,
  seen: Set<string>,
  problems: Problem[],
): Flow {
  const each = (steps: RawStep[], key: Path) =>
    steps.map((inner, at) => convert(inner, [...path, ...key, at], raw, source, seen, problems));
  if (typeof step === 'string') {
    if (!Object.hasOwn(raw.agents, step))
      problems.push(
        source.problem(
          'name.unknown-agent',
          l10n.t('There is no agent "{0}".', step) + suggestion(step, Object.keys(raw.agents)),
          path,
        ),
      );
    else if (seen.has(step))
      problems.push(
        source.problem(
          'flow.agent-twice',
          l10n.t('"{0}" stands twice in flow; use repeat to let it act again.', step),
          path,
        ),
      );
    seen.add(step);
    return { is: 'agent', agent: step };
  }
  if ('parallel' in step) return { is: 'parallel', arms: each(step.parallel, ['parallel']) };
  if ('sequence' in step) return { is: 'sequence', steps: each(step.sequence, ['sequence']) };
  const { until, max } = step.repeat;
  const parsed = parseExpression(until);
  const expression = isFault(parsed) ? ({ is: 'literal', value: true, start: 0, end: 0 } as const) : parsed;
  return {
    is: 'repeat',
    body: { is: 'sequence', steps: each(step.repeat.do, ['repeat', 'do']) },
    until: { text: until, expression },
    max,
  };
}

/** In a written flow every consumer must come after its producer, and not beside it. */
function checkOrder(
  flow: Flow,
  raw: RawWorkflow,
  producers: Map<string, string>,
  source: Source,
  problems: Problem[],
): void {
  const walk = (node: Flow, done: Set<string>): Set<string> => {
    switch (node.is) {
      case 'sequence':
        return node.steps.reduce((before, step) => walk(step, before), done);
      case 'parallel':
        return new Set(node.arms.flatMap((arm) => [...walk(arm, done)]));
      case 'repeat':
        return walk(node.body, done);
      case 'agent': {
        for (const [at, artifact] of (raw.agents[node.agent]?.consumes ?? []).entries()) {
          const producer = producers.get(artifact);
          if (producer !== undefined && producer !== node.agent && !done.has(producer))
            problems.push(
              source.problem(
                'flow.consumer-first',
                l10n.t(
                  '"{0}" needs "{1}" before "{2}" has made it; move it behind "{2}" in flow.',
                  node.agent,
                  artifact,
                  producer,
                ),
                ['agents', node.agent, 'consumes', at],
              ),
            );
        }
        return new Set([...done, node.agent]);
      }
    }
  };
  walk(flow, new Set());
}
