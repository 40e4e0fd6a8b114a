"""All weights a policy's own. One model takes turns: its parameters point to the tensors of the policy that runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from .adam import Tensors
from .base import Base, hash_tensors
from .convert import write_tokenizer
from .network import BASE, Network


class FullNetwork(Network):
    mixes = False
    method = "full"
    weights_file = "model.safetensors"

    def __init__(self, base: Base, device: torch.device) -> None:
        super().__init__(base, device)
        self._parameters: dict[str, nn.Parameter] = dict(base.model.named_parameters())
        self._held: dict[str, Tensors] = {BASE: {n: p.data for n, p in self._parameters.items()}}
        self._active = BASE

    def fresh(self, role: str) -> Tensors:
        return {n: t.to("cpu", torch.float32, copy=True) for n, t in self._held[BASE].items()}

    def hash(self, weights: Tensors, base_hash: str | None = None) -> str:
        return hash_tensors(weights)

    def hold(self, policy: str, weights: Tensors) -> None:
        wanted = {n: tuple(p.shape) for n, p in self._parameters.items()}
        if {n: tuple(w.shape) for n, w in weights.items()} != wanted:
            raise ValueError(f"{policy}: its weights do not have the names and shapes of this base")
        dtype = {n: p.dtype for n, p in self._parameters.items()}
        self._held[policy] = {n: w.to(self.device, dtype[n], copy=True) for n, w in weights.items()}

    def drop(self, policy: str) -> None:
        if self._active == policy:
            self._activate(BASE)
        del self._held[policy]

    def holds(self) -> list[str]:
        return [p for p in self._held if p != BASE]

    def _activate(self, policy: str) -> None:
        if policy == self._active:
            return
        held = self._held[policy]
        for name, parameter in self._parameters.items():
            parameter.data = held[name]
        self._active = policy

    def run(self, policies: Sequence[str], **inputs: object) -> Tensor:
        if len(set(policies)) != 1:
            raise ValueError("policies with weights of their own cannot share a batch")
        self._activate(policies[0])
        logits: Tensor = self.base.model(**inputs).logits
        return logits

    def trainable(self, policy: str) -> dict[str, nn.Parameter]:
        self._activate(policy)
        return self._parameters

    def write_format(self, folder: str) -> None:
        self.base.model.config.save_pretrained(folder)  # type: ignore[operator, union-attr]
        self.base.model.generation_config.save_pretrained(folder)  # type: ignore[operator, union-attr]
        write_tokenizer(self.base.place, Path(folder))
