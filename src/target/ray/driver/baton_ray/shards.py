"""Rollouts as tasks: each wraps `baton run --shard` on the node that Ray gives it."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from .engines import Dealt
from .files import pack, unpack
from .gateway import Gateway, refusal
from .job import Job, end_with_parent

HOLD = 20.0
"""seconds that a question after a shard is held"""


def carry(job: Job, engines: Dealt, shard: bytes) -> bytes:
    """Carries one shard here and returns an archive of its run. Raises RuntimeError with the command line's words."""
    gateway = Gateway(lambda method, path, body: ray.get(engines.call(method, path, body)))
    with tempfile.TemporaryDirectory(prefix="baton-shard-") as place:
        work = Path(place, "work")
        # A copy: paths of a workflow must not lead out of its folder, as links to the package would.
        shutil.copytree("work", work)
        spec = Path(place, "shard.json")
        spec.write_bytes(shard)
        program = Path("program/dist/cli.mjs").resolve()
        env = {**job.environment(), "BATON_ENGINE_AT": json.dumps(gateway.address)}
        env["XDG_CACHE_HOME"] = str(Path(place, "cache"))
        try:
            done = subprocess.run(
                [job.program, program, "run", "--shard", str(spec), "--json"],
                cwd=work,
                env=env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                preexec_fn=end_with_parent,
            )
        finally:
            gateway.close()
        runs = work / ".baton" / "runs"
        name = json.loads(shard)["name"]
        # 4: its part of the budget is spent; what it finished counts.
        if done.returncode not in (0, 4):
            words = done.stderr.decode(errors="replace").strip()[-2000:]
            raise RuntimeError(f"{os.uname().nodename}: the shard ended with {done.returncode}: {words}")
        return pack(runs / name)[0]


class Shards:
    """Shards under way, by number. A task whose worker or node is lost is started again elsewhere by Ray."""

    def __init__(self, job: Job, engines: Dealt, nodes: list[str]) -> None:
        self._job = job
        self._engines = engines
        self._nodes = nodes
        self._numbers = itertools.count()
        self._under_way: dict[str, tuple[Any, str]] = {}
        self._task = ray.remote(carry)
        self._folder = job.root / "jobs" / job.name / "shards"
        # Those of an earlier driver were merged, or are carried again.
        shutil.rmtree(self._folder, ignore_errors=True)

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        """`POST /shards` starts one, `GET /shards/<id>` asks after it and is held for some seconds."""
        if method == "POST" and path == "/shards":
            return self._start(body)
        known = self._under_way.get(path.removeprefix("/shards/"))
        if method != "GET" or known is None:
            return refusal(404, "route.unknown", f"no route {method} {path}")
        return 200, json.dumps(self._ask(*known)).encode()

    def _start(self, body: bytes) -> tuple[int, bytes]:
        name = str(json.loads(body)["name"])
        number = next(self._numbers)
        node = self._nodes[number % len(self._nodes)]
        where = NodeAffinitySchedulingStrategy(node, soft=True)
        options = {"num_cpus": 0, "max_retries": 3, "scheduling_strategy": where}
        task = self._task.options(**options).remote(self._job, self._engines, body)
        self._under_way[str(number)] = (task, f"{name}-{number}")
        return 200, json.dumps({"id": str(number)}).encode()

    def _ask(self, task: Any, name: str) -> dict[str, str]:
        ready, _ = ray.wait([task], timeout=HOLD)
        if not ready:
            return {"state": "running"}
        try:
            archive: bytes = ray.get(task)
        except Exception as error:
            return {"state": "failed", "why": str(error).strip()[-2000:]}
        to = self._folder / name
        unpack(archive, to)
        return {"state": "done", "folder": str(to)}
