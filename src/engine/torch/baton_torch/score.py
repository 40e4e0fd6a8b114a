"""Log-probabilities of given tokens under a policy."""

from __future__ import annotations

import torch

from .batches import pad
from .memory import Room, in_passes
from .network import Network
from .owner import Owner
from .protocol import Sequence
from .residents import Residents


class Scorer:
    def __init__(self, owner: Owner, network: Network, residents: Residents, room: Room) -> None:
        self._owner = owner
        self._network = network
        self._residents = residents
        self._room = room

    async def score(self, policy: str, sequences: list[Sequence], temperature: float) -> list[list[float]]:
        """One list a sequence with the log-probability of each scored token, of logits / temperature."""
        out: list[list[float]] = [[] for _ in sequences]

        def run(members: list[int]) -> None:
            own = [sequences[i] for i in members]
            name = self._residents.acting([policy])[0]
            with torch.inference_mode():
                found = self._network.logprobs(name, pad(own, self._network.device), temperature).tolist()
            for i, s in zip(members, own, strict=True):
                out[i], found = found[: s.scored], found[s.scored :]

        units = [[i] for i, s in enumerate(sequences) if s.scored > 0]
        await in_passes(
            self._owner, self._room, self._residents, policy, units, lambda i: len(sequences[i].tokens), run, "scoring"
        )
        return out
