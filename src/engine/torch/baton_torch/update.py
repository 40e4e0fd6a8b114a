"""One optimiser step of one role, in one or several micro-batches."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import accumulate

import torch
from torch import Tensor

from .adam import AdamState, Tensors, adam_step, fresh_adam
from .batches import pad
from .errors import EngineError, invalid
from .losses import LossInput, loss_of, missing_inputs
from .memory import Room, in_passes
from .network import Network
from .owner import Owner, is_full
from .protocol import Dpo, UpdateReply, UpdateRequest
from .residents import Residents
from .store import Store


@dataclass
class Sums:
    """Sums over sequences: they add up, whatever they were grouped into."""

    gradient: Tensors = field(default_factory=dict)
    loss: float = 0.0
    divergence: float = 0.0
    clipped: int = 0
    tokens: int = 0

    def add(self, other: Sums) -> None:
        for name, gradient in other.gradient.items():
            known = self.gradient.get(name)
            if known is None:
                self.gradient[name] = gradient
            else:
                known.add_(gradient)
        self.loss += other.loss
        self.divergence += other.divergence
        self.clipped += other.clipped
        self.tokens += other.tokens


@dataclass
class Pending:
    """Micro-batches of a step so far, and the sums of those that were answered. They live in memory: after a crash
    the step starts over."""

    id: str
    sums: Sums = field(default_factory=Sums)
    replies: list[UpdateReply] = field(default_factory=list)


class Updates:
    def __init__(self, owner: Owner, network: Network, store: Store, residents: Residents, room: Room) -> None:
        self._owner = owner
        self._network = network
        self._store = store
        self._residents = residents
        self._room = room
        self._pending: dict[str, Pending] = {}
        self._turn = asyncio.Lock()

    async def update(self, r: UpdateRequest) -> UpdateReply:
        """Updates run one after the other, whoever asks."""
        async with self._turn:
            return await self._apply(r)

    async def _apply(self, r: UpdateRequest) -> UpdateReply:
        """A micro-batch that fails, at whatever point, leaves the step as it was: the same micro-batch can be sent
        again, or the whole step, and counts once."""
        policy, following = f"{r.role}@{r.version}", f"{r.role}@{r.next_version}"
        if r.next_version == "v0":
            raise EngineError("version.exists", 409, "v0 is the base and never changes")
        if self._store.has(following):
            made = self._store.made(following)
            if made.reply.id == r.id:
                return made.reply
            raise EngineError("version.exists", 409, f"{following} exists already, made by update {made.reply.id}")
        parent_hash = self._store.hash(policy)
        if parent_hash != r.parent_hash:
            raise EngineError(
                "update.parent_mismatch",
                409,
                f"{policy} has hash {parent_hash}, the update was computed for {r.parent_hash}: nothing was applied",
            )
        pending = self._open(r)
        index = r.micro_batch.index
        if index < len(pending.replies):
            return pending.replies[index]
        if index != len(pending.replies):
            raise EngineError(
                "update.out_of_order",
                409,
                f"micro-batch {len(pending.replies)} of update {r.id} is next, got {index}; after a restart "
                "begin again with 0",
            )
        told = len(self._room.notes)
        sums = await self._gradient(r, policy)
        # What is pending goes onto the new part, which is kept only once it has been answered.
        sums.add(pending.sums)
        tokens = max(1, sums.tokens)
        reply = UpdateReply(
            id=r.id,
            applied=False,
            policy=policy,
            hash=parent_hash,
            loss=sums.loss,
            approximate_kl=sums.divergence / tokens,
            clip_fraction=sums.clipped / tokens,
            gradient_norm=0,
            tokens=sums.tokens,
            notes=self._room.notes[told:],
        )
        if not r.micro_batch.last:
            pending.sums = sums
            pending.replies.append(reply)
            return reply
        applied = await self._owner.run(lambda: self._step(r, policy, following, sums, reply))
        del self._pending[r.role]
        return applied

    def _open(self, r: UpdateRequest) -> Pending:
        found = self._pending.get(r.role)
        if found is None or found.id != r.id:
            found = Pending(r.id)
            self._pending[r.role] = found
        return found

    def _step(self, r: UpdateRequest, policy: str, following: str, sums: Sums, reply: UpdateReply) -> UpdateReply:
        told = len(self._room.notes)
        host, state, length = self._stepped(r, policy, sums)
        applied = reply.model_copy(
            update={
                "applied": True,
                "policy": following,
                "hash": self._network.hash(host),
                "gradient_norm": length,
                "notes": [*reply.notes, *self._room.notes[told:]],
            }
        )
        self._store.write(following, host, state, policy, applied)
        return applied

    def _stepped(self, r: UpdateRequest, policy: str, sums: Sums) -> tuple[Tensors, AdamState, float]:
        """Weights and optimiser after the step, and the gradient's norm. Each try starts from what is on disk, so
        that a device that is full half-way through leaves nothing half applied; in the end the host does it."""
        what = "the optimiser's step"
        while True:
            try:
                return self._on(self._network.device, r, policy, sums)
            except Exception as error:
                if not is_full(error):
                    raise
            if not self._room.make(self._residents, policy, what):
                break
        self._room.notes.append(f"out of device memory in {what}: it was made on the host, which is slower")
        return self._on(torch.device("cpu"), r, policy, sums)

    def _on(self, device: torch.device, r: UpdateRequest, policy: str, sums: Sums) -> tuple[Tensors, AdamState, float]:
        weights = {n: w.to(device) for n, w in self._store.read(policy).items()}
        saved = self._store.read_adam(policy)
        state = fresh_adam(weights) if saved is None else _to(saved, device)
        gradient = {
            n: sums.gradient[n].to(device) if n in sums.gradient else torch.zeros_like(w) for n, w in weights.items()
        }
        length = adam_step(weights, gradient, state, r.optimizer)
        return {n: w.cpu() for n, w in weights.items()}, state, length

    async def _gradient(self, r: UpdateRequest, policy: str) -> Sums:
        starts = [0, *accumulate(s.scored for s in r.sequences)]
        lacking = missing_inputs(r.loss, r.kl, _inputs(r, list(range(len(r.sequences))), starts, None))
        if lacking:
            raise invalid(f"the {r.loss.name} loss lacks {', '.join(lacking)}")
        sums = Sums()

        def run(members: list[int]) -> None:
            sums.add(self._pass(r, policy, members, starts))

        length = [len(s.tokens) for s in r.sequences]
        await in_passes(
            self._owner, self._room, self._residents, policy, _units(r), length.__getitem__, run, "training"
        )
        return sums

    def _pass(self, r: UpdateRequest, policy: str, members: list[int], starts: list[int]) -> Sums:
        own = [r.sequences[i] for i in members]
        tokens = sum(s.scored for s in own)
        if tokens == 0:
            return Sums()
        device = self._network.device
        with self._network.training(self._residents.training(policy)) as parameters:
            logprobs = self._network.logprobs(policy, pad(own, device), r.temperature)
            out = loss_of(r.loss, r.kl, _inputs(r, members, starts, device), logprobs)
            out.loss.backward()  # type: ignore[no-untyped-call]
            gradient = {n: p.grad.detach().float().clone() for n, p in parameters.items() if p.grad is not None}
        return Sums(gradient, float(out.loss.detach()), out.divergence, out.clipped, tokens)


def _to(state: AdamState, device: torch.device) -> AdamState:
    return AdamState(
        state.step,
        {n: t.to(device) for n, t in state.mean.items()},
        {n: t.to(device) for n, t in state.square.items()},
    )


def _inputs(r: UpdateRequest, members: list[int], starts: list[int], device: torch.device | None) -> LossInput:
    """What the loss needs of some sequences of a request, in the order given. Where `device` is None the vectors
    are the request's own, whole, so that their lengths can be checked."""

    def cut(values: list[float] | None) -> Tensor | None:
        if values is None:
            return None
        picked = values if device is None else [v for s in members for v in values[starts[s] : starts[s + 1]]]
        return torch.tensor(picked, dtype=torch.float64, device=device)

    pairs = None if r.pairs is None else [(p.id, p.chosen) for p in r.pairs]
    if pairs is not None and device is not None:
        pairs = [pairs[s] for s in members]
    return LossInput(
        offsets=[0, *accumulate(starts[s + 1] - starts[s] for s in members)],
        denominator=r.denominator,
        advantages=cut(r.advantages),
        old=cut(r.old_logprobs),
        behaviour=cut(r.behaviour_logprobs),
        reference=cut(r.reference_logprobs),
        pairs=pairs,
    )


def _units(r: UpdateRequest) -> list[list[int]]:
    """Sequences that must go through the network together: both of a pair."""
    if not isinstance(r.loss, Dpo) or r.pairs is None:
        return [[i] for i in range(len(r.sequences))]
    units: dict[str, list[int]] = {}
    for i, pair in enumerate(r.pairs):
        units.setdefault(pair.id, []).append(i)
    return list(units.values())
