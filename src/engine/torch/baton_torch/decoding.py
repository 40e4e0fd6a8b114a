"""Rows of tokens that grow together behind one cache. Rows are padded on the left, join at any step, and leave as
soon as they end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor
from transformers import DynamicCache

from .batches import pad_left
from .cache import join, keep
from .draw import draw, uniforms
from .network import Network


@dataclass(eq=False)
class Row:
    """A completion under way."""

    policy: str
    prompt: list[int]
    temperature: float
    top_p: float
    seed: int
    most: int
    """tokens it may have"""
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    finish: str | None = None
    _uniform: Iterator[float] | None = None

    def uniform(self) -> float:
        if self._uniform is None:
            self._uniform = uniforms(self.seed)
        return next(self._uniform)

    def restart(self) -> None:
        """From the beginning: the same seed gives the same tokens again."""
        self.tokens, self.logprobs, self.finish, self._uniform = [], [], None, None


class Decoding:
    """`acting` gives the names under which the network runs policies. All methods run in the owning thread."""

    def __init__(self, network: Network, acting: Callable[[list[str]], list[str]]) -> None:
        self._network = network
        self._acting = acting
        self.rows: list[Row] = []
        self._cache: DynamicCache | None = None
        self._mask = torch.zeros((0, 0), dtype=torch.long, device=network.device)

    @torch.inference_mode()
    def admit(self, rows: list[Row]) -> list[Row]:
        """Reads the prompts of new rows and draws their first tokens. Returns the rows that ended at once."""
        ids, mask, positions = pad_left([r.prompt for r in rows], self._network.device)
        cache = self._network.base.fresh_cache()
        logits = self._run(rows, ids, mask, positions, cache)
        _take(rows, logits, self._network.base.ends)
        if self._cache is None or not self.rows:
            self._cache, self._mask = cache, mask
        else:
            self._mask = _join(self._cache, self._mask, cache, mask)
        self.rows = [*self.rows, *rows]
        return self._leave()

    @torch.inference_mode()
    def step(self) -> list[Row]:
        """One more token for every row. Returns the rows that ended."""
        device = self._network.device
        ids = torch.tensor([[r.tokens[-1]] for r in self.rows], dtype=torch.long, device=device)
        self._mask = torch.cat([self._mask, self._mask.new_ones((len(self.rows), 1))], dim=1)
        positions = torch.tensor([[len(r.prompt) + len(r.tokens) - 1] for r in self.rows], device=device)
        assert self._cache is not None
        logits = self._run(self.rows, ids, self._mask, positions, self._cache)
        _take(self.rows, logits, self._network.base.ends)
        return self._leave()

    def clear(self) -> list[Row]:
        """Lets all rows and the cache go; gives the rows back."""
        rows, self.rows, self._cache = self.rows, [], None
        return rows

    def _run(self, rows: list[Row], ids: Tensor, mask: Tensor, positions: Tensor, cache: DynamicCache) -> Tensor:
        logits = self._network.run(
            self._acting([r.policy for r in rows]),
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            **self._network.last_only,
        )
        return logits[:, -1]

    def _leave(self) -> list[Row]:
        """Takes the rows that ended out. Returns them."""
        done = [r for r in self.rows if r.finish is not None]
        self.drop(done)
        return done

    @torch.inference_mode()
    def drop(self, rows: list[Row]) -> None:
        """Takes rows out, and columns that no other row uses any more. The tokens of those that stay do not change."""
        if not rows:
            return
        stay = [i for i, r in enumerate(self.rows) if r not in rows]
        self.rows = [self.rows[i] for i in stay]
        if not stay or self._cache is None:
            self._cache = None
            return
        index = torch.tensor(stay, device=self._mask.device)
        mask = self._mask[index]
        unused = int(mask.shape[1] - mask.sum(dim=1).max())
        keep(self._cache, index, unused)
        self._mask = mask[:, unused:]


def _take(rows: list[Row], logits: Tensor, ends: frozenset[int]) -> None:
    tokens, logprobs = draw(logits, [r.temperature for r in rows], [r.top_p for r in rows], [r.uniform() for r in rows])
    for row, token, logprob in zip(rows, tokens, logprobs, strict=True):
        row.tokens.append(token)
        row.logprobs.append(logprob)
        if token in ends:
            row.finish = "stop"
        elif len(row.tokens) >= row.most:
            row.finish = "length"


def _join(into: DynamicCache, mask: Tensor, more: DynamicCache, more_mask: Tensor) -> Tensor:
    """Appends the rows of one cache to another, padded on the left to the longer of both. Returns the mask."""
    longest = max(mask.shape[1], more_mask.shape[1])
    join(into, more, longest - mask.shape[1], longest - more_mask.shape[1])
    pads = [torch.nn.functional.pad(m, (longest - m.shape[1], 0)) for m in (mask, more_mask)]
    return torch.cat(pads)
