"""The parts of an engine over a state folder and a base model, and what its routes do."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from .base import Place, load_base
from .chat import Chat, open_chat
from .decoding import Row
from .device import Device, choose_device, prepare_torch, see_freest_gpu
from .errors import EngineError, invalid
from .full import FullNetwork
from .memory import Room
from .network import Network
from .owner import Owner
from .protocol import (
    ChatRequest,
    Checkpoint,
    CheckpointsRequest,
    DeleteCheckpoint,
    LoadCheckpoint,
    LogprobsRequest,
    SaveCheckpoint,
    Sequence,
    UpdateReply,
    UpdateRequest,
)
from .residents import Residents
from .sampler import Sampler
from .sampling import Sampling, choose_sampling, has_vllm, reply_limit
from .score import Scorer
from .settings import Settings
from .store import Store
from .update import Updates

Json = dict[str, object]


@dataclass
class Parts:
    """What is made in the owning thread."""

    device: Device
    network: Network
    store: Store
    chat: Chat
    place: Place


def _load(settings: Settings) -> Parts:
    prepare_torch(settings)
    device = choose_device(settings)
    place = Place.of(settings.base)
    base = load_base(place, device.dtype, device.device)
    if settings.context is not None:
        base.context = min(base.context, settings.context)
    network: Network
    if settings.method == "full":
        network = FullNetwork(base, device.device)
    else:
        # peft takes seconds to import; weights of one's own do without it.
        from .lora import LoraNetwork, LoraShape

        own = settings.lora
        shape = LoraShape(own.rank, own.alpha, own.targets, own.seed)
        network = LoraNetwork(base, device.device, shape, place.source)
    if device.name == "cuda":
        network.checkpoint_gradients()
    return Parts(device, network, Store(Path(settings.dir), network), open_chat(place), place)


class Engine:
    def __init__(self, settings: Settings, owner: Owner, parts: Parts) -> None:
        self._settings = settings
        self._device = parts.device
        self._network = parts.network
        self._store = parts.store
        self._chat = parts.chat
        residents = Residents(parts.network, parts.store, parts.device.resident)
        self._residents = residents
        self._owner = owner
        self._room = Room(parts.device.pass_tokens)
        self._scorer = Scorer(owner, parts.network, residents, self._room)
        self._updates = Updates(owner, parts.network, parts.store, residents, self._room)
        self._sampler: Sampling = Sampler(owner, parts.network, residents, parts.device.rows, settings.deterministic)
        self._sampling_why = "asked for"
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """what to say where the device, or a part of the engine, failed for good: it cannot go on then"""
        owner.lost = self._lose

    @staticmethod
    async def open(settings: Settings) -> Engine:
        """Loads the base. Raises OSError, ValueError, RuntimeError or EngineError with what is wrong."""
        owner = Owner()
        see_freest_gpu(settings)
        # Before the base is loaded, which can take minutes: what was asked for and cannot be had.
        guess = "cpu" if settings.backend == "cpu" or not torch.cuda.is_available() else "cuda"
        chosen, why = choose_sampling(settings, guess, settings.base.endswith(".gguf"), has_vllm())
        parts = await owner.run(lambda: _load(settings))
        engine = Engine(settings, owner, parts)
        engine._sampling_why = why
        if chosen == "vllm":
            engine._open_vllm(parts)
        return engine

    def _lose(self, why: str) -> None:
        if not self.lost.done():
            self.lost.set_result(why)

    def _open_vllm(self, parts: Parts) -> None:
        """Lets vLLM sample. Where it was not asked for by name and cannot start, the own batcher goes on."""
        from .vllm_sampler import VllmSampler
        from .vllm_start import VllmShape

        device, base = parts.device, parts.network.base
        shape = VllmShape(
            source=parts.place.source,
            dtype=device.numbers,
            rows=device.rows,
            rank=self._settings.lora.rank,
            adapters=device.resident,
            share=self._settings.vllm_memory,
            eager=device.name == "cpu",
        )

        try:
            found = VllmSampler.open(shape, parts.store, base.ends, self._lose)
        except EngineError as error:
            if self._settings.sampler == "vllm":
                raise
            self._sampling_why = error.message
            return
        self._sampler = found
        self._sampling_why += f", vLLM {found.version}"
        if found.longest is not None and found.longest < base.context:
            self._sampling_why += (
                f"; its memory holds {found.longest} tokens of prompt and reply, the model's context {base.context}"
            )

    def close(self) -> None:
        self._sampler.stop()

    def health(self) -> Json:
        network = self._network
        return {
            "status": "ok",
            "engine": "torch",
            "backend": self._device.name,
            "reasons": [
                *self._device.reasons,
                f"weights: {network.method}" + (" (one base, an adapter a policy)" if network.mixes else ""),
                f"sampler: {self._sampler.name} ({self._sampling_why})",
                *self._room.notes,
                *self._sampler.notes,
            ],
            "sampler": self._sampler.name,
            "numbers": self._device.numbers,
            "deterministic": self._settings.deterministic,
            "base_hash": network.base_hash,
            "pid": os.getpid(),
        }

    def models(self) -> Json:
        store = self._store
        names = [("base@v0", self._network.base_hash), *((p, store.hash(p)) for p in store.names())]
        data = [
            {"id": name, "object": "model", "created": 0, "owned_by": "baton", "hash": value} for name, value in names
        ]
        return {"object": "list", "data": data}

    async def chat(self, r: ChatRequest) -> Json:
        digest = self._store.hash(r.model)
        prompt = self._chat.prompt(r.messages)
        asked = r.max_tokens or r.max_completion_tokens
        most = reply_limit(len(prompt), asked, self._network.base.context, self._sampler.longest)
        row = Row(r.model, prompt, r.temperature, r.top_p, r.seed, most)
        done = await self._sampler.sample(row, digest, r.baton.batch)
        text = self._chat.text(done.tokens)
        choice: Json = {
            "index": 0,
            "message": {"role": "assistant", "content": text},
            "finish_reason": done.finish,
            "logprobs": {"content": self._content(done)} if r.logprobs else None,
        }
        reply: Json = {
            "id": f"chatcmpl-{uuid.uuid4()}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": r.model,
            "system_fingerprint": digest,
            "choices": [choice],
            "usage": {
                "prompt_tokens": len(prompt),
                "completion_tokens": len(done.tokens),
                "total_tokens": len(prompt) + len(done.tokens),
            },
        }
        if r.return_token_ids:
            reply["prompt_token_ids"] = prompt
            choice["token_ids"] = done.tokens
        return reply

    def _content(self, row: Row) -> list[Json]:
        out: list[Json] = []
        for token, logprob in zip(row.tokens, row.logprobs, strict=True):
            text = self._chat.text([token])
            out.append({"token": text, "logprob": logprob, "bytes": list(text.encode()), "top_logprobs": []})
        return out

    async def logprobs(self, r: LogprobsRequest) -> Json:
        digest = self._network.base_hash if r.model == "reference" else self._store.hash(r.model)
        self._check(r.sequences)
        found = await self._scorer.score(r.model, r.sequences, r.temperature)
        return {"model": r.model, "hash": digest, "logprobs": found}

    async def update(self, r: UpdateRequest) -> UpdateReply:
        self._check(r.sequences)
        return await self._updates.update(r)

    async def checkpoints(self, r: CheckpointsRequest) -> list[Checkpoint]:
        store = self._store
        if isinstance(r, SaveCheckpoint):
            return [store.save_checkpoint(r.name, r.policies)]
        if isinstance(r, LoadCheckpoint):
            return [store.load_checkpoint(r.name)]
        if isinstance(r, DeleteCheckpoint):
            if r.name is not None:
                store.delete_checkpoint(r.name)
            for policy in r.policies or []:
                store.delete_policy(policy)
                await self._sampler.forget(policy)
                await self._owner.run(partial(self._residents.forget, policy))
        return store.checkpoints()

    def _check(self, sequences: list[Sequence]) -> None:
        """Refuses token ids and lengths that the network cannot take."""
        base = self._network.base
        for i, s in enumerate(sequences):
            if len(s.tokens) > base.context:
                raise EngineError(
                    "context.too_long",
                    400,
                    f"sequence {i} has {len(s.tokens)} tokens, the context has {base.context}",
                )
            wrong = next((t for t in s.tokens if t >= base.vocab), None)
            if wrong is not None:
                raise invalid(f"sequence {i} holds token id {wrong}, the vocabulary has {base.vocab} tokens")
