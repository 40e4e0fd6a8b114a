"""Which device, number type and batch sizes, and why."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass

import torch

from .settings import Settings


@dataclass(frozen=True)
class Device:
    device: torch.device
    dtype: torch.dtype
    name: str
    numbers: str
    """`float32` or `bfloat16`"""
    reasons: list[str]
    pass_tokens: int
    rows: int
    resident: int


def see_freest_gpu(settings: Settings) -> None:
    """Lets this process, and those that it starts, see only the GPU with the most free memory, by which a preflight
    judges. Call it before anything asks for GPUs; who chose one already (`CUDA_VISIBLE_DEVICES`) keeps it."""
    if settings.backend == "cpu" or "CUDA_VISIBLE_DEVICES" in os.environ:
        return
    query = ["nvidia-smi", "--query-gpu=index,memory.free", "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True).stdout
        free = {index: int(memory) for index, memory in (line.split(", ") for line in said.splitlines())}
    except (OSError, ValueError, subprocess.SubprocessError):
        return
    if len(free) > 1:
        # Its numbers are those of nvidia-smi only in this order.
        os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
        os.environ["CUDA_VISIBLE_DEVICES"] = max(free, key=lambda index: free[index])


def choose_device(settings: Settings) -> Device:
    """Raises where a GPU was asked for and there is none."""
    reasons: list[str] = []
    found = torch.cuda.is_available()
    if settings.backend == "cuda" and not found:
        raise RuntimeError("backend cuda: PyTorch sees no GPU here; see what nvidia-smi says, or choose backend cpu")
    if settings.backend == "cpu" or not found:
        reasons.append("cpu: asked for" if settings.backend == "cpu" else "cpu: PyTorch sees no GPU")
        dtype = torch.bfloat16 if settings.dtype == "bfloat16" else torch.float32
        sizes = (2048, 32, 8)
        device = torch.device("cpu")
    else:
        name = torch.cuda.get_device_name(0)
        free, total = torch.cuda.mem_get_info(0)
        reasons.append(f"cuda: {name}, {free / 2**30:.1f} of {total / 2**30:.1f} GiB free")
        # Emulated, as on GPUs before Ampere, it is slower than float32 and less exact.
        wanted = settings.dtype == "float32" or not torch.cuda.is_bf16_supported(including_emulation=False)
        dtype = torch.float32 if wanted else torch.bfloat16
        sizes = (16_384, 256, 64)
        device = torch.device("cuda", 0)
    numbers = str(dtype).removeprefix("torch.")
    reasons.append(f"numbers: {numbers}")
    return Device(
        device,
        dtype,
        device.type,
        numbers,
        reasons,
        settings.pass_tokens or sizes[0],
        settings.rows or sizes[1],
        settings.resident or sizes[2],
    )


def prepare_torch(settings: Settings) -> None:
    """Threads and determinism; call it in the thread that owns the model, before anything else."""
    if settings.deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)
        torch.set_num_threads(settings.threads or min(2, os.cpu_count() or 1))
    elif settings.threads is not None:
        torch.set_num_threads(settings.threads)
