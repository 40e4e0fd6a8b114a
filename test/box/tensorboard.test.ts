import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listRuns, readLog } from '../../src/trace/index.js';
import type { StepReport } from '../../src/training/index.js';
import { folderWith, runCli } from '../integration/cli/command.js';
import { torchPython } from './python.js';

/** Every scalar of a folder of event files as TensorBoard itself reads them: [[step, value], ...] by name. */
const read = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
found = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
found.Reload()
print(json.dumps({tag: [[each.step, each.value] for each in found.Scalars(tag)] for tag in found.Tags()["scalars"]}))
`;

it('a training is read by TensorBoard, with the numbers of its log', async () => {
  const folder = folderWith({});
  await runCli(folder, ['init', '.', '--template', 'table-team']);
  const sizes = ['--steps', '2', '--rollouts', '8', '--eval-tasks', '2', '--select-tasks', '2'];
  const trained = await runCli(folder, ['train', ...sizes]);
  expect(trained.code, trained.stderr).toBe(0);
  const [run] = listRuns(folder);
  const reports = readLog(run!.log).events.flatMap((event) =>
    event.type === 'training.step' ? [event.data.report as unknown as StepReport] : [],
  );
  const text = execFileSync(torchPython(), ['-c', read, join(run!.path, 'tensorboard')], {
    encoding: 'utf8',
  });
  const scalars = JSON.parse(text) as Record<string, [number, number][]>;
  /** Floats of 32 bits, as the format has them. */
  const logged = (value: (report: StepReport) => number) =>
    reports.map((report) => [report.step + 1, Math.fround(value(report))]);
  expect(reports).toHaveLength(2);
  expect(scalars['train/success']).toEqual(logged(({ success }) => success));
  for (const role of ['data_engineer', 'modeler', 'analyst'])
    expect(scalars[`${role}/reward`]).toEqual(
      logged(({ roles }) => roles.find((each) => each.role === role)!.rewardMean),
    );
  expect(scalars['test/success']!.map(([step]) => step)).toEqual([0, 2]);
});
