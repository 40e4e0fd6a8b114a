// `npm run pretrain [-- --steps N --seed S --out DIR]`: trains the base model again, in minutes.
// `npm run pretrain -- --vocabulary PYTHON` learns the vocabulary first, with an interpreter that has `tokenizers`.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadBackend } from '../../src/engine/backend/load.js';
import { uploadForDecoding } from '../../src/engine/model/decode.js';
import { parameterCount } from '../../src/engine/model/shape.js';
import { initialWeights } from '../../src/engine/model/weights.js';
import { loadTokenizer } from '../../src/engine/tokenizer.js';
import { writeFolder } from './folder.js';
import { measure } from './measure.js';
import { baseConfig } from './shape.js';
import { type Schedule, train } from './train.js';
import { writeVocabulary } from './vocabulary.js';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '4000' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string', default: 'media/base' },
    vocabulary: { type: 'string' },
  },
});
const tokenizerPath = join('media', 'base', 'tokenizer.json');
if (values.vocabulary !== undefined) {
  writeVocabulary(values.vocabulary, join('scripts', 'pretrain', 'vocabulary.py'), tokenizerPath);
}
const tokenizer = loadTokenizer(tokenizerPath);
const { tf, kernel, name } = await loadBackend('auto');
const schedule: Schedule = {
  steps: Number(values.steps),
  tokens: 2100,
  lr: 3e-3,
  warmup: 60,
  flat: 0.4,
  end: 0.03,
  seed: Number(values.seed),
};
const weights = initialWeights(baseConfig, schedule.seed + 6);
console.log(`${parameterCount(baseConfig)} weights on ${name}, ${schedule.steps} steps`);
let seen = 0;
train(tf, kernel, weights, tokenizer, schedule, (step, loss, tokens) => {
  seen = tokens;
  console.log(`step ${step}  loss ${loss.toFixed(4)} a token  ${tokens} tokens`);
});
writeFolder(values.out, weights, schedule, seen);
const w = uploadForDecoding(tf, weights);
for (const temperature of [1, 0.6, 0]) {
  const policies = { data_engineer: w, modeler: w, analyst: w };
  const rates = measure(tf, policies, tokenizer, { tasks: 200, temperature, seed: 99, turns: 1 });
  console.log(`temperature ${temperature}: ${JSON.stringify(rates)}`);
}
