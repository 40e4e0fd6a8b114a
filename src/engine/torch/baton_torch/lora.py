"""One base with an adapter a policy (LoRA, arXiv 2106.09685), in peft's layers and file format."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

import torch
from peft import LoraConfig, PeftModelForCausalLM
from torch import Tensor, nn

from .adam import Tensors
from .base import Base, hash_tensors
from .network import BASE, Network
from .owner import is_full


@dataclass(frozen=True)
class LoraShape:
    rank: int = 16
    alpha: float = 32
    targets: str | list[str] = "all-linear"
    seed: int = field(default=0)
    """where the adapters' first values come from"""


class LoraNetwork(Network):
    mixes = True
    method = "lora"
    weights_file = "adapter_model.safetensors"

    def __init__(self, base: Base, device: torch.device, shape: LoraShape, source: str) -> None:
        super().__init__(base, device)
        self._shape = shape
        self._config = LoraConfig(
            r=shape.rank,
            lora_alpha=shape.alpha,
            target_modules=shape.targets,
            exclude_modules=_past_adapters(base.model) if shape.targets == "all-linear" else None,
            lora_dropout=0.0,
            bias="none",
            task_type="CAUSAL_LM",
            base_model_name_or_path=source,
        )
        # The first adapter is a template: it gives the names and shapes, and no policy ever uses it.
        self._peft = PeftModelForCausalLM(base.model, self._config, adapter_name="template")
        self._peft.eval()
        self._peft.requires_grad_(False)
        self._slots: dict[str, str] = {}
        self._free: list[str] = []
        self._numbers = count()
        self._parameters: dict[str, dict[str, nn.Parameter]] = {}
        self._active: str | None = None
        self._template = {n: tuple(p.shape) for n, p in self._find("template").items()}

    def _find(self, slot: str) -> dict[str, nn.Parameter]:
        """Parameters of a slot by their names in a saved adapter, which leave the slot out."""
        found = {}
        for name, parameter in self._peft.named_parameters():
            parts = name.split(".")
            if slot in parts:
                found[".".join(p for p in parts if p != slot)] = parameter
        return found

    def fresh(self, role: str) -> Tensors:
        """B is 0 and A is Kaiming-uniform as in peft, from the role's own random numbers: the same after a
        restart, whichever roles were trained before."""
        seed = int.from_bytes(hashlib.sha256(f"{self._shape.seed}/{role}".encode()).digest()[:7], "big")
        generator = torch.Generator().manual_seed(seed)
        weights: Tensors = {}
        for name, shape in sorted(self._template.items()):
            weight = torch.zeros(shape)
            if "lora_A" in name:
                bound = 1 / math.sqrt(math.prod(shape[1:]))
                weight.uniform_(-bound, bound, generator=generator)
            weights[name] = weight
        return weights

    def hash(self, weights: Tensors, base_hash: str | None = None) -> str:
        shape = {"rank": self._shape.rank, "alpha": self._shape.alpha, "base": base_hash or self.base_hash}
        return hash_tensors(weights, json.dumps(shape, sort_keys=True))

    def hold(self, policy: str, weights: Tensors) -> None:
        if {n: tuple(w.shape) for n, w in weights.items()} != self._template:
            raise ValueError(f"{policy}: the adapter's shapes are not those of rank {self._shape.rank} here")
        # Making a slot goes through the whole model, so that of a policy that went is used again.
        slot = self._free.pop() if self._free else self._make_slot()
        with torch.no_grad():
            for name, parameter in self._parameters[slot].items():
                parameter.copy_(weights[name])
        self._slots[policy] = slot

    def _make_slot(self) -> str:
        slot = f"slot{next(self._numbers)}"
        try:
            self._peft.add_adapter(slot, self._config)
        except Exception as error:
            if not is_full(error):
                raise
            # A part of it would be in the way of the next one.
            if slot in self._peft.peft_config:
                self._peft.delete_adapter(slot)
            raise
        self._parameters[slot] = self._find(slot)
        for parameter in self._parameters[slot].values():
            parameter.requires_grad_(False)
        self._active = None
        return slot

    def drop(self, policy: str) -> None:
        self._free.append(self._slots.pop(policy))

    def trim(self) -> None:
        for slot in self._free:
            self._peft.delete_adapter(slot)
            del self._parameters[slot]
        self._free.clear()
        self._active = None

    def holds(self) -> list[str]:
        return list(self._slots)

    def run(self, policies: Sequence[str], **inputs: object) -> Tensor:
        names = [BASE if p == BASE else self._slots[p] for p in policies]
        if len(set(names)) == 1:
            self._activate(names[0])
            logits: Tensor = self._peft.base_model(**inputs).logits
            return logits
        if self._active in (None, BASE):
            self._activate(next(n for n in names if n != BASE))
        mixed: Tensor = self._peft(adapter_names=names, **inputs).logits
        return mixed

    def _activate(self, slot: str) -> None:
        """Chooses one adapter, or none, for all rows of the passes that follow."""
        if slot == self._active:
            return
        if slot == BASE:
            self._peft.base_model.disable_adapter_layers()
        else:
            self._peft.base_model.enable_adapter_layers()
            self._peft.base_model.set_adapter(slot)
            for parameter in self._peft.parameters():
                parameter.requires_grad_(False)
        self._active = slot

    def trainable(self, policy: str) -> dict[str, nn.Parameter]:
        slot = self._slots[policy]
        self._activate(slot)
        return self._parameters[slot]

    def write_format(self, folder: str) -> None:
        self._config.save_pretrained(folder)

    def checkpoint_gradients(self) -> None:
        super().checkpoint_gradients()
        self._peft.enable_input_require_grads()


def _past_adapters(model: nn.Module) -> list[str] | None:
    """Outputs of Mamba's layers: its kernel for training takes their weight, past an adapter on them."""
    mixers = [n for n, m in model.named_modules() if all(hasattr(m, own) for own in ("A_log", "D", "out_proj"))]
    return [f"{name}.out_proj" for name in mixers] or None
