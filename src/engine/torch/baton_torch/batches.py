"""Sequences to padded batches. Rows are padded on the left: actions then end in the same columns, so that logits
are computed for few columns besides the scored ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .protocol import Sequence


@dataclass
class Batch:
    """B rows of L columns on one device; A scored tokens, sequence after sequence."""

    ids: Tensor
    """`[B, L]`"""
    mask: Tensor
    """`[B, L]` 1 where there is a token"""
    positions: Tensor
    """`[B, L]` place of each token in its own sequence"""
    keep: Tensor
    """`[K]` columns whose logits are needed, rising"""
    rows: Tensor
    """`[A]` row of each scored token"""
    kept: Tensor
    """`[A]` index into `keep` of the column before each scored token"""
    targets: Tensor
    """`[A]`"""


def pad_left(tokens: list[list[int]], device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Ids, mask and positions, `[B, L]` each."""
    longest = max(len(t) for t in tokens)
    ids = torch.zeros((len(tokens), longest), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for i, t in enumerate(tokens):
        ids[i, longest - len(t) :] = torch.tensor(t, dtype=torch.long)
        mask[i, longest - len(t) :] = 1
    positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
    return ids.to(device), mask.to(device), positions.to(device)


def pad(sequences: list[Sequence], device: torch.device) -> Batch:
    """A batch of sequences, at least one of which has a scored token."""
    ids, mask, positions = pad_left([s.tokens for s in sequences], device)
    longest = ids.shape[1]
    rows: list[int] = []
    columns: list[int] = []
    targets: list[int] = []
    for row, s in enumerate(sequences):
        start = longest - len(s.tokens)
        for i, scored in enumerate(s.mask):
            if scored:
                rows.append(row)
                columns.append(start + i - 1)
                targets.append(s.tokens[i])
    keep = sorted(set(columns))
    index = {column: at for at, column in enumerate(keep)}
    vector = [torch.tensor(v, dtype=torch.long, device=device) for v in (keep, rows, targets)]
    kept = torch.tensor([index[c] for c in columns], dtype=torch.long, device=device)
    return Batch(ids, mask, positions, vector[0], vector[1], kept, vector[2])


def group(units: list[list[int]], length: Callable[[int], int], tokens: int) -> list[list[int]]:
    """Units of sequences (indices; a unit stays together) into groups of like lengths, each of at most `tokens`
    tokens with its padding, or one unit."""
    order = sorted(units, key=lambda unit: (-max(length(i) for i in unit), unit[0]))
    groups: list[list[int]] = []
    current: list[int] = []
    for unit in order:
        longest = max(length(i) for i in [*current, *unit])
        if current and longest * (len(current) + len(unit)) > tokens:
            groups.append(current)
            current = []
        current = [*current, *unit]
    if current:
        groups.append(current)
    return groups
