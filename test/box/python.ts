// The interpreter that `npm run test:box` made; these tests are not part of `npm test`.
import { existsSync } from 'node:fs';

/** The same with vLLM beside them. */
export function vllmPython(): string {
  const python = process.env.BATON_VLLM_PYTHON;
  if (python === undefined || !existsSync(python))
    throw new Error('BATON_VLLM_PYTHON names no interpreter: start these tests with "npm run test:box"');
  return python;
}

/** Path of an interpreter with the torch engine's packages. */
export function torchPython(): string {
  const python = process.env.BATON_TORCH_PYTHON;
  if (python === undefined || !existsSync(python)) {
    throw new Error('BATON_TORCH_PYTHON names no interpreter: start these tests with "npm run test:box"');
  }
  return python;
}
