import { startTorchEngine } from '../../../src/engine/index.js';
import { protocolCases } from '../../integration/engine/cases.js';
import { torchPython } from '../python.js';

protocolCases({
  start: (dir) =>
    startTorchEngine({
      dir,
      base: 'media/base',
      python: torchPython(),
      method: 'full',
      backend: 'cpu',
      deterministic: true,
    }),
  backend: 'cpu',
  // Deterministic mode decodes what is sampled beside it apart.
  rounding: 0,
});
