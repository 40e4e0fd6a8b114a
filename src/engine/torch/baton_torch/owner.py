"""The one thread that owns the model. Jobs run one after the other: whatever a job chooses on the model (an adapter,
gradients) is set back before the next begins or named again by it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Owner:
    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="model")

    async def run(self, job: Callable[[], T]) -> T:
        """The job's result, or its exception."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, job)
