"""The one thread that owns the model. Jobs run one after the other: whatever a job chooses on the model (an adapter,
gradients) is set back before the next begins or named again by it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

T = TypeVar("T")

_DEVICE = re.compile(r"CUDA error|CUBLAS_STATUS|CUDNN_STATUS|cuDNN error|device-side assert")
_MEMORY = re.compile(r"out of memory|ALLOC_FAILED|DefaultCPUAllocator")


def has_failed(error: Exception) -> bool:
    """Whether the device is lost to this process: after such an error every later call fails, too."""
    said = str(error)
    return isinstance(error, RuntimeError) and bool(_DEVICE.search(said)) and not _MEMORY.search(said)


def is_full(error: Exception) -> bool:
    """Whether memory ran out, which smaller batches may meet. PyTorch has a class of its own for that on a GPU only; a
    CPU's allocator, and libraries that find no room on a GPU, raise a plain RuntimeError."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and bool(_MEMORY.search(str(error)))


class Owner:
    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="model")
        self.lost: Callable[[str], None] = lambda why: None
        """is told, in the event loop, when the device failed for good"""

    async def run(self, job: Callable[[], T]) -> T:
        """The job's result, or its exception."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, job)
        except Exception as error:
            if has_failed(error):
                self.lost(f"the device failed: {str(error).splitlines()[0]}")
            raise
