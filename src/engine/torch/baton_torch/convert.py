"""`python -m baton_torch.convert MODEL.gguf FOLDER`: a GGUF file as a model folder, which loads sooner."""

from __future__ import annotations

import shutil
import sys
from functools import cache
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
    write_tokenizer(place, part)
    part.rename(folder)


def write_tokenizer(place: Place, folder: Path) -> None:
    """A folder's own files of it as they are; from a GGUF file or the hub, what transformers makes of it."""
    own = Path(place.source)
    if place.gguf is None and own.is_dir():
        for file in (*own.glob("*token*"), *own.glob("vocab*"), *own.glob("merges.txt"), *own.glob("*.jinja")):
            shutil.copy(file, folder)
        return
    # Several chat templates would make a folder of their own, where a version is files only.
    _tokenizer(place).save_pretrained(folder, save_jinja_files=False)


@cache
def _tokenizer(place: Place) -> transformers.PreTrainedTokenizerBase:
    """Of the hub it is asked for once, however many versions are saved with it."""
    return transformers.AutoTokenizer.from_pretrained(place.source, **place.options)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python -m baton_torch.convert MODEL.gguf FOLDER")
    convert(sys.argv[1], Path(sys.argv[2]))
