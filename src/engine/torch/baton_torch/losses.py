"""The three losses on log-probabilities of scored tokens, `[A]` each. Gradients come from autograd."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from .errors import invalid
from .protocol import Dpo, Kl, PolicyGradient, Sft


@dataclass
class LossInput:
    """What a loss needs of some sequences. Vectors per scored token are `[A]`, float64."""

    offsets: list[int]
    """scored tokens of sequence s are `[offsets[s], offsets[s + 1])`"""
    denominator: float
    advantages: Tensor | None = None
    old: Tensor | None = None
    behaviour: Tensor | None = None
    reference: Tensor | None = None
    pairs: list[tuple[str, bool]] | None = None
    """per sequence: its pair, and whether it is the preferred one"""


@dataclass
class LossOutput:
    loss: Tensor
    """scalar with its graph, already divided by the denominator"""
    divergence: float
    """sum over tokens of exp(d) - 1 - d with d = new - old"""
    clipped: int
    """tokens where the clipped branch was taken"""


def missing_inputs(loss: PolicyGradient | Sft | Dpo, kl: Kl | None, given: LossInput) -> list[str]:
    """Names of inputs that a loss needs and that are absent or of the wrong length; empty where all is well."""
    tokens = given.offsets[-1]
    wants: list[tuple[str, int | None, int]] = []

    def want(name: str, vector: Tensor | list[tuple[str, bool]] | None, length: int) -> None:
        wants.append((name, None if vector is None else len(vector), length))

    if isinstance(loss, PolicyGradient):
        want("advantages", given.advantages, tokens)
        want("old_logprobs", given.old, tokens)
        if given.behaviour is not None:
            want("behaviour_logprobs", given.behaviour, tokens)
    if isinstance(loss, Dpo):
        want("pairs", given.pairs, len(given.offsets) - 1)
    if isinstance(loss, Dpo) or (kl is not None and kl.coefficient > 0):
        want("reference_logprobs", given.reference, tokens)
    return [
        f"{name} (needs {length} entries, has {'none' if has is None else has})"
        for name, has, length in wants
        if has != length
    ]


def loss_of(loss: PolicyGradient | Sft | Dpo, kl: Kl | None, given: LossInput, logprobs: Tensor) -> LossOutput:
    """Value of a loss with its KL term on new log-probabilities `[A]`. `missing_inputs` must have been empty."""
    logprobs = logprobs.double()
    clipped = 0
    if isinstance(loss, PolicyGradient):
        value, clipped = _policy_gradient(loss, given, logprobs)
    elif isinstance(loss, Sft):
        value = -logprobs.sum() / given.denominator
    else:
        value = _dpo(loss.beta, given, logprobs)
    if kl is not None and kl.coefficient > 0:
        value = value + kl.coefficient * _kl(kl, given, logprobs) / given.denominator
    divergence = 0.0
    if given.old is not None:
        d = logprobs.detach() - given.old
        divergence = float((torch.exp(d) - 1 - d).sum())
    return LossOutput(value, divergence, clipped)


def _policy_gradient(spec: PolicyGradient, given: LossInput, logprobs: Tensor) -> tuple[Tensor, int]:
    """Clipped policy gradient (PPO, arXiv 1707.06347; dual clip, arXiv 1912.09729), each token's term weighted by
    min(exp(old - behaviour), 2), which is not differentiated."""
    assert given.advantages is not None
    assert given.old is not None
    a = given.advantages
    ratio = torch.exp(logprobs - given.old)
    bounded = ratio.detach().clamp(1 - spec.clip_low, 1 + spec.clip_high)
    flows = (ratio * a <= bounded * a).detach()
    objective = torch.where(flows, ratio * a, bounded * a)
    if spec.dual_clip is not None:
        floor = spec.dual_clip * a
        below = ((a < 0) & (objective < floor)).detach()
        objective = torch.where(below, floor, objective)
        flows = flows & ~below
    if given.behaviour is not None:
        objective = objective * torch.exp(given.old - given.behaviour).clamp(max=2)
    return -objective.sum() / given.denominator, int((~flows).sum())


def _dpo(beta: float, given: LossInput, logprobs: Tensor) -> Tensor:
    """Direct preference optimisation (arXiv 2305.18290): -log sigmoid(beta * margin) a pair."""
    assert given.reference is not None
    assert given.pairs is not None
    gain = logprobs - given.reference
    sides: dict[str, dict[bool, int]] = {}
    for s, (name, chosen) in enumerate(given.pairs):
        side = sides.setdefault(name, {})
        if chosen in side:
            raise invalid(f"pair {name} has two {'chosen' if chosen else 'rejected'} sequences")
        side[chosen] = s
    total = logprobs.new_zeros(())
    for name, side in sides.items():
        if len(side) < 2:
            raise invalid(f"pair {name} has no {'rejected' if True in side else 'chosen'} sequence")
        sums = [gain[given.offsets[s] : given.offsets[s + 1]].sum() for s in (side[True], side[False])]
        total = total - logsigmoid(beta * (sums[0] - sums[1]))
    return total / given.denominator


def _kl(kl: Kl, given: LossInput, logprobs: Tensor) -> Tensor:
    """Estimators of KL(new, reference) from samples (Schulman, "Approximating KL divergence"): k2 and k3."""
    assert given.reference is not None
    d = logprobs - given.reference
    return (d * d / 2).sum() if kl.estimator == "k2" else (torch.exp(-d) - 1 + d).sum()
