"""What a model keeps of the tokens that it read, row by row: keys and values of attention, padded on the left, and
the states of convolutions and linear attention, which have one size however much was read."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import torch
from torch import Tensor, nn
from transformers import DynamicCache

from .errors import EngineError

_ATTENTION = {"DynamicLayer", "DynamicSlidingWindowLayer", "DummyLayer"}
_STATES = {
    "LinearAttentionLayer",
    "LinearAttentionAndFullAttentionLayer",
    "LinearAttentionAndSlidingWindowAttentionLayer",
}


def cache_maker(model: nn.Module) -> Callable[[], DynamicCache]:
    """Makes empty caches for a model. Raises an EngineError where it keeps something else, which rows of several
    requests cannot share."""
    if "past_key_values" not in inspect.signature(type(model).forward).parameters:
        raise _refused(model, "has no cache of the usual form")
    config = model.config
    try:
        kinds = {type(layer).__name__ for layer in DynamicCache(config=config).layers}
    except KeyError as error:
        raise _refused(model, f"has layers of the kind {error}") from error
    other = kinds - _ATTENTION - _STATES
    if other:
        raise _refused(model, f"has layers that keep a {', '.join(sorted(other))}")
    return (lambda: _with_states(DynamicCache(config=config))) if kinds & _STATES else DynamicCache


def _with_states(cache: DynamicCache) -> DynamicCache:
    """Windows are the mask's affair, as they are where no layer has states: a layer that forgets by itself would count
    the padding of rows that join."""
    from transformers.cache_utils import DynamicLayer, LinearAttentionAndFullAttentionLayer

    for i, layer in enumerate(cache.layers):
        kind = type(layer).__name__
        if kind == "DynamicSlidingWindowLayer":
            cache.layers[i] = DynamicLayer()
        elif kind == "LinearAttentionAndSlidingWindowAttentionLayer":
            cache.layers[i] = LinearAttentionAndFullAttentionLayer(number_of_states=layer.number_of_states)
    return cache


def join(into: DynamicCache, more: DynamicCache, before: int, before_more: int) -> None:
    """Appends the rows of one cache to another, padded on the left. `before` and `before_more`: columns that each of
    them gets."""

    def grown(values: Tensor, columns: int) -> Tensor:
        return torch.nn.functional.pad(values, (0, 0, columns, 0))

    for layer, other in zip(into.layers, more.layers, strict=True):
        if getattr(layer, "keys", None) is not None:
            layer.keys = torch.cat([grown(layer.keys, before), grown(other.keys, before_more)])
            layer.values = torch.cat([grown(layer.values, before), grown(other.values, before_more)])
        for states, others in zip(_states(layer), _states(other), strict=True):
            for at, state in states.items():
                if state is not None:
                    states[at] = torch.cat([state, others[at]])


def keep(cache: DynamicCache, rows: Tensor, unused: int) -> None:
    """Only these rows, without their first `unused` columns."""
    for layer in cache.layers:
        if getattr(layer, "keys", None) is not None:
            layer.keys = layer.keys[rows][:, :, unused:]
            layer.values = layer.values[rows][:, :, unused:]
        for states in _states(layer):
            for at, state in states.items():
                if state is not None:
                    states[at] = state[rows]


def _states(layer: object) -> list[dict[int, Tensor]]:
    """By number, since a layer may have several; None where it has none."""
    return [getattr(layer, name, {}) for name in ("conv_states", "recurrent_states")]


def _refused(model: nn.Module, why: str) -> EngineError:
    return EngineError(
        "base.refused",
        400,
        f"{type(model).__name__} {why}, so that requests cannot be sampled together; choose a base whose layers are "
        "attention, linear attention or convolutions, as in Qwen3, Qwen3.5, LFM2 or Llama",
    )
