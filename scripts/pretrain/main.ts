// `npm run pretrain`; `npm run pretrain -- --help` tells what it takes.
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadBackend } from '../../src/engine/backend/load.js';
import { uploadForDecoding } from '../../src/engine/model/decode.js';
import { readModel } from '../../src/engine/model/files.js';
import { parameterCount } from '../../src/engine/model/shape.js';
import { copyWeights, initialWeights } from '../../src/engine/model/weights.js';
import { loadTokenizer } from '../../src/engine/tokenizer.js';
import { amount, count, program } from '../options.js';
import { stagesOf, writeFolder } from './folder.js';
import { measure } from './measure.js';
import { scale } from './rates.js';
import { reinforce } from './reinforce.js';
import { baseConfig } from './shape.js';
import { type Schedule, train } from './train.js';
import { writeVocabulary } from './vocabulary.js';

interface Given {
  steps: number;
  seed: number;
  out: string;
  from?: string;
  vocabulary?: string;
  reinforce?: number;
  habits: number;
  slips: number;
}

const values = program('pretrain', 'Train the base model again, in minutes.')
  .option('--steps <count>', 'updates', count, 4000)
  .option('--seed <number>', 'of weights and demonstrations', count, 1)
  .option('--out <folder>', 'where the base goes', 'media/base')
  .option('--from <folder>', 'go on from a base with a lower rate, after its demonstrations changed')
  .option('--vocabulary <python>', 'learn the vocabulary first, with an interpreter that has `tokenizers`')
  .option('--reinforce <steps>', 'keep nothing: show that reinforcement corrects the base in --out', count)
  .option('--habits <factor>', 'on the odds of wrong habits in demonstrations', amount, 1)
  .option('--slips <factor>', 'on the odds of slips in demonstrations', amount, 1)
  .parse()
  .opts<Given>();
scale.habits = values.habits;
scale.slips = values.slips;
const tokenizerPath = join('media', 'base', 'tokenizer.json');
if (values.vocabulary !== undefined) {
  writeVocabulary(values.vocabulary, join('scripts', 'pretrain', 'vocabulary.py'), tokenizerPath);
}
const tokenizer = loadTokenizer(tokenizerPath);
const backend = await loadBackend('auto');
const { tf, kernel, name } = backend;
if (values.reinforce !== undefined) {
  reinforce(backend, readModel(values.out), tokenizer, values.reinforce);
  process.exit();
}
const schedule: Schedule = {
  steps: values.steps,
  tokens: 2100,
  lr: values.from === undefined ? 3e-3 : 1e-3,
  warmup: 60,
  flat: 0.4,
  end: 0.03,
  seed: values.seed,
  copySteps: values.from === undefined ? 100 : 0,
};
const weights =
  values.from === undefined
    ? initialWeights(baseConfig, schedule.seed + 6)
    : copyWeights(readModel(values.from));
console.log(`${parameterCount(baseConfig)} weights on ${name}, ${schedule.steps} steps`);
let seen = 0;
train(tf, kernel, weights, tokenizer, schedule, (step, loss, tokens) => {
  seen = tokens;
  console.log(`step ${step}  loss ${loss.toFixed(4)} a token  ${tokens} tokens`);
});
writeFolder(values.out, weights, [
  ...(values.from === undefined ? [] : stagesOf(values.from)),
  { ...schedule, ...scale, tokens_seen: seen },
]);
const ownTokenizer = join(values.out, 'tokenizer.json');
if (!existsSync(ownTokenizer)) copyFileSync(tokenizerPath, ownTokenizer);
const w = uploadForDecoding(tf, weights);
for (const temperature of [1, 0.6, 0]) {
  const policies = { data_engineer: w, modeler: w, analyst: w };
  const rates = measure(tf, policies, tokenizer, { tasks: 200, temperature, seed: 99, turns: 1 });
  console.log(`temperature ${temperature}: ${JSON.stringify(rates)}`);
}
