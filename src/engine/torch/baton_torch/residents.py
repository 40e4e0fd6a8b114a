"""Policies on the device: brought there when asked for, let go when long unused."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from .network import BASE, Network
from .store import Store, is_base


class Residents:
    def __init__(self, network: Network, store: Store, most: int) -> None:
        self._network = network
        self._store = store
        self._most = most
        self._used: dict[str, None] = {}

    def acting(self, policies: Iterable[str]) -> list[str]:
        """Names under which the network runs these policies; all of them are on the device then. v0 of every role
        acts as the base itself."""
        names = [BASE if p == "reference" or is_base(p) else p for p in policies]
        self._bring({n for n in names if n != BASE})
        return names

    def training(self, policy: str) -> str:
        """Name of a policy that gradients are wanted of: v0 too has weights of its own then."""
        self._bring({policy})
        return policy

    def forget(self, policy: str) -> None:
        if self._used.pop(policy, BASE) is None:
            self._network.drop(policy)

    def _bring(self, wanted: set[str]) -> None:
        missing = sorted(wanted - self._used.keys())
        for policy in sorted(wanted & self._used.keys()):
            self._used[policy] = self._used.pop(policy)
        idle = [p for p in self._used if p not in wanted]
        # Before others come, so that those can have their room.
        for policy in idle[: max(0, len(self._used) + len(missing) - self._most)]:
            self.forget(policy)
        for policy in missing:
            # Also asked for by passes without gradients, where new tensors could never be trained.
            with torch.inference_mode(False):
                self._network.hold(policy, self._store.read(policy))
            self._used[policy] = None
