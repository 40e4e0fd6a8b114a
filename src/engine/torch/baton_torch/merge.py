"""`python -m baton_torch.merge BASE ADAPTER FOLDER`: a base and a trained adapter as one model folder, which plain
transformers loads without peft."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import torch
import transformers
from peft import PeftModel

from .base import Place, load_base
from .convert import write_tokenizer


def merge(base: str, adapter: Path, folder: Path) -> None:
    """Writes weights in the base's own precision (summed in float32), configuration and tokenizer. The folder appears
    whole or not at all. Raises OSError or ValueError where base or adapter cannot be read or do not fit."""
    place = Place.of(base)
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    # Asked first: a loaded model's configuration names what it was loaded as.
    stored = transformers.AutoConfig.from_pretrained(place.source, **place.options).dtype
    whole = load_base(place, torch.float32, torch.device("cpu"))
    model = PeftModel.from_pretrained(whole.model, str(adapter)).merge_and_unload()
    if isinstance(stored, torch.dtype) and place.gguf is None:
        model.to(stored)
    model.save_pretrained(part)
    write_tokenizer(place, part)
    part.rename(folder)


def main() -> None:
    if len(sys.argv) != 4:
        sys.exit("usage: python -m baton_torch.merge BASE ADAPTER FOLDER")
    try:
        merge(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    except Exception as error:
        sys.exit(str(error) or type(error).__name__)


if __name__ == "__main__":
    main()
