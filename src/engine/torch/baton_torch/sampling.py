"""What samples: the engine's own batcher, or vLLM. Which one, and why."""

from __future__ import annotations

import importlib.util
import sys
from typing import Protocol

from .decoding import Row
from .errors import EngineError
from .protocol import BatchMark
from .settings import Settings


class Sampling(Protocol):
    name: str
    notes: list[str]
    """what a person should know of it"""
    longest: int | None
    """tokens of prompt and reply together that it has room for; None where that shows only as it samples"""

    async def sample(self, row: Row, digest: str, batch: BatchMark | None) -> Row:
        """The finished row. `digest` is the hash of the weights that are to write it."""

    async def forget(self, policy: str) -> None:
        """Lets a policy go that is deleted."""

    def stop(self) -> None:
        """Ends what it started."""


def reply_limit(prompt: int, asked: int | None, context: int, longest: int | None) -> int:
    """Tokens that a reply may have: those asked for, or as many as the model's context leaves. Raises
    `context.too_long` where the prompt leaves none, or where the sampler has no room for a reply that it would."""
    if prompt >= context:
        raise EngineError(
            "context.too_long",
            400,
            f"the prompt has {prompt} tokens; the model's context has {context}, its reply included",
        )
    room = min(asked or context, context - prompt)
    if longest is None or prompt + room <= longest:
        return room
    if asked is None and prompt < longest:
        return longest - prompt
    wish = f"with a reply of up to {room} " if asked else ""
    raise EngineError(
        "context.too_long",
        400,
        f"the prompt has {prompt} tokens; {wish}it does not fit into vLLM's memory, which holds {longest} of the "
        f"model's context of {context}. Lower max_tokens, shorten the prompt, give vLLM more memory (--vllm-memory), "
        "or choose --sampler own",
    )


def has_vllm() -> bool:
    found = importlib.util.find_spec("vllm")
    return found is not None and found.origin is not None


def choose_sampling(settings: Settings, device: str, gguf: bool, installed: bool) -> tuple[str, str]:
    """`own` or `vllm`, and why. vLLM is taken unasked on a GPU only: on a CPU it takes long to start, holds the
    base a second time and was not faster (`npm run bench:torch`). Raises where it is asked for by name and cannot be
    had; weights of one's own it cannot follow, which is said, and the own batcher goes on."""
    wish = settings.sampler
    if wish == "own":
        return "own", "asked for"
    if settings.method == "full":
        return "own", "vLLM takes adapters, and these policies are all weights of the model (method full)"
    if settings.deterministic:
        if wish == "auto":
            return "own", "deterministic, which vLLM is not"
        raise EngineError(
            "sampler.refused",
            400,
            "sampler vllm: it is not deterministic, since the company a request has in a batch changes its rounding; "
            "leave --deterministic out, or choose --sampler own",
        )
    if gguf:
        if wish == "auto":
            return "own", "vLLM is not given a GGUF file"
        raise EngineError(
            "sampler.refused",
            400,
            "sampler vllm: the base is a GGUF file, which is dequantised for training and would not be in vLLM; make a "
            "folder of it (python -m baton_torch.convert FILE FOLDER) and train that, or choose --sampler own",
        )
    if wish == "auto" and device != "cuda":
        return "own", "no GPU; on a CPU vLLM samples only where asked for (--sampler vllm)"
    if installed:
        return "vllm", "asked for" if wish == "vllm" else "it is installed, and there is a GPU"
    if wish == "auto":
        return "own", "vLLM is not installed in this Python"
    raise EngineError(
        "sampler.missing",
        400,
        f"sampler vllm: vLLM is not installed in {sys.executable}; install it there (pip install vllm), name a Python "
        "that has vLLM and the engine's packages with --engine-python, or choose --sampler own",
    )
