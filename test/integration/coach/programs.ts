import type { Task } from '../../../src/workflow/index.js';

/** Programs of the three roles for one task; a fault replaces some of them. */
export interface Programs {
  data_engineer: string;
  modeler: string;
  analyst: string;
}

const json = (value: unknown) => JSON.stringify(value);
const head = 'from tab import *\n';

/** Programs that do everything right, in two styles. */
export function cleanPrograms(task: Task, style: 'tab' | 'plain'): Programs {
  const { numeric, categorical, target, id_column: id, kind, submission_columns: header } = task.fields;
  const model = kind === 'classification' ? 'tree_classifier(depth=3)' : 'tree_regressor(depth=3)';
  const modeler = `${head}m = ${model}\nfit(m, load("X_train.pkl"), load("y_train.pkl"))\nsave(m, "model.pkl")\n`;
  const analyst = `${head}p = predict(load("model.pkl"), load("X_test.pkl"))\nwrite_csv("submission.csv", ${json(header)}, column(read("/inputs/test.csv"), ${json(id)}), p)\n`;
  const engineer =
    style === 'tab'
      ? `${head}a = read("/inputs/train.csv")\nb = read("/inputs/test.csv")\ne = fit_encoder(a, ${json(numeric)}, ${json(categorical)})\nsave(encode(e, a), "X_train.pkl")\nsave(encode(e, b), "X_test.pkl")\nsave(column(a, ${json(target)}), "y_train.pkl")\n`
      : plainEngineer(task);
  return { data_engineer: engineer, modeler, analyst };
}

/** The engineer's work without the helper's encoder: min-max scaling and one-hot by hand. */
function plainEngineer(task: Task): string {
  const { numeric, categorical, target } = task.fields;
  return `import csv, pickle
from tab import Table
def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))
train, test = rows("/inputs/train.csv"), rows("/inputs/test.csv")
num, cat = ${json(numeric)}, ${json(categorical)}
low, high, fill, kinds = {}, {}, {}, {}
for name in num:
    seen = sorted(float(row[name]) for row in train if row[name] != "")
    low[name], high[name], fill[name] = seen[0], seen[-1], seen[len(seen) // 2] if len(seen) % 2 else (seen[len(seen) // 2 - 1] + seen[len(seen) // 2]) / 2
for name in cat:
    kinds[name] = sorted({row[name] for row in train if row[name] != ""})
def encoded(table):
    out = []
    for row in table:
        cells = [((float(row[n]) if row[n] != "" else fill[n]) - low[n]) / ((high[n] - low[n]) or 1.0) for n in num]
        cells += [1.0 if row[n] == k else 0.0 for n in cat for k in kinds[n]]
        out.append(cells)
    return Table(num + [f"{n}={k}" for n in cat for k in kinds[n]], out)
def cell(text):
    try:
        return float(text)
    except ValueError:
        return text
pickle.dump(encoded(train), open("X_train.pkl", "wb"))
pickle.dump(encoded(test), open("X_test.pkl", "wb"))
pickle.dump([cell(row[${json(target)}]) for row in train], open("y_train.pkl", "wb"))
`;
}

export interface Fault {
  name: string;
  role: keyof Programs;
  /** Codes that name this fault. */
  codes: string[];
  change(programs: Programs, task: Task): Programs;
}

const edit =
  (role: keyof Programs, from: RegExp, to: string | ((task: Task) => string)) =>
  (programs: Programs, task: Task) => {
    const text = programs[role].replace(from, () => (typeof to === 'string' ? to : to(task)));
    if (text === programs[role]) throw new Error(`the fault changed nothing in ${role}`);
    return { ...programs, [role]: text };
  };
const numbers = (task: Task) => task.fields.numeric as string[];
const first = (task: Task) =>
  json(
    [...numbers(task), ...(task.fields.categorical as string[])]
      .slice(1)
      .filter((name) => numbers(task).includes(name)),
  );

/** Faults with all other roles correct. */
export const faults: Fault[] = [
  {
    name: 'a save forgotten',
    role: 'data_engineer',
    codes: ['artifact.missing'],
    change: edit('data_engineer', /save\(encode\(e, b\).*\n/, ''),
  },
  {
    name: 'the model never saved',
    role: 'modeler',
    codes: ['artifact.missing'],
    change: edit('modeler', /save\(m.*\n/, ''),
  },
  {
    name: 'saved under another name',
    role: 'analyst',
    codes: ['artifact.missing'],
    change: edit('analyst', /"submission\.csv"/, '"result.csv"'),
  },
  {
    name: 'the target among the features',
    role: 'data_engineer',
    codes: ['target.leaked'],
    change: edit(
      'data_engineer',
      /save\(encode\(e, a\), "X_train.pkl"\)\nsave\(encode\(e, b\), "X_test.pkl"\)\n/,
      (task) =>
        `x = encode(e, a)\ny = column(a, ${json(task.fields.target)})\nz = {v: float(i) for i, v in enumerate(sorted(set(y), key=str))}\nsave(Table(x.columns + ["extra"], [r + [v if isinstance(v, float) else z[v]] for r, v in zip(x.rows, y)]), "X_train.pkl")\nt = encode(e, b)\nsave(Table(t.columns + ["extra"], [r + [0.0] for r in t.rows]), "X_test.pkl")\n`,
    ),
  },
  {
    name: 'the id among the features',
    role: 'data_engineer',
    codes: ['id.leaked'],
    change: edit(
      'data_engineer',
      /fit_encoder\(a, \[/,
      (task) => `fit_encoder(a, [${json(task.fields.id_column)},`,
    ),
  },
  {
    name: 'the encoder fitted on test',
    role: 'data_engineer',
    codes: ['encoder.refit'],
    change: edit('data_engineer', /fit_encoder\(a,/, 'fit_encoder(b,'),
  },
  {
    name: 'a second encoder for test',
    role: 'data_engineer',
    codes: ['encoder.refit', 'columns.mismatch'],
    change: edit(
      'data_engineer',
      /save\(encode\(e, b\)/,
      (task) =>
        `f = fit_encoder(b, ${json(task.fields.numeric)}, ${json(task.fields.categorical)})\nsave(encode(f, b)`,
    ),
  },
  {
    name: 'a column dropped',
    role: 'data_engineer',
    codes: ['columns.dropped'],
    change: edit('data_engineer', /fit_encoder\(a, \[.*?\]/, (task) => `fit_encoder(a, ${first(task)}`),
  },
  {
    name: 'train and test columns differ',
    role: 'data_engineer',
    codes: ['columns.mismatch', 'columns.dropped'],
    change: edit(
      'data_engineer',
      /save\(encode\(e, b\), "X_test.pkl"\)/,
      't = encode(e, b)\nsave(Table(t.columns[1:], [r[1:] for r in t.rows]), "X_test.pkl")',
    ),
  },
  {
    name: 'the wrong column as target',
    role: 'data_engineer',
    codes: ['contract.broken'],
    change: edit(
      'data_engineer',
      /save\(column\(a, .*\)\n/,
      (task) => `save(column(a, ${json(task.fields.id_column)}), "y_train.pkl")\n`,
    ),
  },
  {
    name: 'the wrong kind of model',
    role: 'modeler',
    codes: ['model.wrong-kind', 'program.failed'],
    change: edit('modeler', /tree_(classifier|regressor)/, (task) =>
      task.fields.kind === 'classification' ? 'tree_regressor' : 'tree_classifier',
    ),
  },
  {
    name: 'saved before it was fitted',
    role: 'modeler',
    codes: ['model.unfitted'],
    change: edit('modeler', /fit\(m.*\n/, ''),
  },
  {
    name: 'an analyst who fits a model',
    role: 'analyst',
    codes: ['artifact.unread', 'model.replaced'],
    change: edit(
      'analyst',
      /p = predict.*\n/,
      (task) =>
        `m = ${task.fields.kind === 'classification' ? 'knn_classifier(k=1)' : 'knn_regressor(k=1)'}\nfit(m, load("X_train.pkl"), load("y_train.pkl"))\np = predict(m, load("X_test.pkl"))\n`,
    ),
  },
  {
    name: 'constant predictions',
    role: 'analyst',
    codes: ['artifact.unread', 'model.replaced'],
    change: edit('analyst', /p = predict.*\n/, 'p = [12345.0] * len(load("X_test.pkl"))\n'),
  },
  {
    name: 'the header reversed',
    role: 'analyst',
    codes: ['columns.mismatch'],
    change: edit(
      'analyst',
      /"submission\.csv", \[(.*?), (.*?)\]|"submission\.csv", \["(.*?)","(.*?)"\]/,
      (task) => `"submission.csv", ${json([...(task.fields.submission_columns as string[])].reverse())}`,
    ),
  },
  {
    name: 'a row short',
    role: 'analyst',
    codes: ['rows.mismatch'],
    change: edit(
      'analyst',
      /write_csv\("submission\.csv", (.*?\]), (.*), p\)/,
      (task) =>
        `write_csv("submission.csv", ${json(task.fields.submission_columns)}, column(read("/inputs/test.csv"), ${json(task.fields.id_column)})[1:], p[1:])`,
    ),
  },
  {
    name: 'a syntax error',
    role: 'modeler',
    codes: ['program.failed'],
    change: edit('modeler', /fit\(m,/, 'fit(m,,'),
  },
];
