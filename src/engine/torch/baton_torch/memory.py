"""Running out of the device's memory is met by smaller batches and a note, not by a crash."""

from __future__ import annotations

import gc
from collections.abc import Callable

import torch

from .batches import group
from .errors import EngineError
from .owner import Owner, is_full
from .residents import Residents


class Room:
    """How many tokens go through the network at once. It only shrinks, by what ran out of memory."""

    def __init__(self, tokens: int) -> None:
        self.tokens = tokens
        self.notes: list[str] = []

    def shrink(self, used: int, what: str) -> None:
        self.tokens = max(1, min(self.tokens, used) // 2)
        self.notes.append(
            f"out of device memory in {what} at {used} tokens: going on with {self.tokens} tokens at once"
        )
        give_back()

    def make(self, residents: Residents, policy: str, what: str) -> bool:
        """Lets go of policies that this one's work does not need; False where there are none."""
        gone = residents.make_room(policy)
        if gone > 0:
            self.notes.append(f"out of device memory in {what}: {gone} other policies left the device")
        give_back()
        return gone > 0


def give_back() -> None:
    """Gives the device what nothing refers to any more."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


async def in_passes(
    owner: Owner,
    room: Room,
    residents: Residents,
    policy: str,
    units: list[list[int]],
    length: Callable[[int], int],
    run: Callable[[list[int]], None],
    what: str,
) -> None:
    """Runs all units of a policy's sequences in groups that fit, one job a group, so that other calls get in between.
    Policies that are not used give way first, then groups get smaller. `run` must leave nothing behind when it raises.
    Raises `memory.exhausted` where one unit alone does not fit."""
    waiting = group(units, length, room.tokens)
    unit_of = {i: unit for unit in units for i in unit}
    while waiting:
        current = waiting.pop(0)

        def job(members: list[int] = current) -> bool:
            while True:
                try:
                    run(members)
                    return True
                except Exception as error:
                    if not is_full(error):
                        raise
                # Not where the error is at hand: it holds what the pass had on the device.
                if not room.make(residents, policy, what):
                    return False

        if await owner.run(job):
            continue
        own = list({tuple(unit_of[i]): None for i in current})
        used = len(current) * max(length(i) for i in current)
        if len(own) == 1:
            raise EngineError(
                "memory.exhausted",
                503,
                f"{what}: one sequence of {used} tokens does not fit into the device's memory; shorten the "
                "context, free memory on the device, or choose a smaller model",
            )
        room.shrink(used, what)
        waiting = group([list(u) for u in own], length, room.tokens) + waiting
