// `npm run pretrain [-- --steps N --seed S --out DIR]`: trains the base model again, in minutes.
// `--from DIR` goes on from a trained base with a lower rate, after its demonstrations changed.
// `--reinforce STEPS` trains nothing that is kept: it shows that reinforcement corrects the base in media/base.
// `--habits F` and `--slips F` multiply how often demonstrations do the wrong thing: a harder or an easier base.
// `npm run pretrain -- --vocabulary PYTHON` learns the vocabulary first, with an interpreter that has `tokenizers`.
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadBackend } from '../../src/engine/backend/load.js';
import { uploadForDecoding } from '../../src/engine/model/decode.js';
import { readModel } from '../../src/engine/model/files.js';
import { parameterCount } from '../../src/engine/model/shape.js';
import { copyWeights, initialWeights } from '../../src/engine/model/weights.js';
import { loadTokenizer } from '../../src/engine/tokenizer.js';
import { stagesOf, writeFolder } from './folder.js';
import { measure } from './measure.js';
import { scale } from './rates.js';
import { reinforce } from './reinforce.js';
import { baseConfig } from './shape.js';
import { type Schedule, train } from './train.js';
import { writeVocabulary } from './vocabulary.js';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '4000' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string', default: 'media/base' },
    from: { type: 'string' },
    vocabulary: { type: 'string' },
    reinforce: { type: 'string' },
    habits: { type: 'string', default: '1' },
    slips: { type: 'string', default: '1' },
  },
});
scale.habits = Number(values.habits);
scale.slips = Number(values.slips);
const tokenizerPath = join('media', 'base', 'tokenizer.json');
if (values.vocabulary !== undefined) {
  writeVocabulary(values.vocabulary, join('scripts', 'pretrain', 'vocabulary.py'), tokenizerPath);
}
const tokenizer = loadTokenizer(tokenizerPath);
const backend = await loadBackend('auto');
const { tf, kernel, name } = backend;
if (values.reinforce !== undefined) {
  reinforce(backend, readModel(values.out), tokenizer, Number(values.reinforce));
  process.exit();
}
const schedule: Schedule = {
  steps: Number(values.steps),
  tokens: 2100,
  lr: values.from === undefined ? 3e-3 : 1e-3,
  warmup: 60,
  flat: 0.4,
  end: 0.03,
  seed: Number(values.seed),
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
