"""Facts about artifacts, taken inside the sandbox: `answer(requests)` writes `{name: facts}` as JSON to stdout.

Files are opened without following links; pickles pass an allow-list of classes. Every fact that a kind can have is
present, null where it is not known. What a file claims about itself is never trusted beyond that.

It is imported at every action's end: `pickle`, `json` and `hashlib` would take as long as Python itself to start.
"""

import _csv
import os
import stat
import sys
from _pickle import Unpickler

try:
    from _json import encode_basestring_ascii as quoted
except ImportError:
    from json.encoder import encode_basestring_ascii as quoted
try:
    from _sha2 import sha256
except ImportError:
    try:
        from _sha256 import sha256
    except ImportError:
        from hashlib import sha256

# A pickle that names numpy must not bring in a numpy.py that an agent left in the workspace.
sys.path[:] = [each for each in sys.path if os.path.realpath(each) != os.path.realpath(os.getcwd())]

LIMIT = 64 * 1024 * 1024
TAB = {"Table", "Column", "Encoder", "Neighbours", "Logistic", "Ridge", "Tree"}
PLAIN = {
    "builtins": {"set", "frozenset", "complex", "bytearray", "range", "slice", "object", "list", "dict", "tuple"},
    "collections": {"OrderedDict", "defaultdict", "Counter", "deque"},
    "copyreg": {"_reconstructor"},
    "_codecs": {"encode"},
    "datetime": {"date", "datetime", "time", "timedelta"},
}
SCIENCE = ("numpy", "pandas", "sklearn", "scipy")
MAKERS = {"_reconstruct", "scalar", "_frombuffer", "_unpickle_block", "_new_Index", "newObj", "__generator_ctor",
          "__bit_generator_ctor", "__randomstate_ctor"}
KINDS = {
    "table": {"rows": None, "columns": None, "missing": None, "constant": None, "numeric": None, "covers": None,
              "fitted_on": None, "encoding_consistent": None, "agreement": None},
    "column": {"rows": None, "missing": None, "distinct": None, "name": None, "equals": None},
    "model": {"estimator": None, "predicts": None, "features": None, "fitted": None, "rows_fitted": None},
    "json": {"valid": None, "value": None},
    "text": {"lines": None, "words": None},
    "file": {},
    "folder": {"files": None},
}


class Refused(Exception):
    pass


class Reader(Unpickler):
    def find_class(self, module, name):
        if (module == "tab" and name in TAB) or name in PLAIN.get(module, ()):
            return super().find_class(module, name)
        if module.split(".")[0] in SCIENCE and "." not in name:
            found = super().find_class(module, name)
            if isinstance(found, type) or name in MAKERS or name.startswith("__pyx_unpickle_"):
                return found
        raise Refused(f"its pickle asks for {module}.{name}, which no artifact may hold")


def open_file(path):
    """Each folder on the way, then the file, without following links and without waiting for a pipe's other end."""
    folder = os.open("/work", os.O_RDONLY | os.O_DIRECTORY)
    try:
        parts = [each for each in path.split("/") if each]
        for at, part in enumerate(parts):
            if part == "..":
                raise Refused("its path leaves the workspace")
            try:
                found = os.stat(part, dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:
                return None, None
            if stat.S_ISLNK(found.st_mode):
                raise Refused("it is, or lies behind, a symbolic link")
            last = at == len(parts) - 1
            if stat.S_ISDIR(found.st_mode):
                inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
                os.close(folder)
                folder = inner
                if last:
                    return os.dup(folder), found
                continue
            if not last:
                return None, None
            if not stat.S_ISREG(found.st_mode):
                raise Refused("it is a pipe, a socket or a device, not a file")
            if found.st_nlink > 1:
                raise Refused("it is a hard link: another name leads to the same file")
            if found.st_size > LIMIT:
                raise Refused(f"it claims {found.st_size} bytes; at most {LIMIT} are read")
            return os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder), found
        return None, None
    finally:
        os.close(folder)


def data_of(path):
    fd, found = open_file(path)
    if fd is None:
        raise FileNotFoundError(path)
    if stat.S_ISDIR(found.st_mode):
        os.close(fd)
        raise Refused("it is a folder")
    with os.fdopen(fd, "rb") as file:
        return file.read(LIMIT)


def number(text):
    try:
        value = float(text)
    except (TypeError, ValueError):
        return None
    return value if value == value else None


def cell(value):
    """float, str or None from any library's idea of a cell."""
    if value is None:
        return None
    if isinstance(value, str):
        return None if value in ("", "NA") else (value if number(value) is None else number(value))
    found = number(value)
    return found if found is not None or value != value else str(value)


# Bytes of a JSON file up to which its value is told; `JSON_LIMIT` of the workflow room.
VALUE_LIMIT = 32768


class Grid:
    def __init__(self, columns, rows):
        self.columns = [str(each) for each in columns]
        self.rows = [[cell(each) for each in row] for row in rows]
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("its rows have different lengths")

    def col(self, at):
        return [row[at] for row in self.rows]


def csv_grid(data):
    lines = [line for line in _csv.reader(data.decode("utf-8").splitlines()) if line]
    if not lines:
        raise ValueError("it is empty")
    return Grid(lines[0], lines[1:])


def as_grid(held):
    if hasattr(held, "to_numpy") and hasattr(held, "columns"):
        return Grid(list(held.columns), held.to_numpy().tolist())
    if hasattr(held, "tolist"):
        held = held.tolist()
    if hasattr(held, "columns") and hasattr(held, "rows"):
        return Grid(held.columns, held.rows)
    if isinstance(held, dict):
        rows = held.get("rows", held.get("data"))
        if "columns" in held and rows is not None:
            return Grid(held["columns"], rows)
        if held and all(isinstance(each, (list, tuple)) for each in held.values()):
            return Grid(list(held), list(zip(*held.values())))
    if isinstance(held, tuple) and len(held) == 2 and held[0] and all(isinstance(each, str) for each in held[0]):
        return Grid(held[0], held[1])
    if isinstance(held, list) and held:
        if isinstance(held[0], dict):
            return Grid(list(held[0]), [[row.get(name) for name in held[0]] for row in held])
        if isinstance(held[0], (list, tuple)):
            if all(isinstance(each, str) for each in held[0]) and any(not isinstance(each, str) for each in held[1:2] and held[1]):
                return Grid(held[0], held[1:])
            return Grid([str(at) for at in range(len(held[0]))], held)
    raise ValueError(f"it holds a {type(held).__name__}, not a table")


def as_column(held):
    if isinstance(held, Grid):
        if len(held.columns) != 1:
            raise ValueError(f"it holds a table of {len(held.columns)} columns, not one column")
        return held.columns[0], held.col(0)
    name = getattr(held, "name", None)
    if hasattr(held, "to_numpy"):
        held = held.to_numpy()
    if hasattr(held, "tolist"):
        held = held.tolist()
    held = getattr(held, "values", held) if not isinstance(held, dict) else next(iter(held.values()))
    if not isinstance(held, (list, tuple)):
        raise ValueError(f"it holds a {type(held).__name__}, not a column")
    flat = [each[0] if isinstance(each, (list, tuple)) and len(each) == 1 else each for each in held]
    if any(isinstance(each, (list, tuple, dict)) for each in flat):
        raise ValueError("it holds a table, not one column")
    return (None if name is None else str(name)), [cell(each) for each in flat]


def read_any(path, data):
    return csv_grid(data) if path.endswith((".csv", ".tsv")) else Reader(__import__("io").BytesIO(data)).load()


def grid_at(path):
    held = read_any(path, data_of(path))
    return held if isinstance(held, Grid) else as_grid(held)


def close(a, b, within=1e-6):
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= within * max(1.0, abs(a), abs(b))
    return a == b


def affine(raw, encoded):
    """(slope, offset) with encoded = slope * raw + offset wherever raw is known; None if there is no such map."""
    pairs = [(x, y) for x, y in zip(raw, encoded) if isinstance(x, float) and isinstance(y, float)]
    if len(pairs) < 3 or len(pairs) < sum(each is not None for each in raw):
        return None
    low, high = min(pairs), max(pairs)
    if low[0] == high[0] or low[1] == high[1]:
        return None
    slope = (high[1] - low[1]) / (high[0] - low[0])
    offset = low[1] - slope * low[0]
    size = max(abs(low[1]), abs(high[1]), abs(slope))
    return (slope, offset) if all(abs(slope * x + offset - y) <= 1e-7 * max(size, 1e-9) for x, y in pairs) else None


def categorical(raw, encoded):
    """An indicator of one of the values, or an injective numbering of them."""
    kinds = {each for each in raw if each is not None}
    if len(kinds) < 2 or any(isinstance(each, str) for each in encoded if each is not None) and raw != encoded:
        return False
    seen = {}
    for value, code in zip(raw, encoded):
        if value is not None:
            seen.setdefault(value, set()).add(code)
    if any(len(codes) > 1 for codes in seen.values()):
        return False
    codes = [next(iter(each)) for each in seen.values()]
    if len(set(codes)) == len(codes):
        return True
    return len(set(codes)) == 2 and min(codes.count(each) for each in set(codes)) == 1


def recoded(raw, encoded):
    """Other names for the same numbers: in their order (ranks, logarithms), or equal just where they repeat."""
    known = [(x, y) for x, y in zip(raw, encoded) if isinstance(x, float) and isinstance(y, float)]
    pairs = sorted(set(known))
    if len(pairs) < 8 or len({x for x, _ in pairs}) < len(pairs) or len({y for _, y in pairs}) < len(pairs):
        return False
    codes = [y for _, y in pairs]
    return len(known) - len(pairs) >= 3 or codes in (sorted(codes), sorted(codes, reverse=True))


def matches(raw, encoded):
    """Raw column name -> [(encoded position, affine map or None)]. A match by name outranks matches by value alone."""
    if len(raw.rows) != len(encoded.rows) or not raw.rows:
        return None
    found = {}
    for at, name in enumerate(encoded.columns):
        values = encoded.col(at)
        here = []
        for place, source in enumerate(raw.columns):
            cells = raw.col(place)
            text = any(isinstance(each, str) for each in cells)
            line = None if text else affine(cells, values)
            few = len(set(cells)) <= 12
            coded = ((text or few) and categorical(cells, values)) or (not text and recoded(cells, values))
            if line is not None or coded:
                here.append((source, line))
        named = [each for each in here if name == each[0] or name.startswith((each[0] + "=", each[0] + "_"))]
        for source, line in named or here:
            found.setdefault(source, []).append((at, line))
    return found


def statistics(cells):
    known = sorted(each for each in cells if isinstance(each, float))
    if len(known) < 2:
        return None
    count, middle = len(known), len(known) // 2
    mean = sum(known) / count
    squares = sum((each - mean) ** 2 for each in known)
    median = known[middle] if count % 2 else (known[middle - 1] + known[middle]) / 2
    return {"shift": (mean, median, known[0]), "scale": ((squares / count) ** 0.5, (squares / (count - 1)) ** 0.5, known[-1] - known[0])}


def whose(value, which, sources):
    """The only one of train, test and both whose statistic this is; None when none or more than one fits."""
    fits = [name for name, each in sources.items() if each and any(close(value, known, 1e-7) for known in each[which])]
    return fits[0] if len(fits) == 1 else None


def fitted_on(encoded, own, train, test, found):
    votes = []
    for source, places in found.items():
        if source not in train.columns or source not in test.columns:
            continue
        a, b = train.col(train.columns.index(source)), test.col(test.columns.index(source))
        sources = {"train": statistics(a), "test": statistics(b), "both": statistics(a + b)}
        raw = own.col(own.columns.index(source))
        for at, line in places:
            # Of an indicator (0 or 1) nothing can be read: its line through two values says what they are, not of whom.
            if line is None or set(encoded.col(at)) <= {0.0, 1.0}:
                continue
            slope, offset = line
            if not (close(slope, 1.0, 1e-12) and close(offset, 0.0, 1e-12)):
                votes += [whose(-offset / slope, "shift", sources), whose(1 / slope, "scale", sources)]
            for x, y in zip(raw, encoded.col(at)):
                if x is None and isinstance(y, float):
                    votes.append(whose((y - offset) / slope, "shift", sources))
                    break
    votes = [each for each in votes if each]
    for name in ("test", "both", "train"):
        if name in votes:
            return name
    return "unknown"


def consistent(found, beside_found):
    answer = None
    for source, places in found.items():
        ours = [line for _, line in places if line]
        theirs = [line for _, line in beside_found.get(source, []) if line]
        if ours and theirs:
            if not all(close(x, y, 1e-6) for x, y in zip(ours[0], theirs[0])):
                return False
            answer = True
    return answer


def head_of(items, request):
    return {"head": items[: request["head"]]} if request.get("head") else {}


def about_table(grid, request):
    columns = [grid.col(at) for at in range(len(grid.columns))]
    facts = {
        **head_of(grid.rows, request),
        "rows": len(grid.rows), "columns": grid.columns, "missing": sum(each is None for row in grid.rows for each in row),
        "constant": [name for name, each in zip(grid.columns, columns) if len(set(each)) == 1],
        "numeric": [name for name, each in zip(grid.columns, columns) if each and all(isinstance(x, float) for x in each)],
    }
    source = request.get("encoded_from")
    if source:
        with open("/inputs/" + source["train"], "rb") as file:
            train = csv_grid(file.read())
        with open("/inputs/" + source["test"], "rb") as file:
            test = csv_grid(file.read())
        own = test if source.get("beside") else train
        found = matches(own, grid)
        if found is not None:
            facts["covers"] = [name for name in own.columns if name in found]
            facts["fitted_on"] = fitted_on(grid, own, train, test, found)
        if source.get("beside") and found is not None:
            try:
                other = matches(train, grid_at(source["beside"]))
                facts["encoding_consistent"] = None if other is None else consistent(found, other)
            except Exception:
                pass
    if request.get("predicted_by"):
        facts["agreement"] = agreement(columns, request["predicted_by"])
    return facts


def agreement(columns, asked):
    """The best share over the table's columns, so that a wrong header alone does not hide whose predictions these are."""
    try:
        model = read_any(asked["model"], data_of(asked["model"]))
        held = read_any(asked["rows"], data_of(asked["rows"]))
        if type(model).__module__ == "tab":
            from tab import predict

            answers = predict(model, held)
        else:
            answers = list(model.predict(held))
        answers = [cell(each) for each in answers]
    except Exception:
        return None
    best = 0.0
    for values in columns:
        if len(values) == len(answers):
            best = max(best, sum(close(a, b) for a, b in zip(values, answers)) / max(1, len(answers)))
    return best


def about_column(held, request):
    name, values = as_column(held)
    facts = {**head_of(values, request), "name": name, "rows": len(values), "missing": sum(each is None for each in values),
             "distinct": len({each for each in values if each is not None})}
    if request.get("encoded_from"):
        with open("/inputs/" + request["encoded_from"]["train"], "rb") as file:
            train = csv_grid(file.read())
        facts["equals"] = [each for at, each in enumerate(train.columns)
                           if len(train.rows) == len(values) and all(close(a, b) for a, b in zip(train.col(at), values))]
    return facts


def about_model(held):
    features = getattr(held, "features", getattr(held, "feature_names_in_", None))
    if type(held).__module__ == "tab" and hasattr(held, "predicts"):
        return {"estimator": type(held).__name__, "predicts": held.predicts, "fitted": bool(held.fitted),
                "features": features, "rows_fitted": held.rows or None}
    if isinstance(held, dict):
        kind = held.get("predicts", held.get("kind", held.get("type")))
        return {"estimator": "dict", "predicts": kind if kind in ("classification", "regression") else None,
                "fitted": bool(held), "features": held.get("features"), "rows_fitted": None}
    if not hasattr(held, "predict"):
        raise ValueError(f"it holds a {type(held).__name__}, not a model")
    kind = {"classifier": "classification", "regressor": "regression"}.get(getattr(held, "_estimator_type", None))
    if kind is None:
        kind = next((found for word, found in (("Classifier", "classification"), ("Regressor", "regression"))
                     if any(word in base.__name__ for base in type(held).__mro__)), None)
    fitted = any(name.endswith("_") and not name.startswith("_") for name in vars(held))
    return {"estimator": type(held).__name__, "predicts": kind, "fitted": fitted,
            "features": None if features is None else [str(each) for each in features], "rows_fitted": None}


def facts_of(request):
    kind, path = request["kind"], request["path"]
    facts = {"exists": False, "kind": kind, "bytes": None, "sha256": None, "problem": None, **KINDS.get(kind, {})}
    try:
        fd, found = open_file(path)
        if fd is None:
            return facts
        facts["exists"] = True
        if stat.S_ISDIR(found.st_mode):
            names = sorted(os.listdir(fd))
            os.close(fd)
            if kind != "folder":
                raise Refused("it is a folder")
            facts["files"] = names[:1000]
            return facts
        os.close(fd)
        if kind == "folder":
            raise Refused("it is a file, not a folder")
        data = data_of(path)
        facts.update(bytes=len(data), sha256=sha256(data).hexdigest())
        if kind == "table":
            held = read_any(path, data)
            facts.update(about_table(held if isinstance(held, Grid) else as_grid(held), request))
        elif kind == "column":
            held = read_any(path, data)
            facts.update(about_column(held, request))
        elif kind == "model":
            facts.update(about_model(read_any(path, data)))
        elif kind == "json":
            import json

            facts["valid"] = False
            value = json.loads(data)
            facts["valid"] = True
            facts["value"] = Told(json_of(value)) if len(data) <= VALUE_LIMIT else None
        elif kind == "text":
            text = data.decode("utf-8")
            facts.update(lines=len(text.splitlines()), words=len(text.split()), **head_of(text.splitlines(), request))
    except RecursionError:
        facts["problem"] = "it is nested too deep"
    except Exception as error:
        facts["problem"] = " ".join(str(error).split())[:300] or type(error).__name__
    return facts


class Told(str):
    """JSON already, so that what cannot be told is found out where it is a problem of its file."""


def json_of(value):
    """As JSON, which has neither infinities nor numbers of other libraries: those become text."""
    if isinstance(value, Told):
        return value
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(str(name))}: {json_of(each)}" for name, each in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(json_of, value)) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float) and abs(value) < float("inf"):
        return float.__repr__(value)
    return quoted(str(value))


def answer(requests):
    sys.stdout.write(json_of({each["name"]: facts_of(each) for each in requests}))
