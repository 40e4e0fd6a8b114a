"""AdamW on named tensors. The state is part of a policy: it is saved with the weights it belongs to."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .errors import EngineError
from .protocol import Optimizer

Tensors = dict[str, Tensor]


@dataclass
class AdamState:
    """Number of updates so far, and first and second moments by the weights' names (float32)."""

    step: int
    mean: Tensors
    square: Tensors


def fresh_adam(weights: Tensors) -> AdamState:
    zeros = {name: torch.zeros_like(w, dtype=torch.float32) for name, w in weights.items()}
    return AdamState(0, zeros, {name: z.clone() for name, z in zeros.items()})


def norm(tensors: Tensors) -> float:
    """L2 norm over all tensors, summed in float64."""
    return math.sqrt(sum(float(t.double().square().sum()) for t in tensors.values()))


def adam_step(weights: Tensors, gradient: Tensors, state: AdamState, settings: Optimizer) -> float:
    """One AdamW step in place (Loshchilov and Hutter, arXiv 1711.05101; the order of torch.optim.AdamW: decay
    first, then `lr * m / (sqrt(v) + eps)` with bias correction). Returns the gradient's norm before clipping.
    Raises where the gradient is not finite: nothing is changed then."""
    length = norm(gradient)
    if not math.isfinite(length):
        raise EngineError(
            "gradient.not_finite",
            409,
            "the gradient holds a value that is not finite: nothing was applied; lower the learning rate, or "
            "look for log-probabilities of -inf in the batch",
        )
    scale = settings.grad_clip / length if length > settings.grad_clip else 1.0
    b1, b2 = settings.betas
    state.step += 1
    c1 = 1 - b1**state.step
    c2 = math.sqrt(1 - b2**state.step)
    for name in sorted(weights):
        g = gradient[name] * scale
        m, v, w = state.mean[name], state.square[name], weights[name]
        m.mul_(b1).add_(g, alpha=1 - b1)
        v.mul_(b2).addcmul_(g, g, value=1 - b2)
        w.mul_(1 - settings.lr * settings.decay)
        w.addcdiv_(m, v.sqrt().div_(c2).add_(settings.eps), value=-settings.lr / c1)
    return length
