"""Samples for all requests together. A row's tokens depend on its prompt and seed alone."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from functools import partial

import torch

from .decoding import Decoding, Row
from .errors import EngineError
from .network import Network
from .owner import Owner, is_full
from .protocol import BatchMark
from .residents import Residents

PATIENCE = 5.0
"""seconds that a batch waits for its last request"""
STRICT_PATIENCE = 60.0
"""the same where it is deterministic: a batch that goes without a row rounds in another way"""


@dataclass(eq=False)
class Job:
    row: Row
    done: asyncio.Future[Row]


@dataclass
class Waiting:
    jobs: list[Job]
    timer: asyncio.TimerHandle


class Sampler:
    """`most` rows at a time. Where `deterministic`, every batch is decoded by itself, in the order of its seeds,
    since what shares a matrix product shares its rounding."""

    name = "own"

    def __init__(self, owner: Owner, network: Network, residents: Residents, most: int, deterministic: bool) -> None:
        self._owner = owner
        self._network = network
        self._residents = residents
        self._most = most
        self._deterministic = deterministic
        self._queues: dict[str, list[Job]] = {}
        self._running: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: dict[str, Waiting] = {}
        self._batches = 0
        self.longest: int | None = None
        self.notes: list[str] = []

    async def sample(self, row: Row, digest: str, batch: BatchMark | None) -> Row:
        """The finished row. Its policy is named by the store, whose versions never change: `digest` adds nothing."""
        loop = asyncio.get_running_loop()
        job = Job(row, loop.create_future())
        if batch is None:
            self._admit([job])
        else:
            self._gather(job, batch)
        return await job.done

    async def forget(self, policy: str) -> None:
        """The network holds the policies, and lets them go."""

    def stop(self) -> None:
        """There is nothing to end: its thread is the owner's."""

    def _gather(self, job: Job, batch: BatchMark) -> None:
        """Holds requests of a batch back until all are here, so that the batch is the same each time."""
        key = f"{job.row.policy} {batch.id}"
        waiting = self._waiting.get(key)
        if waiting is None:
            patience = STRICT_PATIENCE if self._deterministic else PATIENCE
            timer = asyncio.get_running_loop().call_later(patience, self._close, key)
            waiting = self._waiting[key] = Waiting([], timer)
        waiting.jobs.append(job)
        if len(waiting.jobs) >= batch.size:
            self._close(key)

    def _close(self, key: str) -> None:
        waiting = self._waiting.pop(key, None)
        if waiting is None:
            return
        waiting.timer.cancel()
        self._admit(sorted(waiting.jobs, key=lambda job: job.row.seed))

    def _admit(self, jobs: list[Job]) -> None:
        if self._deterministic:
            self._batches += 1
            key = f"batch {self._batches}"
        else:
            key = "all" if self._network.mixes else jobs[0].row.policy
        self._queues.setdefault(key, []).extend(jobs)
        if key in self._running:
            return
        self._running.add(key)
        task = asyncio.get_running_loop().create_task(self._run(key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, key: str) -> None:
        active: dict[Row, Job] = {}
        decoding = Decoding(self._network, self._residents.acting)
        try:
            # Requests sent together arrive within one turn of the event loop or two: let them share a batch.
            await asyncio.sleep(0)
            while self._queues.get(key) or active:
                left = self._left(active)
                for row in left:
                    del active[row]
                joined = self._next(key, len(active))
                active |= {job.row: job for job in joined}
                if not active:
                    continue
                try:
                    done = await self._owner.run(partial(_advance, decoding, left, [j.row for j in joined]))
                except Exception as error:
                    if not is_full(error):
                        raise
                    self._smaller(key, active, decoding)
                    continue
                for row in done:
                    job = active.pop(row)
                    if not job.done.done():
                        job.done.set_result(row)
        except Exception as error:
            for job in [*active.values(), *self._queues.get(key, [])]:
                if not job.done.done():
                    job.done.set_exception(error)
        finally:
            self._queues.pop(key, None)
            self._running.discard(key)

    def _left(self, active: dict[Row, Job]) -> list[Row]:
        """Rows whose client has left. Where deterministic they stay while others share their batch, which would round
        in another way without them."""
        left = [row for row, job in active.items() if job.done.cancelled()]
        return [] if self._deterministic and len(left) < len(active) else left

    def _next(self, key: str, active: int) -> list[Job]:
        """Requests that join now. Where deterministic a batch is not refilled: its next part follows as a whole, with
        those whose client has left."""
        queue = self._queues.get(key, [])
        if not self._deterministic:
            queue = [job for job in queue if not job.done.cancelled()]
        room = 0 if self._deterministic and active > 0 else self._most - active
        joined, self._queues[key] = queue[:room], queue[room:]
        return joined

    def _smaller(self, key: str, active: dict[Row, Job], decoding: Decoding) -> None:
        """After running out of memory: half as many rows at a time, all of them from their beginning."""
        decoding.clear()
        jobs = list(active.values())
        active.clear()
        with contextlib.suppress(RuntimeError):
            torch.cuda.empty_cache()
        if len(jobs) == 1:
            if jobs[0].done.done():
                return
            tokens = len(jobs[0].row.prompt) + jobs[0].row.most
            jobs[0].done.set_exception(
                EngineError(
                    "memory.exhausted",
                    503,
                    f"sampling: one request of up to {tokens} tokens does not fit into the device's memory; lower "
                    "max_tokens, free memory on the device, or choose a smaller model",
                )
            )
            return
        self._most = max(1, len(jobs) // 2)
        self.notes.append(f"out of device memory while sampling {len(jobs)} rows: going on with {self._most} at a time")
        for job in jobs:
            job.row.restart()
        self._queues[key] = [*jobs, *self._queues.get(key, [])]


def _advance(decoding: Decoding, left: list[Row], joined: list[Row]) -> list[Row]:
    """One job of the owning thread: rows that nobody waits for go, then new rows read their prompts, or every row gets
    one more token."""
    decoding.drop(left)
    return decoding.admit(joined) if joined else decoding.step()
