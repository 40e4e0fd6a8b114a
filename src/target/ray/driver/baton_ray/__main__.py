"""The job's driver on the cluster: lays the files down, brings the engine up, and carries the training loop."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import ray
from ray.exceptions import RayError

from .engine import Engines
from .files import bring
from .gateway import Gateway
from .job import Job, end_with_parent
from .nodes import able_nodes
from .shards import Shards

LACKS = 3
"""exit code: something that training needs is not there"""


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def drive(job: Job) -> int:
    """Exit code of the loop."""
    bring(Path("work"), job.work)
    # What the package holds is unpacked on every node; the loop needs no other copy of the program.
    ray.init(address="auto", logging_level="error", log_to_driver=False)
    nodes, unable = able_nodes(job.node)
    for line in unable:
        say(line)
    say(f"{len(nodes)} of {len(nodes) + len(unable)} nodes can carry rollouts")
    try:
        engines = Engines(job, say)
    except RayError as error:
        say(f"The engine did not start: {str(error).strip()[-2000:]}")
        return LACKS
    workers = job.workers if nodes else 0
    shards = Shards(job, engines.dealt, nodes)

    def call(method: str, path: str, body: bytes) -> tuple[int, bytes]:
        if path.startswith("/shards"):
            return shards.answer(method, path, body)
        return engines.call(method, path, body)

    gateway = Gateway(call)
    env = {**job.environment(), "BATON_ENGINE_AT": json.dumps(gateway.address)}
    if workers > 0:
        env["BATON_SHARDS_AT"] = json.dumps({**gateway.address, "workers": workers})
    program = str(Path("program/dist/cli.mjs").resolve())
    child = subprocess.Popen(
        [job.program, program, *job.train],
        cwd=job.work,
        env=env,
        stdin=subprocess.DEVNULL,
        preexec_fn=end_with_parent,
    )
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda number, _: child.send_signal(number))
    code = child.wait()
    engines.forget()
    return code


if __name__ == "__main__":
    sys.exit(drive(Job.read(Path("job.json"))))
