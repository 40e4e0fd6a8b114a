"""Small tables, encoders and models on the standard library alone: what the agents of this team program against.

One call does one thing: none both reads and encodes, fits and predicts, or writes two files. Everything is
deterministic. Errors are one line that says what is wrong and what would be right, since agents read them.

    read(path) -> Table                      cells are float, str or None (missing)
    fit_encoder(table, num, cat) -> Encoder  medians, means, deviations and categories learned from this table
    encode(encoder, table) -> Table          numeric and complete: standardised numbers, then one-hot "column=value"
    column(table, name) -> Column
    knn_classifier(k) knn_regressor(k) logistic(steps) ridge(alpha) tree_classifier(depth) tree_regressor(depth)
    fit(model, X, y)   predict(model, X) -> list
    save(obj, path)    load(path)            pickle
    write_csv(path, header, *columns)
"""

import _csv
import _pickle
from math import dist, exp, sqrt

__all__ = (
    "Table Column Encoder read fit_encoder encode column knn_classifier knn_regressor logistic ridge "
    "tree_classifier tree_regressor fit predict save load write_csv"
).split()


class Table:
    """`columns`: names; `rows`: one list of cells per row."""

    def __init__(self, columns, rows):
        self.columns = list(columns)
        self.rows = rows

    def __len__(self):
        return len(self.rows)


class Column:
    """One named column; behaves as the list of its cells."""

    def __init__(self, name, values):
        self.name = name
        self.values = values

    def __len__(self):
        return len(self.values)

    def __iter__(self):
        return iter(self.values)

    def __getitem__(self, at):
        return self.values[at]


class Encoder:
    """`num`: (name, median, mean, deviation) each; `cat`: (name, categories) each."""

    def __init__(self, num, cat):
        self.num = num
        self.cat = cat


def _cell(text):
    if text == "" or text == "NA":
        return None
    try:
        number = float(text)
    except ValueError:
        return text
    return number if number == number else None


def _text(value):
    if value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)


def _place(table, name, caller):
    try:
        return table.columns.index(name)
    except ValueError:
        raise ValueError(f"{caller}: no column {name!r}; the table has {', '.join(table.columns)}") from None


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        lines = _csv.reader(file)
        names = next(lines, None)
        if names is None:
            raise ValueError(f"read: {path} is empty")
        rows = [[_cell(each) for each in line] for line in lines if line]
    for at, row in enumerate(rows):
        if len(row) != len(names):
            raise ValueError(f"read: {path} line {at + 2} has {len(row)} cells, its header has {len(names)}")
    return Table(names, rows)


def fit_encoder(table, num, cat):
    numbers, categories = [], []
    for name in num:
        at = _place(table, name, "fit_encoder")
        cells = [row[at] for row in table.rows if row[at] is not None]
        for cell in cells:
            if isinstance(cell, str):
                raise ValueError(f"fit_encoder: column {name!r} holds text ({cell!r}); list it in cat")
        if not cells:
            raise ValueError(f"fit_encoder: column {name!r} is empty")
        ordered = sorted(cells)
        middle = len(ordered) // 2
        median = ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
        mean = sum(cells) / len(cells)
        deviation = sqrt(sum((cell - mean) ** 2 for cell in cells) / len(cells))
        numbers.append((name, median, mean, deviation or 1.0))
    for name in cat:
        at = _place(table, name, "fit_encoder")
        categories.append((name, sorted({_text(row[at]) for row in table.rows if row[at] is not None})))
    return Encoder(numbers, categories)


def encode(encoder, table):
    names = [each[0] for each in encoder.num] + [f"{name}={value}" for name, values in encoder.cat for value in values]
    num = [(_place(table, each[0], "encode"), *each) for each in encoder.num]
    cat = [(_place(table, name, "encode"), values) for name, values in encoder.cat]
    rows = []
    for row in table.rows:
        cells = []
        for at, name, median, mean, deviation in num:
            cell = median if row[at] is None else row[at]
            if isinstance(cell, str):
                raise ValueError(f"encode: column {name!r} holds text ({cell!r}), the encoder learned numbers")
            cells.append((cell - mean) / deviation)
        for at, values in cat:
            text = _text(row[at])
            cells.extend([1.0 if text == value else 0.0 for value in values])
        rows.append(cells)
    return Table(names, rows)


def column(table, name):
    at = _place(table, name, "column")
    return Column(name, [row[at] for row in table.rows])


def _solve(matrix, right):
    """Gaussian elimination with partial pivoting; `matrix` is square and is changed in place."""
    size = len(right)
    for at in range(size):
        best = max(range(at, size), key=lambda row: abs(matrix[row][at]))
        matrix[at], matrix[best] = matrix[best], matrix[at]
        right[at], right[best] = right[best], right[at]
        pivot = matrix[at][at] or 1e-12
        for row in range(at + 1, size):
            factor = matrix[row][at] / pivot
            if factor:
                upper, lower = matrix[at], matrix[row]
                for col in range(at, size):
                    lower[col] -= factor * upper[col]
                right[row] -= factor * right[at]
    answer = [0.0] * size
    for at in range(size - 1, -1, -1):
        known = sum(matrix[at][col] * answer[col] for col in range(at + 1, size))
        answer[at] = (right[at] - known) / (matrix[at][at] or 1e-12)
    return answer


def _normal(rows, weights, targets, penalty):
    """Weighted ridge: solves (XᵀWX + penalty) b = XᵀWz with an unpenalised leading constant."""
    size = len(rows[0]) + 1
    matrix = [[0.0] * size for _ in range(size)]
    right = [0.0] * size
    for row, weight, target in zip(rows, weights, targets):
        full = (1.0, *row)
        for i, left in enumerate(full):
            if left:
                scaled = weight * left
                line = matrix[i]
                for j in range(i, size):
                    line[j] += scaled * full[j]
                right[i] += scaled * target
    for i in range(size):
        for j in range(i):
            matrix[i][j] = matrix[j][i]
        matrix[i][i] += penalty if i else 1e-9
    return _solve(matrix, right)


def _linear(weights, row):
    return weights[0] + sum(weight * cell for weight, cell in zip(weights[1:], row))


def _vote(labels):
    counts = {}
    for label in labels:
        counts[label] = counts.get(label, 0) + 1
    best = max(counts.values())
    return min((label for label, count in counts.items() if count == best), key=str)


class _Model:
    """`predicts`: "classification" or "regression"; `features`, `rows` and `fitted` are set by `fit`."""

    fitted = False
    features = None
    rows = 0

    def __init__(self, predicts, setting):
        self.predicts = predicts
        self.setting = setting


class Neighbours(_Model):
    def learn(self, rows, labels):
        self.points = [tuple(row) for row in rows]
        self.labels = labels

    def answer(self, row):
        point = tuple(row)
        order = sorted((dist(point, each), at) for at, each in enumerate(self.points))
        near = [self.labels[at] for _, at in order[: self.setting]]
        return _vote(near) if self.predicts == "classification" else sum(near) / len(near)


class Logistic(_Model):
    """One against the rest, by reweighted least squares with a small penalty."""

    def learn(self, rows, labels):
        classes = sorted(set(labels), key=str)
        if len(classes) > 10:
            raise ValueError(f"fit: logistic needs at most 10 classes, y has {len(classes)} different values")
        self.classes = classes
        self.weights = []
        for label in classes:
            targets = [1.0 if each == label else 0.0 for each in labels]
            weights = [0.0] * (len(rows[0]) + 1)
            for _ in range(min(self.setting, 25)):
                scores = [max(-30.0, min(30.0, _linear(weights, row))) for row in rows]
                chances = [1 / (1 + exp(-score)) for score in scores]
                spread = [max(chance * (1 - chance), 1e-6) for chance in chances]
                working = [s + (t - c) / w for s, t, c, w in zip(scores, targets, chances, spread)]
                new = _normal(rows, spread, working, 0.1)
                moved = max(abs(a - b) for a, b in zip(new, weights))
                weights = new
                if moved < 1e-4:
                    break
            self.weights.append(weights)

    def answer(self, row):
        scores = [_linear(weights, row) for weights in self.weights]
        return self.classes[scores.index(max(scores))]


class Ridge(_Model):
    def learn(self, rows, labels):
        self.weights = _normal(rows, [1.0] * len(rows), labels, self.setting)

    def answer(self, row):
        return _linear(self.weights, row)


class Tree(_Model):
    """Greedy binary splits on Gini impurity or squared error; leaves of at least three rows."""

    def learn(self, rows, labels):
        self.root = self.grow(rows, labels, self.setting)

    def leaf(self, labels):
        return (_vote(labels),) if self.predicts == "classification" else (sum(labels) / len(labels),)

    def grow(self, rows, labels, depth):
        if depth == 0 or len(rows) < 6 or min(labels, key=str) == max(labels, key=str):
            return self.leaf(labels)
        search = self.split_classes if self.predicts == "classification" else self.split_numbers
        best = None
        for feature in range(len(rows[0])):
            order = sorted(range(len(rows)), key=lambda at: rows[at][feature])
            found = search([rows[at][feature] for at in order], [labels[at] for at in order])
            if found is not None and (best is None or found[0] > best[0] + 1e-12):
                best = (found[0], feature, found[1])
        if best is None:
            return self.leaf(labels)
        _, feature, border = best
        low = [at for at, row in enumerate(rows) if row[feature] <= border]
        high = [at for at, row in enumerate(rows) if row[feature] > border]
        return (
            feature,
            border,
            self.grow([rows[at] for at in low], [labels[at] for at in low], depth - 1),
            self.grow([rows[at] for at in high], [labels[at] for at in high], depth - 1),
        )

    @staticmethod
    def split_numbers(cells, labels):
        """The border that leaves the least squared error: maximal sum of squared sums over counts."""
        total, count = sum(labels), len(labels)
        before, best = 0.0, None
        floor = total * total / count + 1e-9
        for at in range(count - 1):
            before += labels[at]
            if cells[at] == cells[at + 1] or at + 1 < 3 or count - at - 1 < 3:
                continue
            gain = before * before / (at + 1) + (total - before) ** 2 / (count - at - 1)
            if gain > floor and (best is None or gain > best[0]):
                best = (gain, (cells[at] + cells[at + 1]) / 2)
        return best

    @staticmethod
    def split_classes(cells, labels):
        """The border with the purest sides: maximal sum of squared class counts over side sizes."""
        right = {}
        for label in labels:
            right[label] = right.get(label, 0) + 1
        left = dict.fromkeys(right, 0)
        count, best = len(labels), None
        left_sum, right_sum = 0, sum(each * each for each in right.values())
        floor = right_sum / count + 1e-9
        for at in range(count - 1):
            label = labels[at]
            left_sum += 2 * left[label] + 1
            right_sum -= 2 * right[label] - 1
            left[label] += 1
            right[label] -= 1
            if cells[at] == cells[at + 1] or at + 1 < 3 or count - at - 1 < 3:
                continue
            gain = left_sum / (at + 1) + right_sum / (count - at - 1)
            if gain > floor and (best is None or gain > best[0]):
                best = (gain, (cells[at] + cells[at + 1]) / 2)
        return best

    def answer(self, row):
        node = self.root
        while len(node) == 4:
            node = node[2] if row[node[0]] <= node[1] else node[3]
        return node[0]


def knn_classifier(k=5):
    return Neighbours("classification", k)


def knn_regressor(k=5):
    return Neighbours("regression", k)


def logistic(steps=200):
    return Logistic("classification", steps)


def ridge(alpha=1.0):
    return Ridge("regression", alpha)


def tree_classifier(depth=4):
    return Tree("classification", depth)


def tree_regressor(depth=4):
    return Tree("regression", depth)


def _numeric(X, caller):
    if not isinstance(X, Table):
        raise ValueError(f"{caller}: X is a {type(X).__name__}, not a Table")
    if not X.rows:
        raise ValueError(f"{caller}: X has no rows")
    for at, row in enumerate(X.rows):
        for name, cell in zip(X.columns, row):
            if cell is None:
                raise ValueError(f"{caller}: column {name!r} misses a value in row {at + 1}; encode the table first")
            if isinstance(cell, str):
                raise ValueError(f"{caller}: column {name!r} holds text ({cell!r}); encode the table first")
    return X.rows


def fit(model, X, y):
    if not isinstance(model, _Model):
        raise ValueError(f"fit: {type(model).__name__} is not a model")
    rows, labels = _numeric(X, "fit"), list(y)
    if len(rows) != len(labels):
        raise ValueError(f"fit: X has {len(rows)} rows, y has {len(labels)}")
    for label in labels:
        if label is None:
            raise ValueError("fit: y has missing values")
        if model.predicts == "regression" and isinstance(label, str):
            raise ValueError(f"fit: y holds text ({label!r}); use a classifier")
    model.learn(rows, labels)
    model.features = list(X.columns)
    model.rows = len(rows)
    model.fitted = True


def predict(model, X):
    if not isinstance(model, _Model):
        raise ValueError(f"predict: {type(model).__name__} is not a model")
    if not model.fitted:
        raise ValueError("predict: the model is not fitted")
    rows = _numeric(X, "predict")
    if X.columns != model.features:
        raise ValueError(
            f"predict: the model was fitted on {', '.join(model.features)}; X has {', '.join(X.columns)}"
        )
    return [model.answer(row) for row in rows]


def save(obj, path):
    with open(path, "wb") as file:
        _pickle.dump(obj, file, 4)


def load(path):
    with open(path, "rb") as file:
        return _pickle.load(file)


def write_csv(path, header, *columns):
    if len(header) != len(columns):
        raise ValueError(f"write_csv: the header has {len(header)} names, {len(columns)} columns were given")
    sizes = {len(each) for each in columns}
    if len(sizes) > 1:
        raise ValueError(f"write_csv: the columns have different lengths: {sorted(sizes)}")
    with open(path, "w", newline="", encoding="utf-8") as file:
        lines = _csv.writer(file, lineterminator="\n")
        lines.writerow(header)
        for cells in zip(*columns):
            lines.writerow([_text(cell) for cell in cells])
