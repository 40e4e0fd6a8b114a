"""What all networks share: a base model on its device, and policies over it. One thread owns a network: choosing
an adapter is global to the model, so every forward pass names its policies."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

import torch
from torch import Tensor, nn

from .adam import Tensors
from .base import Base, hash_tensors
from .batches import Batch

BASE = "__base__"
"""the policy without any training: v0 of every role, and the reference"""


class Network(ABC):
    mixes: bool
    """whether rows of one batch may belong to different policies"""
    method: str

    def __init__(self, base: Base, device: torch.device) -> None:
        self.base = base
        self.device = device
        self._weights = {n: p.detach() for n, p in base.model.named_parameters()}
        # As bfloat16, whatever it was loaded as: a GPU and a processor then name the same base the same.
        self.base_hash = hash_tensors(self._weights, dtype=torch.bfloat16)
        self._keeps = "logits_to_keep" in inspect.signature(type(base.model).forward).parameters
        self.last_only: dict[str, object] = {"logits_to_keep": 1} if self._keeps else {}

    @cached_property
    def earlier_base_hash(self) -> str:
        """What this base was called by engines that hashed it as they had loaded it, in float32."""
        return hash_tensors(self._weights, dtype=torch.float32)

    @abstractmethod
    def fresh(self, role: str) -> Tensors:
        """Weights (host, float32) that a role's first update starts from; they act as the base does."""

    @abstractmethod
    def hash(self, weights: Tensors, base_hash: str | None = None) -> str:
        """sha256 of a policy; over the base as it is called now, where it is not said how."""

    @abstractmethod
    def hold(self, policy: str, weights: Tensors) -> None:
        """Brings a policy to the device under its name; the name must be free."""

    @abstractmethod
    def drop(self, policy: str) -> None:
        """Lets a held policy go."""

    def trim(self) -> None:  # noqa: B027
        """Gives up room on the device that is only kept for policies to come."""

    @abstractmethod
    def holds(self) -> list[str]:
        """Names of policies on the device."""

    @abstractmethod
    def run(self, policies: Sequence[str], **inputs: object) -> Tensor:
        """Logits of a forward pass whose rows belong to `policies` (one name a row)."""

    @abstractmethod
    def trainable(self, policy: str) -> dict[str, nn.Parameter]:
        """Parameters of a held policy, by the names of its weights."""

    @abstractmethod
    def write_format(self, folder: str) -> None:
        """Writes what other programs need beside the weights: configuration files."""

    weights_file: str
    """name of the weights' file in a policy's folder"""

    def logits(self, policies: Sequence[str], ids: Tensor, mask: Tensor, positions: Tensor, keep: Tensor) -> Tensor:
        """`[B, K, V]`: logits at the columns `keep`."""
        inputs = {"input_ids": ids, "attention_mask": mask, "position_ids": positions, "use_cache": False}
        if self._keeps:
            return self.run(policies, logits_to_keep=keep, **inputs)
        return self.run(policies, **inputs)[:, keep]

    def logprobs(self, policy: str, batch: Batch, temperature: float) -> Tensor:
        """`[A]` log-probabilities of the scored tokens, of logits / temperature, float32 at least."""
        logits = self.logits([policy] * len(batch.ids), batch.ids, batch.mask, batch.positions, batch.keep)
        picked = logits[batch.rows, batch.kept]
        picked = picked.to(torch.promote_types(picked.dtype, torch.float32)) / temperature
        return picked.gather(1, batch.targets.unsqueeze(1)).squeeze(1) - picked.logsumexp(dim=1)

    @contextmanager
    def training(self, policy: str) -> Iterator[dict[str, nn.Parameter]]:
        """Parameters of a policy with gradients on, inside one job of the owning thread."""
        parameters = self.trainable(policy)
        model = self.base.model
        for parameter in parameters.values():
            parameter.requires_grad_(True)
            parameter.grad = None
        # Gradient checkpointing looks at the training flag; there is no dropout that it could switch on.
        model.train()
        try:
            yield parameters
        finally:
            model.eval()
            for parameter in parameters.values():
                parameter.requires_grad_(False)
                parameter.grad = None

    def checkpoint_gradients(self) -> None:
        """Trades time for memory: activations are computed again in the backward pass."""
        self.base.model.gradient_checkpointing_enable({"use_reentrant": False})  # type: ignore[operator]


def host(parameters: dict[str, nn.Parameter]) -> Tensors:
    """Copies on the host, float32."""
    return {name: p.detach().to("cpu", torch.float32, copy=True) for name, p in parameters.items()}
