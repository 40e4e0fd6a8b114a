// Judges programs by what they would do, without running them: the yardstick for the base model's success
// rates. The product judges by contracts on real artifacts; this is quicker and needs no sandbox.
import { type Expression, ProgramError, statements } from './program.js';
import type { Role, Task } from './task.js';

type Split = 'train' | 'test';
type Value =
  | { readonly is: 'table'; readonly split: Split }
  | { readonly is: 'encoder'; readonly split: Split; readonly columns: readonly string[] }
  | { readonly is: 'encoded'; readonly split: Split; readonly encoder: Value & { is: 'encoder' } }
  | { readonly is: 'column'; readonly split: Split; readonly name: string }
  | { readonly is: 'model'; readonly name: string; readonly setting: number; fitted: boolean }
  | { readonly is: 'predictions'; readonly input: Value }
  | { readonly is: 'plain'; readonly value: unknown };

export interface Judgement {
  readonly ok: boolean;
  /** the feedback that a failed first program gets, or an empty text */
  readonly feedback: string;
  /** 0 to 1 among the correct ones: 1 for good settings */
  readonly quality: number;
}

const good: Readonly<Record<string, number>> = {
  knn_classifier: 5,
  knn_regressor: 5,
  logistic: 200,
  ridge: 1,
  tree_classifier: 4,
  tree_regressor: 4,
};
const regressors = new Set(['knn_regressor', 'ridge', 'tree_regressor']);

class Broken extends Error {}

/** One workspace in which the three roles' programs run, in order. */
export class Bench {
  private readonly files = new Map<string, Value>();
  private header: readonly string[] = [];
  private fits = 0;

  constructor(private readonly task: Task) {}

  /** A bench on which the roles before this one did their work well. */
  static before(role: Role, task: Task): Bench {
    const bench = new Bench(task);
    if (role === 'data_engineer') return bench;
    const encoder = {
      is: 'encoder',
      split: 'train',
      columns: [...task.numeric, ...task.categorical],
    } as const;
    bench.files.set('X_train.pkl', { is: 'encoded', split: 'train', encoder });
    bench.files.set('X_test.pkl', { is: 'encoded', split: 'test', encoder });
    bench.files.set('y_train.pkl', { is: 'column', split: 'train', name: task.target });
    if (role === 'modeler') return bench;
    const name = task.kind === 'regression' ? 'ridge' : 'logistic';
    bench.files.set('model.pkl', { is: 'model', name, setting: good[name]!, fitted: true });
    return bench;
  }

  act(role: Role, reply: string): Judgement {
    this.fits = 0;
    try {
      const names = new Map<string, Value>();
      for (const { to, value } of statements(reply)) {
        const result = this.run(value, names);
        if (to !== null) names.set(to, result);
      }
      return { ok: true, feedback: '', quality: this.contract(role) };
    } catch (error) {
      const how = error instanceof Broken ? 'broken' : 'error';
      if (!(error instanceof Broken || error instanceof ProgramError)) throw error;
      return { ok: false, feedback: `${how}: ${error.message.slice(0, 160)}`, quality: 0 };
    }
  }

  private contract(role: Role): number {
    const { task, files } = this;
    if (role === 'data_engineer') {
      for (const path of ['X_train.pkl', 'y_train.pkl', 'X_test.pkl']) {
        if (!files.has(path)) throw new Broken(`${path} is missing`);
      }
      const train = files.get('X_train.pkl')!;
      const test = files.get('X_test.pkl')!;
      const y = files.get('y_train.pkl')!;
      if (train.is !== 'encoded' || train.split !== 'train')
        throw new Broken(`X_train.pkl: ${rows(task, 'train')}`);
      if (train.encoder.columns.includes(task.target))
        throw new Broken('X_train.pkl: the target is among the features');
      if (train.encoder.columns.includes(task.id_column))
        throw new Broken('X_train.pkl: the id column is among the features');
      if (test.is !== 'encoded' || test.split !== 'test')
        throw new Broken(`X_test.pkl: ${rows(task, 'test')}`);
      if (test.encoder !== train.encoder) throw new Broken('X_test.pkl: its encoder was fitted on test data');
      if (y.is !== 'column' || y.split !== 'train' || y.name !== task.target)
        throw new Broken('y_train.pkl: it is not the target column');
      const covered = new Set(train.encoder.columns);
      if (![...task.numeric, ...task.categorical].every((name) => covered.has(name)))
        throw new Broken('X_train.pkl: not every feature that was asked for is in it');
      return 1;
    }
    const model = files.get('model.pkl');
    if (role === 'modeler') {
      if (model === undefined) throw new Broken('model.pkl is missing');
      if (model.is !== 'model' || !model.fitted)
        throw new Broken('model.pkl: the model was saved before it was fitted');
      if (regressors.has(model.name) !== (task.kind === 'regression'))
        throw new Broken('model.pkl: the model does not predict what the task asks for');
      return model.setting === good[model.name] ? 1 : 0.5;
    }
    const out = files.get('submission.csv');
    if (out === undefined) throw new Broken('submission.csv is missing');
    if (this.header.join('\n') !== [task.id_column, task.target].join('\n')) {
      throw new Broken('submission.csv: the header is not the one that was asked for');
    }
    if (out.is !== 'predictions' || out.input.is !== 'encoded' || out.input.split !== 'test') {
      throw new Broken(`submission.csv: ${rows(task, 'train')}`);
    }
    if (this.fits > 0)
      throw new Broken('submission.csv: the predictions are not those of the model that was handed over');
    return 1;
  }

  private run(e: Expression, names: Map<string, Value>): Value {
    if (e.is === 'text' || e.is === 'number') return { is: 'plain', value: e.value };
    if (e.is === 'list') {
      return {
        is: 'plain',
        value: e.items.map((i) => (i.is === 'text' ? i.value : fail('TypeError: unhashable type'))),
      };
    }
    if (e.is === 'name') return names.get(e.name) ?? fail(`NameError: name '${e.name}' is not defined`);
    return this.call(
      e.name,
      e.args.map((a) => this.run(a, names)),
    );
  }

  private call(name: string, args: Value[]): Value {
    const [x, y, z] = args;
    const { task } = this;
    if (name in good) return { is: 'model', name, setting: Number(plain(x) ?? good[name]), fitted: false };
    switch (name) {
      case 'read': {
        const split = /^\/inputs\/(train|test)\.csv$/.exec(String(plain(x)))?.[1] as Split | undefined;
        return split
          ? { is: 'table', split }
          : fail(`FileNotFoundError: [Errno 2] No such file or directory: '${plain(x)}'`);
      }
      case 'fit_encoder': {
        if (x?.is !== 'table') return fail("TypeError: 'fit_encoder' wants a table");
        const numeric = strings(y);
        const categorical = strings(z);
        for (const column of [...numeric, ...categorical]) this.has(x.split, column);
        const wrong = numeric.find(
          (n) => task.categorical.includes(n) || (n === task.target && task.kind === 'classification'),
        );
        if (wrong !== undefined)
          fail(`ValueError: fit_encoder: column '${wrong}' holds text ('b'); list it in cat`);
        return { is: 'encoder', split: x.split, columns: [...numeric, ...categorical] };
      }
      case 'encode':
        if (x?.is !== 'encoder' || y?.is !== 'table')
          return fail("TypeError: 'encode' wants an encoder and a table");
        for (const column of x.columns) this.has(y.split, column);
        return { is: 'encoded', split: y.split, encoder: x };
      case 'column':
        if (x?.is !== 'table') return fail("TypeError: 'column' wants a table");
        this.has(x.split, String(plain(y)));
        return { is: 'column', split: x.split, name: String(plain(y)) };
      case 'fit':
        if (x?.is !== 'model' || y?.is !== 'encoded' || z?.is !== 'column')
          return fail('TypeError: fit(model, X, y)');
        x.fitted = true;
        this.fits++;
        return x;
      case 'predict':
        if (x?.is !== 'model' || y?.is !== 'encoded') return fail('TypeError: predict(model, X)');
        return x.fitted
          ? { is: 'predictions', input: y }
          : fail('ValueError: predict: the model is not fitted');
      case 'save':
        if (x === undefined || y === undefined)
          return fail("TypeError: save() missing 1 required positional argument: 'path'");
        this.files.set(String(plain(y)), x);
        return x;
      case 'load':
        return (
          this.files.get(String(plain(x))) ??
          fail(`FileNotFoundError: [Errno 2] No such file or directory: '${plain(x)}'`)
        );
      case 'write_csv': {
        const ids = args[2];
        if (
          ids?.is !== 'column' ||
          ids.split !== 'test' ||
          ids.name !== task.id_column ||
          args[3]?.is !== 'predictions'
        ) {
          return fail(`ValueError: write_csv: the columns have different lengths: [40, ${task.train_rows}]`);
        }
        this.header = strings(y);
        this.files.set(String(plain(x)), args[3]);
        return args[3];
      }
      default:
        return fail(`NameError: name '${name}' is not defined`);
    }
  }

  private has(split: Split, column: string): void {
    const { task } = this;
    const known = [
      task.id_column,
      ...task.numeric,
      ...task.categorical,
      ...(split === 'train' ? [task.target] : []),
    ];
    if (!known.includes(column))
      fail(`ValueError: encode: no column '${column}'; the table has ${known.join(', ')}`);
  }
}

/** How the product words a count of rows that is off; the test split's count is not in the task here. */
function rows(task: Task, split: Split): string {
  return `"rows == task.${split}_rows" does not hold (rows is ${task.train_rows})`;
}

function fail(message: string): never {
  throw new ProgramError(message);
}

function plain(value: Value | undefined): unknown {
  return value?.is === 'plain' ? value.value : undefined;
}

function strings(value: Value | undefined): readonly string[] {
  const list = plain(value);
  return Array.isArray(list) ? (list as string[]) : fail('TypeError: a list of names is needed');
}
