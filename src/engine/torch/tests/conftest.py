"""Engines over the small base model that ships with Baton, on the CPU and deterministic."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TypeVar

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import pytest

from baton_torch.engine import Engine
from baton_torch.protocol import ChatRequest, Message, Sequence, UpdateRequest
from baton_torch.settings import Lora, Settings

BASE = Path(__file__).parents[4] / "media" / "base"
T = TypeVar("T")
Open = Callable[..., Engine]


def run(job: Coroutine[object, object, T]) -> T:
    return asyncio.run(job)


def settings(folder: Path, **more: object) -> Settings:
    values: dict[str, object] = {
        "dir": str(folder),
        "base": str(BASE),
        "token": "a token of these tests",
        "backend": "cpu",
        "deterministic": True,
        "lora": Lora(rank=4, alpha=8),
    }
    return Settings.model_validate(values | more)


async def open_engine(folder: Path, **more: object) -> Engine:
    return await Engine.open(settings(folder, **more))


def sequence(prompt: list[int], action: list[int]) -> Sequence:
    return Sequence(tokens=prompt + action, mask=[0] * len(prompt) + [1] * len(action))


SEQUENCES = [
    sequence([1, 40, 41, 42, 43, 3], [50, 60, 2]),
    sequence([1, 44, 3], [51, 52, 53, 54, 2]),
    sequence([1, 45, 46, 47, 48, 49, 80, 81, 3], [55, 2]),
    sequence([1, 40, 3], [56, 57, 2]),
]
TOKENS = sum(s.scored for s in SEQUENCES)


def order(engine: Engine, role: str, **more: object) -> UpdateRequest:
    """A first update of a role by supervised fine-tuning on SEQUENCES."""
    values: dict[str, object] = {
        "id": f"{role}-1",
        "role": role,
        "version": "v0",
        "next_version": "v1",
        "parent_hash": engine.health()["base_hash"],
        "loss": {"name": "sft"},
        "sequences": [s.model_dump() for s in SEQUENCES],
        "denominator": TOKENS,
        "optimizer": {"lr": 1e-2, "grad_clip": 1e9},
    }
    return UpdateRequest.model_validate(values | more)


def ask(model: str, seed: int, **more: object) -> ChatRequest:
    values: dict[str, object] = {
        "model": model,
        "messages": [Message(role="user", content=f'modeler kind="regression" rows={100 + seed} num=2 cat=1')],
        "seed": seed,
        "max_tokens": 60,
        "logprobs": True,
        "return_token_ids": True,
    }
    return ChatRequest.model_validate(values | more)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"
