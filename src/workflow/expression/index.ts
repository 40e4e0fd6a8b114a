export { type BinaryOp, type Expression, type Fault, namesIn, type TypeName, type Value } from './ast.js';
export { type Evaluated, evaluate, holds, type Lookup, truth } from './evaluate.js';
export { functions } from './functions.js';
export { isFault, parseExpression } from './parse.js';
export { type NameType, type Scope, typeOf, typeOfValue, typeWords } from './types.js';
