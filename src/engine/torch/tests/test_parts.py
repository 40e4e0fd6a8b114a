"""Adam against PyTorch's own, drawing against its distribution, batches against what they must hold together."""

from __future__ import annotations

from itertools import islice

import pytest
import torch

from baton_torch.adam import adam_step, fresh_adam
from baton_torch.batches import group, pad
from baton_torch.draw import draw, uniforms
from baton_torch.errors import EngineError
from baton_torch.protocol import Optimizer, Sequence


def test_adam_takes_the_steps_of_torch_adamw_with_clipping() -> None:
    torch.manual_seed(0)
    start = {"a": torch.randn(3, 4), "b": torch.randn(5)}
    ours = {n: w.clone() for n, w in start.items()}
    theirs = {n: torch.nn.Parameter(w.clone()) for n, w in start.items()}
    settings = Optimizer(lr=1e-2, betas=(0.9, 0.95), eps=1e-5, decay=0.1, grad_clip=1.0)
    reference = torch.optim.AdamW(theirs.values(), lr=1e-2, betas=(0.9, 0.95), eps=1e-5, weight_decay=0.1)
    state = fresh_adam(ours)
    for _ in range(5):
        gradient = {n: torch.randn_like(w) for n, w in start.items()}
        for name, parameter in theirs.items():
            parameter.grad = gradient[name].clone()
        length = torch.nn.utils.clip_grad_norm_(theirs.values(), 1.0)
        reference.step()
        assert adam_step(ours, gradient, state, settings) == pytest.approx(float(length))
    for name, parameter in theirs.items():
        torch.testing.assert_close(ours[name], parameter.detach(), rtol=1e-5, atol=1e-6)


def test_a_gradient_that_is_not_finite_changes_nothing() -> None:
    weights = {"a": torch.ones(2)}
    state = fresh_adam(weights)
    with pytest.raises(EngineError, match="not finite"):
        adam_step(weights, {"a": torch.tensor([1.0, float("nan")])}, state, Optimizer(lr=1))
    assert weights["a"].tolist() == [1, 1]
    assert state.step == 0


def test_draws_follow_the_distribution_and_report_its_logprobs() -> None:
    logits = torch.tensor([[0.0, 1.0, 2.0, -1.0]])
    count = 4000
    stream = uniforms(5)
    picks = [draw(logits, [0.5], [1.0], [next(stream)]) for _ in range(count)]
    wanted = torch.softmax(logits[0] / 0.5, dim=0)
    for token in range(4):
        share = sum(tokens[0] == token for tokens, _ in picks) / count
        assert share == pytest.approx(float(wanted[token]), abs=0.03)
    tokens, logprobs = picks[0]
    assert logprobs[0] == pytest.approx(float(wanted[tokens[0]].log()), abs=1e-6)


def test_greedy_and_nucleus_keep_to_what_they_may_take() -> None:
    logits = torch.tensor([[0.0, 3.0, 2.0, -9.0]] * 3)
    u = [0.999999, 0.0, 0.999999]
    tokens, logprobs = draw(logits, [0, 1, 1], [1, 0.5, 0.9], u)
    assert tokens == [1, 1, 2]
    assert logprobs[0] == pytest.approx(float(torch.log_softmax(logits[0], 0)[1]), abs=1e-6)


def test_random_numbers_are_those_of_the_other_engine() -> None:
    # Computed by the TypeScript engine's uniforms(7) and uniforms(2 ** 40 + 3).
    assert list(islice(uniforms(7), 2)) == pytest.approx([0.8936956545803696, 0.9803904530126601], abs=1e-12)
    assert list(islice(uniforms(2**40 + 3), 2)) == pytest.approx([0.8425081640016288, 0.32181367720477283], abs=1e-12)


def test_batches_hold_scored_tokens_in_order() -> None:
    batch = pad(
        [Sequence(tokens=[1, 5, 6], mask=[0, 1, 1]), Sequence(tokens=[1, 2, 3, 4, 7], mask=[0, 0, 0, 0, 1])],
        torch.device("cpu"),
    )
    assert batch.ids.tolist() == [[0, 0, 1, 5, 6], [1, 2, 3, 4, 7]]
    assert batch.positions.tolist() == [[0, 0, 0, 1, 2], [0, 1, 2, 3, 4]]
    assert batch.keep.tolist() == [2, 3]
    assert batch.rows.tolist() == [0, 0, 1]
    assert batch.kept.tolist() == [0, 1, 1]
    assert batch.targets.tolist() == [5, 6, 7]


def test_groups_keep_pairs_together_and_to_the_limit() -> None:
    lengths = [10, 3, 9, 4, 30]
    groups = group([[0, 1], [2, 3], [4]], lambda i: lengths[i], 20)
    assert sorted(map(tuple, groups)) == [(0, 1), (2, 3), (4,)]
    assert group([[i] for i in range(4)], lambda _: 5, 10) == [[0, 1], [2, 3]]
