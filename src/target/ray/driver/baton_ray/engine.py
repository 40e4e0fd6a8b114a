"""The engine as an actor: it lives on the node that Ray chose for it, and is reached through Ray alone."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import ray

from .files import Times, pack, unpack
from .job import Job

Answer = tuple[int, bytes]


class Engine:
    """`baton engine` as a child, which ends when this actor does: its standard input is a pipe of ours."""

    def __init__(self, job: Job, weights: str, kept: bytes | None) -> None:
        """`weights`: where they are kept on this node; `kept`: what an earlier attempt left, for a node that has none
        of it. The package that was sent is the working folder."""
        self._folder = Path(weights)
        if kept is not None and not self._folder.exists():
            unpack(kept, self._folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        errors = self._folder / "engine.err"
        with errors.open("wb") as sink:
            self._child = subprocess.Popen(
                [job.node, "program/dist/cli.mjs", "engine", "--dir", weights, *job.engine],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=sink,
                env=job.environment(),
            )
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            raise RuntimeError(f"the engine did not start: {errors.read_text(errors='replace').strip()[-2000:]}")
        said = json.loads(line)
        self._host = said["url"].removeprefix("http://")
        self._token = said["token"]

    def node(self) -> str:
        return str(ray.get_runtime_context().get_node_id())

    def call(self, method: str, path: str, body: bytes) -> Answer:
        """One request to the engine: its status and body. Where the engine is gone this actor goes too: Ray starts
        both again and asks once more, which is safe since an update of the same id is applied once."""
        connection = http.client.HTTPConnection(self._host)
        try:
            headers = {"authorization": f"Bearer {self._token}", "content-type": "application/json"}
            connection.request(method, path, body or None, headers)
            reply = connection.getresponse()
            return reply.status, reply.read()
        except (OSError, http.client.HTTPException):
            if self._child.poll() is not None:
                os._exit(1)
            raise
        finally:
            connection.close()

    def kept(self, known: Times) -> tuple[bytes, Times]:
        """The weights' files that are not known by path and time."""
        return pack(self._folder, known)


class EngineHandle:
    """The actor as the driver has it, with a copy of its weights on the driver's node."""

    def __init__(self, job: Job) -> None:
        """Raises ray.exceptions.RayError with the engine's own words where it cannot start."""
        self._job = job
        kept = pack(job.weights)[0] if job.weights.exists() else None
        options = {"num_cpus": job.engine_cpus, "num_gpus": job.engine_gpus, "max_concurrency": 64}
        self.actor: Any = (
            ray.remote(Engine)
            .options(**options, max_restarts=3, max_task_retries=3)
            .remote(job, str(job.weights), kept)
        )
        self.node: str = ray.get(self.actor.node.remote())
        self._elsewhere = self.node != ray.get_runtime_context().get_node_id()
        self._times: Times = {}

    def call(self, method: str, path: str, body: bytes) -> Answer:
        """One request. What an update or a checkpoint wrote is on the driver's disk before the answer is given."""
        answer: Answer = ray.get(self.actor.call.remote(method, path, body))
        if self._elsewhere and path.startswith("/baton/v1/") and path != "/baton/v1/logprobs":
            archive, self._times = ray.get(self.actor.kept.remote(self._times))
            unpack(archive, self._job.weights)
        return answer
