"""Adapters as a server of models knows them: by number and name, each given once and never again. A name that is loaded
a second time may be answered from what was loaded before, weights and cached prefixes alike."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count


@dataclass(eq=False)
class Adapter:
    policy: str
    digest: str
    """hash of its weights"""
    number: int
    users: int = 0
    """requests under way"""
    kept: bool = True
    """no longer where it was let go while in use"""
    loaded: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        return f"{self.policy}#{self.number}"


class Adapters:
    """At most `most`, those in use aside; the one that was unused for longest goes first."""

    def __init__(
        self, load: Callable[[Adapter], Awaitable[None]], unload: Callable[[Adapter], Awaitable[None]], most: int
    ) -> None:
        self._load = load
        self._unload = unload
        self._most = most
        self._numbers = count(1)
        self._held: dict[str, Adapter] = {}

    def names(self) -> list[str]:
        return [adapter.name for adapter in self._held.values()]

    @contextlib.asynccontextmanager
    async def use(self, policy: str, digest: str) -> AsyncIterator[Adapter]:
        """The adapter with exactly these weights, loaded, for as long as the block runs. Raises what loading raises."""
        adapter = self._held.pop(policy, None)
        if adapter is not None and adapter.digest != digest:
            # The version was deleted and made anew: other weights under the same name.
            await self._let_go(adapter)
            adapter = self._held.pop(policy, None)
        if adapter is None:
            adapter = Adapter(policy, digest, next(self._numbers))
            adapter.loaded = asyncio.ensure_future(self._load(adapter))
        self._held[policy] = adapter
        adapter.users += 1
        try:
            assert adapter.loaded is not None
            try:
                # Others may wait for the same one: a request that is cancelled does not cancel it.
                await asyncio.shield(adapter.loaded)
            except Exception:
                if self._held.get(policy) is adapter:
                    del self._held[policy]
                adapter.kept = True
                raise
            await self._make_room()
            yield adapter
        finally:
            adapter.users -= 1
            if not adapter.kept and adapter.users == 0:
                await asyncio.shield(asyncio.ensure_future(self._unload(adapter)))

    async def forget(self, policy: str) -> None:
        adapter = self._held.pop(policy, None)
        if adapter is not None:
            await self._let_go(adapter)

    async def _make_room(self) -> None:
        unused = [a for a in self._held.values() if a.users == 0]
        for adapter in unused[: max(0, len(self._held) - self._most)]:
            if self._held.pop(adapter.policy, None) is not None:
                await self._let_go(adapter)

    async def _let_go(self, adapter: Adapter) -> None:
        adapter.kept = False
        if adapter.users == 0:
            await self._unload(adapter)
