import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { firstMessages } from '../../../src/rollout/messages.js';
import { checkWorkflow, diskFiles, loadTasks, readText } from '../../../src/workflow/index.js';

/** Of all that the agents of a template are first asked, on every seventh of its tasks. */
function hashOf(template: string): string {
  const path = join(import.meta.dirname, '../../../media/templates', template, `${template}.baton.yaml`);
  const files = diskFiles(dirname(path));
  const { workflow } = checkWorkflow(readText(path), path, { files });
  const hash = createHash('sha256');
  const { tasks } = loadTasks(workflow!.tasks, files);
  for (const task of tasks.filter((_, at) => at % 7 === 0))
    for (const agent of Object.values(workflow!.agents))
      hash.update(JSON.stringify(firstMessages(workflow!, agent, task, {}, [])));
  return hash.digest('hex').slice(0, 16);
}

// The base model, the recorded results and the numbers of the README were made over these very prompts.
test('what the templates ask of their agents is what their numbers were taken over', () => {
  expect(hashOf('table-team')).toBe('cf17f37a52709f2a');
  expect(hashOf('sums')).toBe('4fb7d59431fe7053');
});
