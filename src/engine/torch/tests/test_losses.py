"""The losses against formulas written again in plain numbers, and their gradients against finite differences."""

from __future__ import annotations

import math

import pytest
import torch

from baton_torch.errors import EngineError
from baton_torch.losses import LossInput, loss_of, missing_inputs
from baton_torch.protocol import Dpo, Kl, PolicyGradient, Sft

LOGPROBS = [-0.2, -1.5, -0.7, -2.0, -0.1, -3.0]
OFFSETS = [0, 2, 3, 6]


def given(**more: object) -> LossInput:
    vectors = {
        "advantages": [1.0, -1.0, 0.5, 2.0, -2.0, -0.5],
        "old": [-0.5, -1.2, -0.7, -1.0, -1.5, -3.1],
        "behaviour": [-0.6, -1.0, -0.7, -4.0, -1.4, -3.1],
        "reference": [-0.3, -1.0, -0.9, -1.1, -0.4, -2.5],
    }
    tensors = {k: torch.tensor(v, dtype=torch.float64) for k, v in vectors.items()}
    return LossInput(**({"offsets": OFFSETS, "denominator": 6.0} | tensors | more))  # type: ignore[arg-type]


CASES = [
    (PolicyGradient(name="policy_gradient", clip_low=0.2, clip_high=0.3), None),
    (PolicyGradient(name="policy_gradient", clip_low=0.2, clip_high=0.2, dual_clip=2.0), None),
    (PolicyGradient(name="policy_gradient", clip_low=0.2, clip_high=0.2), Kl(estimator="k3", coefficient=0.3)),
    (Sft(name="sft"), None),
    (Sft(name="sft"), Kl(estimator="k2", coefficient=0.3)),
    (Dpo(name="dpo", beta=0.4), None),
]
PAIRS = [("a", True), ("a", False)]


def _moved(values: list[float], at: int, by: float) -> list[float]:
    return [v + by if i == at else v for i, v in enumerate(values)]


@pytest.mark.parametrize(("loss", "kl"), CASES)
def test_gradients_match_finite_differences(loss: PolicyGradient | Sft | Dpo, kl: Kl | None) -> None:
    values, own = list(LOGPROBS), given()
    if isinstance(loss, Dpo):
        own = given(pairs=PAIRS, offsets=[0, 2, 6])
    x = torch.tensor(values, dtype=torch.float64, requires_grad=True)
    loss_of(loss, kl, own, x).loss.backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    for i in range(len(values)):
        step = 1e-6
        up, down = [
            float(loss_of(loss, kl, own, torch.tensor(_moved(values, i, s), dtype=torch.float64)).loss)
            for s in (step, -step)
        ]
        assert float(x.grad[i]) == pytest.approx((up - down) / (2 * step), abs=1e-7)


def test_policy_gradient_is_the_clipped_and_weighted_objective() -> None:
    own = given()
    out = loss_of(CASES[1][0], None, own, torch.tensor(LOGPROBS, dtype=torch.float64))
    assert own.advantages is not None
    assert own.old is not None
    assert own.behaviour is not None
    total, clipped = 0.0, 0
    for new, a, old, behaviour in zip(
        LOGPROBS, own.advantages.tolist(), own.old.tolist(), own.behaviour.tolist(), strict=True
    ):
        ratio = math.exp(new - old)
        bounded = min(max(ratio, 0.8), 1.2)
        objective = min(ratio * a, bounded * a)
        flows = ratio * a <= bounded * a
        if a < 0 and objective < 2 * a:
            objective, flows = 2 * a, False
        clipped += not flows
        total -= min(math.exp(old - behaviour), 2) * objective / 6
    assert float(out.loss) == pytest.approx(total)
    assert out.clipped == clipped
    assert clipped > 1


def test_dpo_is_minus_log_sigmoid_of_the_margin() -> None:
    own = given(pairs=PAIRS, offsets=[0, 2, 6])
    out = loss_of(CASES[5][0], None, own, torch.tensor(LOGPROBS, dtype=torch.float64))
    assert own.reference is not None
    gain = [new - ref for new, ref in zip(LOGPROBS, own.reference.tolist(), strict=True)]
    margin = 0.4 * (sum(gain[:2]) - sum(gain[2:]))
    assert float(out.loss) == pytest.approx(-math.log(1 / (1 + math.exp(-margin))) / 6)


def test_what_a_loss_lacks_is_named() -> None:
    bare = LossInput(offsets=[0, 2], denominator=1, old=torch.zeros(1))
    lacking = missing_inputs(CASES[0][0], None, bare)
    assert lacking == ["advantages (needs 2 entries, has none)", "old_logprobs (needs 2 entries, has 1)"]
    assert missing_inputs(CASES[5][0], None, bare)[0].startswith("pairs")


@pytest.mark.parametrize("pairs", [[("a", True), ("a", True)], [("a", True), ("b", False)]])
def test_a_pair_without_both_sides_is_refused(pairs: list[tuple[str, bool]]) -> None:
    own = given(pairs=pairs, offsets=[0, 2, 6])
    with pytest.raises(EngineError, match="pair a has"):
        loss_of(CASES[5][0], None, own, torch.tensor(LOGPROBS, dtype=torch.float64))
