"""Loads a base model: a folder, a GGUF file, or an id of the Hugging Face hub. No code of a model is ever run, and
no pickle is ever opened."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
import transformers
from torch import Tensor, nn

from .cache import cache_maker


@dataclass(frozen=True)
class Place:
    """Where the base comes from: a folder or hub id, and a file in it where it is a GGUF."""

    source: str
    gguf: str | None = None

    @staticmethod
    def of(spec: str) -> Place:
        path = Path(spec)
        if spec.endswith(".gguf"):
            if not path.is_file():
                raise FileNotFoundError(f"{spec}: there is no such GGUF file")
            return Place(str(path.parent), path.name)
        if path.is_dir():
            if not (path / "config.json").is_file():
                found = sorted(f.name for f in path.glob("*.gguf"))
                hint = f"; it holds {', '.join(found)}: name that file" if found else ""
                raise FileNotFoundError(f"{spec}: no config.json there, so it is not a model folder{hint}")
            return Place(spec)
        if path.is_absolute() or spec.startswith("."):
            raise FileNotFoundError(f"{spec}: there is no such folder")
        return Place(spec)

    @property
    def options(self) -> dict[str, str]:
        return {} if self.gguf is None else {"gguf_file": self.gguf}


@dataclass
class Base:
    place: Place
    model: nn.Module
    vocab: int
    context: int
    """tokens of prompt and reply together"""
    ends: frozenset[int]
    """ids that end a reply"""
    fresh_cache: Callable[[], transformers.DynamicCache]
    """an empty one, of what the model's layers keep"""


def _without_dropout(config: transformers.PretrainedConfig) -> None:
    """Log-probabilities must not depend on chance: every dropout rate of a config becomes 0."""
    for name, value in vars(config).items():
        if isinstance(value, float) and ("dropout" in name or name.endswith("pdrop")):
            setattr(config, name, 0.0)


def load_base(place: Place, dtype: torch.dtype, device: torch.device) -> Base:
    """The model in evaluation mode, frozen. Raises OSError or ValueError in the library's words,
    and an EngineError where the model cannot be sampled here."""
    config = transformers.AutoConfig.from_pretrained(place.source, **place.options)
    _without_dropout(config)
    options: dict[str, object] = dict(place.options)
    if place.gguf is not None:
        options["quantization_config"] = transformers.GgufConfig(dequantize=True)
    else:
        options["use_safetensors"] = True
        options["config"] = config
    model = transformers.AutoModelForCausalLM.from_pretrained(place.source, dtype=dtype, **options)
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    model.to(device)
    model.eval()
    model.requires_grad_(False)
    text = model.config.get_text_config()
    ends = getattr(model.generation_config, "eos_token_id", None) or text.eos_token_id
    return Base(
        place=place,
        model=model,
        vocab=int(text.vocab_size),
        context=int(getattr(text, "max_position_embeddings", 0) or 4096),
        ends=frozenset([ends] if isinstance(ends, int) else (ends or [])),
        fresh_cache=cache_maker(model),
    )


def hash_tensors(tensors: Mapping[str, Tensor], more: str = "", dtype: torch.dtype | None = None) -> str:
    """sha256 over names, types, shapes and bytes, in the order of names; of the values as `dtype` where one is given.
    Two policies are the same if this is."""
    sha = hashlib.sha256(more.encode())
    for name in sorted(tensors):
        tensor = tensors[name].detach().to("cpu", dtype or tensors[name].dtype).contiguous()
        sha.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        sha.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return sha.hexdigest()
