"""Removes what the nodes of the cluster have of a job that its owner no longer wants."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy


def forget(root: Path, name: str) -> None:
    """Removes it from this node; `root`: below the home folder unless absolute."""
    here = Path.home() / root.expanduser()
    cache = here / "cache" / "baton"
    for path in [*(cache / "engines-apart").glob(f"{name}.*"), cache / "engines" / name, here / "jobs" / name]:
        shutil.rmtree(path, ignore_errors=True)


def main() -> int:
    """`want.json`: {"folder": ..., "name": ...}. This node comes last, so that what failed can be asked for again."""
    want = json.loads(Path("want.json").read_text())
    root, name = Path(want["folder"]), want["name"]
    ray.init(address="auto", logging_level="error", log_to_driver=False)
    task = ray.remote(forget)
    for node in ray.nodes():
        if not node["Alive"]:
            continue
        where = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        try:
            ray.get(task.options(num_cpus=0, scheduling_strategy=where).remote(root, name), timeout=60)
        except Exception as error:
            why = (str(error).splitlines() or [type(error).__name__])[0]
            print(f"{name} is not removed from {node['NodeManagerAddress']}: {why}; remove it again", file=sys.stderr)
            return 1
    forget(root, name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
