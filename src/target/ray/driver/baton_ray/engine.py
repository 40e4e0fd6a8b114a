"""The engine as an actor: it lives on the node that Ray chose for it, and is reached through Ray alone."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from .engines import CHECKPOINTS, LIST, UPDATE, Answer, Dealt, checkpoints, drop, write_checkpoints
from .files import Times, archive, drop_files, held, measure, pack, times, unpack
from .job import Job

PATIENCE = 120.0
"""seconds after which an engine that is not up is spoken of"""


class Keeper:
    """On the driver's node, for as long as it lives: an engine that Ray starts on another node gets the newest weights
    from here."""

    def __init__(self, weights: str) -> None:
        self._folder = Path(weights)

    def lacking(self, have: dict[str, str]) -> tuple[bytes, list[str]]:
        """An archive of the files whose hash is not among those that an engine has, and the paths of all."""
        with held(self._folder):
            names = list(times(self._folder))
            other = [name for name in names if have.get(name) != measure(self._folder / name)[0]]
            return archive(self._folder, other), names


class Engine:
    """`baton engine` as a child, which ends when this actor does: its standard input is a pipe of ours."""

    def __init__(self, job: Job, weights: str, keeper: Any, driver: str | None) -> None:
        """`weights`: where they are kept on this node; `keeper`: has the newest; `driver`: the driver's node, which has
        them in the same place; None: others share this node, and the folder is of this driver only. The package that
        was sent is the working folder."""
        self._folder = Path(weights)
        self._brought: Times = {}
        self._own = driver != self.node()
        if driver is None:
            forget_others(self._folder.parent)
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._own:
            have = {name: measure(self._folder / name)[0] for name in times(self._folder)}
            newest, names = ray.get(keeper.lacking.remote(have))
            unpack(newest, self._folder)
            self._brought = {name: time for name, time in times(self._folder).items() if name in set(names)}
        errors = self._folder / "engine.err"
        with errors.open("wb") as sink:
            self._child = subprocess.Popen(
                [job.program, "program/dist/cli.mjs", "engine", "--dir", weights, *job.engine],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=sink,
                # Ray hides no GPU from who takes none.
                env={**job.environment(), **({"CUDA_VISIBLE_DEVICES": ""} if job.engine_gpus == 0 else {})},
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
            # A connection breaks a moment before its process is gone.
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(timeout=2)
                os._exit(1)
            raise
        finally:
            connection.close()

    def brought(self) -> Times:
        """Files that the driver has, by path and time."""
        return self._brought

    def made(self, known: Times, skip: str) -> tuple[bytes, Times]:
        """The weights' files that are not known by path and time, without those below the folder `skip`."""
        return pack(self._folder, known, skip)

    def forget(self) -> None:
        """Removes its folder where the driver has a copy."""
        if self._own:
            shutil.rmtree(self._folder, ignore_errors=True)


def forget_others(own: Path) -> None:
    """Removes what engines of earlier drivers of this job left on this node. `own`: `<job>.<driver>`."""
    job = own.name.rpartition(".")[0]
    for other in own.parent.glob(f"{job}.*"):
        if other != own:
            shutil.rmtree(other, ignore_errors=True)


class Engines:
    """The actors as the driver has them, with one copy of all weights on the driver's node."""

    def __init__(self, job: Job, say: Callable[[str], None]) -> None:
        """Raises ray.exceptions.RayError with an engine's own words where it cannot start."""
        self._job = job
        count = max(1, min(job.engines or len(job.roles), len(job.roles)))
        # Engines on one node each have a folder of their own, new with each driver: an actor that Ray starts again
        # finds what it wrote, and one of an earlier attempt is not taken for it.
        self._apart = job.weights.parent.parent / "engines-apart" / f"{job.name}.{secrets.token_hex(4)}"
        folders = [job.weights] if count == 1 else [self._apart / str(at) for at in range(count)]
        job.weights.mkdir(parents=True, exist_ok=True)
        own = ray.get_runtime_context().get_node_id()
        here = NodeAffinitySchedulingStrategy(own, soft=False)
        # Kept by the driver, as the engines keep theirs: without it they could not start again.
        self._keeper = ray.remote(Keeper).options(num_cpus=0, scheduling_strategy=here).remote(str(job.weights))
        driver = own if count == 1 else None
        options = {"num_cpus": job.engine_cpus, "num_gpus": job.engine_gpus, "max_concurrency": 64}
        start = ray.remote(Engine).options(**options, max_restarts=3, max_task_retries=3)
        actors = [start.remote(job, str(folder), self._keeper, driver) for folder in folders]
        self.dealt = Dealt(actors, job.roles)
        places = [actor.node.remote() for actor in actors]
        _, waiting = ray.wait(places, num_returns=count, timeout=PATIENCE)
        if waiting:
            needs = f"{job.engine_cpus:g} CPUs and {job.engine_gpus:g} GPUs of one node each"
            say(f"{len(waiting)} of {count} engines are not up yet; they wait for {needs}, or load their model")
        nodes: list[str] = ray.get(places)
        if count > 1:
            by = [[role for role in job.roles if self.dealt.of(role) == at] for at in range(count)]
            say(f"{count} engines on {len(set(nodes))} nodes: {'; '.join(', '.join(roles) for roles in by)}")
        self._copied = count > 1 or nodes[0] != own
        # What an engine had from here it need not send back.
        self._times: list[Times] = ray.get([actor.brought.remote() for actor in actors])

    def call(self, method: str, path: str, body: bytes) -> Answer:
        """One request. What an update or a checkpoint wrote is on the driver's disk before the answer is given."""
        if len(self.dealt.actors) == 1:
            answer: Answer = ray.get(self.dealt.call(method, path, body))
            if self._copied and path in (UPDATE, CHECKPOINTS):
                self._copy(0)
            return answer
        if path == CHECKPOINTS:
            answer = checkpoints(self.dealt, body, self._checkpoints_of)
            if answer[0] == 200:
                listed = checkpoints(self.dealt, LIST, self._checkpoints_of)[1]
                asked = json.loads(body)
                with held(self._job.weights):
                    write_checkpoints(self._job.weights, listed)
                    drop(self._job.weights, asked.get("policies") or [] if asked["action"] == "delete" else [])
            return answer
        answer = ray.get(self.dealt.call(method, path, body))
        if path == UPDATE:
            self._copy(self.dealt.answering(path, body))
        return answer

    def _checkpoints_of(self, at: int, body: bytes) -> Answer:
        answer: Answer = ray.get(self.dealt.actors[at].call.remote("POST", CHECKPOINTS, body))
        return answer

    def _copy(self, at: int) -> None:
        # With several engines each has a part of a checkpoint, and the driver writes the whole.
        skip = "checkpoints" if len(self.dealt.actors) > 1 else ""
        before = self._times[at]
        made, self._times[at] = ray.get(self.dealt.actors[at].made.remote(before, skip))
        with held(self._job.weights):
            unpack(made, self._job.weights)
            # What the engine needs no more, such as an older optimiser.
            gone = before.keys() - self._times[at].keys()
            drop_files(self._job.weights, [name for name in gone if Path(name).parts[0] != skip])

    def forget(self) -> None:
        """Removes the engines' own folders where the driver's copy has all. What cannot be removed now, because its
        engine or node is gone, goes with the job."""
        with suppress(RayError):
            ray.get([actor.forget.remote() for actor in self.dealt.actors], timeout=PATIENCE)
        forget_others(self._apart.with_name(f"{self._job.name}.none"))
