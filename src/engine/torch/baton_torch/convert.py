"""`python -m baton_torch.convert MODEL.gguf FOLDER`: a GGUF file as a model folder, which loads sooner."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
import transformers

from .base import Place, load_base


def convert(source: str, folder: Path) -> None:
    """Writes weights (float32, safetensors), configuration and tokenizer. The folder appears whole or not at all."""
    place = Place.of(source)
    part = folder.with_name(f"{folder.name}.part")
    base = load_base(place, torch.float32, torch.device("cpu"))
    base.model.save_pretrained(part)  # type: ignore[operator]
    transformers.AutoTokenizer.from_pretrained(place.source, **place.options).save_pretrained(part)
    part.rename(folder)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python -m baton_torch.convert MODEL.gguf FOLDER")
    convert(sys.argv[1], Path(sys.argv[2]))
