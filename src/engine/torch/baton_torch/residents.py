"""Policies on the device: brought there when asked for, let go when long unused."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from .adam import Tensors
from .network import BASE, Network
from .owner import is_full
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

    def make_room(self, policy: str) -> int:
        """Lets go of half of the policies but this one, those that were used longest ago first, and from now on keeps
        no more than are left. Says how many went."""
        idle = [p for p in self._used if p != policy]
        going = idle[: (len(idle) + 1) // 2]
        for each in going:
            self.forget(each)
        if going:
            self._most = max(1, len(self._used))
            self._network.trim()
        return len(going)

    def _bring(self, wanted: set[str]) -> None:
        missing = sorted(wanted - self._used.keys())
        for policy in sorted(wanted & self._used.keys()):
            self._used[policy] = self._used.pop(policy)
        idle = [p for p in self._used if p not in wanted]
        # Before others come, so that those can have their room.
        for policy in idle[: max(0, len(self._used) + len(missing) - self._most)]:
            self.forget(policy)
        for policy in missing:
            weights = self._store.read(policy)
            while not self._holds(policy, weights):
                unused = next((p for p in self._used if p not in wanted), None)
                if unused is None:
                    raise torch.OutOfMemoryError(f"{policy} does not fit beside {len(self._used)} others")
                # So many fit, and no more: from now on the next one comes in the place of another.
                self._most = max(1, len(self._used))
                self.forget(unused)
            self._used[policy] = None

    def _holds(self, policy: str, weights: Tensors) -> bool:
        """False where the device has no room for it."""
        # Also asked for by passes without gradients, where new tensors could never be trained.
        with torch.inference_mode(False):
            try:
                self._network.hold(policy, weights)
            except Exception as error:
                if not is_full(error):
                    raise
                if torch.cuda.is_available():
                    torch.cuda.empty_cache()
                return False
        return True
