"""Settings of an engine process: one JSON line on standard input (a token on the command line could be read by other
users of the machine)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field


class Lora(BaseModel):
    rank: Annotated[int, Field(ge=1, le=1024)] = 16
    alpha: Annotated[float, Field(gt=0)] = 32
    targets: str | list[str] = "all-linear"
    seed: Annotated[int, Field(ge=0)] = 0


class Settings(BaseModel):
    dir: Annotated[str, Field(min_length=1)]
    """where policies and checkpoints are kept"""
    base: Annotated[str, Field(min_length=1)]
    """folder, GGUF file, or hub id"""
    token: Annotated[str, Field(min_length=16)]
    port: Annotated[int, Field(ge=0, le=65_535)] = 0
    """0 for any free one"""
    deterministic: bool = False
    backend: Literal["auto", "cpu", "cuda"] = "auto"
    method: Literal["lora", "full"] = "lora"
    lora: Lora = Lora()
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    threads: Annotated[int, Field(ge=1)] | None = None
    context: Annotated[int, Field(ge=2)] | None = None
    """tokens of prompt and reply together, where fewer than the model's own limit are wanted"""
    pass_tokens: Annotated[int, Field(ge=1)] | None = None
    """tokens, padding included, that go through the network at once in scoring and training"""
    rows: Annotated[int, Field(ge=1)] | None = None
    """requests that are sampled at a time"""
    resident: Annotated[int, Field(ge=1)] | None = None
    """policies kept on the device"""
    sampler: Literal["auto", "own", "vllm"] = "auto"
    """what samples; `auto` takes vLLM on a GPU where it is installed"""
    vllm_memory: Annotated[float, Field(gt=0, le=1)] = 0.4
    """share of the GPU's memory that vLLM may take, weights and cache together; the trainer needs the rest"""
