"""Draws tokens from logits. A row's random numbers depend on its own seed only, never on its neighbours, and they
are the same as in the TypeScript engine."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

_U32 = 0xFFFFFFFF


def uniforms(seed: int) -> Iterator[float]:
    """Uniform numbers in [0, 1) from a 32-bit state mixed with golden-ratio steps (splitmix32)."""
    # Seeds may be larger than 32 bits: fold the high part in, so that nearby seeds stay apart.
    state = ((seed >> 32) * 0x85EBCA6B + (seed & _U32)) & _U32
    while True:
        state = (state + 0x9E3779B9) & _U32
        x = state ^ (state >> 16)
        x = (x * 0x21F0AAAD) & _U32
        x ^= x >> 15
        x = (x * 0x735A2D97) & _U32
        x ^= x >> 15
        yield x / 2**32


def draw(
    logits: Tensor, temperature: list[float], top_p: list[float], uniform: list[float]
) -> tuple[list[int], list[float]]:
    """Draws one token a row from softmax(logits / temperature), or the best one at temperature 0. `logits` is
    `[B, V]`. `top_p` below 1 keeps the likeliest tokens up to that mass. Returns tokens, and their
    log-probabilities of logits / temperature over the whole vocabulary (at 0: of the plain logits)."""
    scale = torch.tensor([1.0 if t == 0 else 1 / t for t in temperature], dtype=torch.float64)
    scaled = logits.double() * scale.to(logits.device).unsqueeze(1)
    top, best = scaled.max(dim=1)
    mass = torch.exp(scaled - top.unsqueeze(1))
    picked = best.clone()
    u = torch.tensor(uniform, dtype=torch.float64, device=logits.device)
    plain = [i for i, (t, p) in enumerate(zip(temperature, top_p, strict=True)) if t > 0 and p >= 1]
    if plain:
        rows = torch.tensor(plain, device=logits.device)
        picked[rows] = _pick(mass[rows].cumsum(dim=1), u[rows])
    for i, (t, p) in enumerate(zip(temperature, top_p, strict=True)):
        if t == 0 or p >= 1:
            continue
        ordered, order = mass[i].sort(descending=True, stable=True)
        sums = ordered.cumsum(dim=0)
        count = int(torch.searchsorted(sums, p * sums[-1])) + 1
        picked[i] = order[_pick(sums[:count].unsqueeze(0), u[i : i + 1])[0]]
    chosen = scaled.gather(1, picked.unsqueeze(1)).squeeze(1) - top
    logprob = chosen - mass.sum(dim=1).log()
    return picked.tolist(), logprob.tolist()


def _pick(sums: Tensor, uniform: Tensor) -> Tensor:
    """The first entry of each row of running sums `[B, V]` that exceeds uniform `[B]` times the row's total."""
    total = sums[:, -1:].contiguous()
    found = torch.searchsorted(sums, uniform.unsqueeze(1) * total, right=True)
    # Where rounding puts the wanted mass at the very end, the last token that has any mass is taken.
    return torch.minimum(found, torch.searchsorted(sums, total)).squeeze(1)
