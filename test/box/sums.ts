/** Two roles of SmolLM2 on sums: replies of at most a few tokens, no tools. Some hold and some do not, so that there is something to learn. */
export const sums = `baton: 1
models: {student: {provider: embedded, max_tokens: 8}}
tasks:
  family: {problems: {count: 40, largest: 5}}
  split: {}
artifacts:
  guess: {kind: message, checks: [number > 4]}
  answer: {kind: message, checks: [number > 4]}
agents:
  solver: {role: Answer., prompt: "What is {{task.calculation}}? Say only the number.", produces: [guess]}
  verifier: {role: Answer., consumes: [guess], prompt: "What is {{task.calculation}}? Say only the number.", produces: [answer]}
training: {learning_rate: 1.0e-4, schedule: constant, warmup: 0, temperature: 0.5}
`;
