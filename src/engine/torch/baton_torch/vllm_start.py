"""Starts vLLM over the trainer's base. Written against vLLM 0.32 (its V1 engine, which is a process of its own)."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from .errors import EngineError
from .guard import guard_helpers

LONGEST_RANK = 512
_RANKS = (8, 16, 32, 64, 128, 256, 320, LONGEST_RANK)
TOGETHER = 8
"""different adapters in one batch"""


class Logprob(Protocol):
    logprob: float


class Output(Protocol):
    """One reply: ids with the end token, and for each id the log-probabilities that were asked for, by id."""

    token_ids: Sequence[int]
    logprobs: Sequence[Mapping[int, Logprob]]
    finish_reason: str | None


class Result(Protocol):
    outputs: Sequence[Output]


class ModelConfig(Protocol):
    max_model_len: int


class Vllm(Protocol):
    """What is used of vLLM's AsyncLLM."""

    @property
    def errored(self) -> bool: ...

    @property
    def model_config(self) -> ModelConfig: ...

    def generate(
        self, prompt: object, sampling_params: object, request_id: str, *, lora_request: object = None
    ) -> AsyncIterator[Result]: ...

    async def add_lora(self, lora_request: object) -> bool: ...

    async def remove_lora(self, lora_id: int) -> bool: ...

    def shutdown(self) -> None: ...


@dataclass(frozen=True)
class VllmShape:
    source: str
    """folder or hub id of the base"""
    dtype: str
    rows: int
    rank: int
    adapters: int
    """kept at a time"""
    share: float
    """of the GPU's memory"""
    eager: bool
    """without compiled graphs: compiling takes minutes on a CPU"""


def _prepare() -> None:
    """What vLLM reads from the environment. It reports its use to its makers unless told not to, logs to standard
    output, which here is the protocol's, and takes the machine's outer address for the talk among its processes."""
    os.environ["VLLM_NO_USAGE_STATS"] = "1"
    os.environ["DO_NOT_TRACK"] = "1"
    os.environ["VLLM_LOGGING_STREAM"] = "ext://sys.stderr"
    os.environ["VLLM_HOST_IP"] = "127.0.0.1"
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    os.environ["VLLM_WORKER_MULTIPROC_METHOD"] = "spawn"
    # On a CPU: cache in GiB, and no cores of its own, since the trainer takes turns on the same ones.
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    os.environ.setdefault("VLLM_CPU_OMP_THREADS_BIND", "nobind")


def start_vllm(shape: VllmShape) -> tuple[Vllm, str]:
    """A running vLLM and its version. Blocks for as long as it loads. Raises an EngineError with what to do."""
    if shape.rank > LONGEST_RANK:
        raise EngineError(
            "sampler.refused",
            400,
            f"sampler vllm: it takes adapters up to rank {LONGEST_RANK}, these have {shape.rank}; choose --sampler own",
        )
    _prepare()
    guard_helpers()
    try:
        import vllm
        from vllm.engine.arg_utils import AsyncEngineArgs
        from vllm.v1.engine.async_llm import AsyncLLM

        options = AsyncEngineArgs(
            model=shape.source,
            dtype=shape.dtype,
            # As long as its cache has room for: the whole context would keep it from starting where it has not.
            max_model_len=-1,
            max_num_seqs=shape.rows,
            gpu_memory_utilization=shape.share,
            enable_lora=True,
            max_lora_rank=next(r for r in _RANKS if r >= shape.rank),
            max_loras=min(TOGETHER, shape.adapters),
            max_cpu_loras=shape.adapters,
            # Of the distribution that was sampled from: at the temperature.
            logprobs_mode="processed_logprobs",
            # Ids go in and come out; only the requests say when a reply ends, and how it is sampled.
            skip_tokenizer_init=True,
            generation_config="vllm",
            trust_remote_code=False,
            enforce_eager=shape.eager,
            disable_log_stats=True,
        )
        llm: Vllm = AsyncLLM.from_engine_args(options)
        return llm, str(vllm.__version__)
    except Exception as error:
        raise EngineError(
            "sampler.failed",
            503,
            f"sampler vllm: vLLM could not start over {shape.source}: {_first_line(error)}; what it said is in "
            "engine.log. Give it another share of the GPU's memory (--vllm-memory, now "
            f"{shape.share}), free memory on the device, or choose --sampler own",
        ) from error


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:400]
