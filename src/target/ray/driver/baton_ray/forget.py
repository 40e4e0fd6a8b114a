"""Removes the folders of a job that its owner no longer wants."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

if __name__ == "__main__":
    for folder in json.loads(Path("want.json").read_text())["folders"]:
        shutil.rmtree(Path.home() / Path(folder).expanduser(), ignore_errors=True)
