"""Sampling by the real vLLM (its build for CPUs) over SmolLM2, in float32: `npm run test:box`. One engine for all
tests of this file, since it takes long to start; the last one ends it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from conftest import settings

from baton_torch.engine import Engine
from baton_torch.errors import EngineError
from baton_torch.protocol import ChatRequest, LogprobsRequest, Message, Sequence, UpdateReply, UpdateRequest
from baton_torch.sampling import has_vllm
from baton_torch.server import make_app
from baton_torch.vllm_sampler import VllmSampler

MODEL = os.environ.get("BATON_SMOLLM2")
if MODEL is None or not has_vllm():
    pytest.skip("vLLM or BATON_SMOLLM2 is not here: npm run test:box", allow_module_level=True)

ROLES = ["solver", "checker", "writer"]
CLOSE = 1e-3
"""nats between vLLM's log-probabilities and the trainer's, at most, in float32. Sums in another order differ in the
last of 24 bits of a logit of about 20, 2e-6 each; over 30 layers some 1e-5 was measured. An update of these tests moves
log-probabilities by over a hundred times this."""


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture(scope="module")
def engine(loop: asyncio.AbstractEventLoop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    base = stretched(tmp_path_factory.mktemp("base"))
    own = {"base": str(base), "deterministic": False, "sampler": "vllm", "resident": 4, "rows": 16}
    engine = loop.run_until_complete(Engine.open(settings(tmp_path_factory.mktemp("vllm"), **own)))
    yield engine
    engine.close()


def stretched(folder: Path) -> Path:
    """The model with a context that is longer than what vLLM's cache of 1 GiB holds, some 23 thousand tokens."""
    assert MODEL is not None
    for file in Path(MODEL).resolve().iterdir():
        (folder / file.name).symlink_to(file)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").unlink()
    (folder / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 65_536}))
    return folder


def ask(model: str, seed: int, **more: object) -> ChatRequest:
    values: dict[str, object] = {
        "model": model,
        "messages": [Message(role="user", content=f"What is {seed} + {seed + 1}?")],
        "seed": seed,
        "max_tokens": 16,
        "logprobs": True,
        "return_token_ids": True,
    }
    return ChatRequest.model_validate(values | more)


def order(engine: Engine, role: str, number: int, parent: str, lr: float = 3e-3) -> UpdateRequest:
    tokens = [1, 40 + number, 41, 42, 3, *(500 + 7 * ROLES.index(role) + i for i in range(6)), 2]
    return UpdateRequest.model_validate(
        {
            "id": f"{role}-{number}",
            "role": role,
            "version": f"v{number - 1}",
            "next_version": f"v{number}",
            "parent_hash": parent,
            "loss": {"name": "sft"},
            "sequences": [{"tokens": tokens, "mask": [0] * 5 + [1] * 7}],
            "denominator": 7,
            "optimizer": {"lr": lr},
        }
    )


def sampled(reply: dict[str, object]) -> tuple[list[int], list[int], list[float]]:
    """Ids of prompt and reply, and the reply's log-probabilities."""
    choice = reply["choices"][0]  # type: ignore[index]
    return reply["prompt_token_ids"], choice["token_ids"], [t["logprob"] for t in choice["logprobs"]["content"]]


async def gap(engine: Engine, model: str, reply: dict[str, object], temperature: float = 1.0) -> float:
    """Furthest that a reply's log-probabilities are from the trainer's under `model`."""
    prompt, ids, found = sampled(reply)
    own = Sequence(tokens=prompt + ids, mask=[0] * len(prompt) + [1] * len(ids))
    call = LogprobsRequest(model=model, sequences=[own], temperature=temperature)
    trained = (await engine.logprobs(call))["logprobs"][0]  # type: ignore[index]
    return max(abs(a - b) for a, b in zip(found, trained, strict=True))


def held(engine: Engine) -> VllmSampler:
    sampler = engine._sampler
    assert isinstance(sampler, VllmSampler)
    return sampler


def test_three_roles_sample_at_two_versions_while_updates_run(engine: Engine, loop: asyncio.AbstractEventLoop) -> None:
    async def job() -> None:
        base = engine.health()["base_hash"]
        made = {role: (await engine.update(order(engine, role, 1, str(base)))).hash for role in ROLES}

        async def train() -> list[UpdateReply]:
            return [await engine.update(order(engine, role, 2, made[role])) for role in ROLES]

        async def talk(version: str, temperature: float) -> list[tuple[str, dict[str, object]]]:
            names = [f"{role}@{version}" for role in ROLES]
            return [(n, await engine.chat(ask(n, i, temperature=temperature))) for i, n in enumerate(names)]

        first, base_said, trained = await asyncio.gather(talk("v1", 0.7), talk("v0", 1.0), train())
        second = await talk("v2", 0.7)
        assert [reply.applied for reply in trained] == [True] * 3
        gaps = [await gap(engine, name, reply, 0.7) for name, reply in [*first, *second]]
        gaps += [await gap(engine, name, reply) for name, reply in base_said]
        print(f"vLLM and the trainer differ by at most {max(gaps):.1e} nats")
        assert max(gaps) < CLOSE
        # A stale adapter, and one that was never delivered, are far away.
        for (name, reply), role in zip(second, ROLES, strict=True):
            assert name == f"{role}@v2"
            assert await gap(engine, f"{role}@v1", reply, 0.7) > 100 * CLOSE
            assert await gap(engine, f"{role}@v0", reply, 0.7) > 100 * CLOSE

    loop.run_until_complete(job())


def test_health_says_what_samples(engine: Engine) -> None:
    found = engine.health()
    assert found["sampler"] == "vllm"
    assert found["numbers"] == "float32"
    assert any(str(why).startswith("sampler: vllm (asked for, vLLM 0.") for why in found["reasons"])  # type: ignore[attr-defined]


def test_a_context_that_does_not_fit_into_its_memory_is_cut_and_said(
    engine: Engine, loop: asyncio.AbstractEventLoop
) -> None:
    longest = held(engine).longest
    assert longest is not None
    assert 8192 < longest < 65_536
    said = f"its memory holds {longest} tokens of prompt and reply, the model's context 65536"
    assert said in str(engine.health()["reasons"])
    with pytest.raises(EngineError, match=f"holds {longest} of the model's context of 65536"):
        loop.run_until_complete(engine.chat(ask("solver@v0", 1, max_tokens=longest)))


def test_replies_end_as_those_of_the_own_batcher(engine: Engine, loop: asyncio.AbstractEventLoop) -> None:
    async def job() -> None:
        replies = await asyncio.gather(*(engine.chat(ask("solver@v0", seed, max_tokens=48)) for seed in range(6)))
        best = await engine.chat(ask("solver@v0", 1, temperature=0, max_tokens=4))
        again = await engine.chat(
            ask("solver@v0", 2, temperature=0, max_tokens=4, messages=list(ask("x@v0", 1).messages))
        )
        assert sampled(best) == sampled(again)
        assert await gap(engine, "solver@v0", best) < CLOSE
        ends = {2}
        for reply in replies:
            _, ids, found = sampled(reply)
            choice = reply["choices"][0]  # type: ignore[index]
            assert len(ids) == len(found)
            assert choice["finish_reason"] == ("stop" if ids[-1] in ends else "length")
            assert not ends & set(ids[:-1])
            assert choice["finish_reason"] == "stop" or len(ids) == 48
        assert len({tuple(sampled(reply)[1]) for reply in replies}) > 1

    loop.run_until_complete(job())


def test_adapters_are_let_go_and_never_come_back_under_their_number(
    engine: Engine, loop: asyncio.AbstractEventLoop
) -> None:
    async def job() -> None:
        sampler = held(engine)
        seen: set[str] = set()
        for name in [f"{role}@{v}" for v in ("v1", "v2") for role in ROLES] + ["solver@v1"]:
            await engine.chat(ask(name, 1, max_tokens=1))
            seen |= set(sampler.adapters.names())
            numbers = {int(n.partition("#")[2]) for n in sampler.adapters.names()}
            assert set(await sampler._llm.list_loras()) == numbers  # type: ignore[attr-defined]
            assert len(numbers) <= 4
        assert len({n for n in seen if n.startswith("solver@v1#")}) == 2
        assert len({n.partition("#")[2] for n in seen}) == len(seen)

    loop.run_until_complete(job())


def test_a_version_made_anew_under_its_name_is_served_anew(engine: Engine, loop: asyncio.AbstractEventLoop) -> None:
    async def job() -> None:
        from baton_torch.protocol import DeleteCheckpoint

        await engine.chat(ask("checker@v2", 1, max_tokens=1))
        await engine.checkpoints(DeleteCheckpoint(action="delete", policies=["checker@v2"]))
        parent = engine._store.hash("checker@v1")
        again = order(engine, "checker", 2, parent, lr=1e-2).model_copy(update={"id": "checker-anew"})
        await engine.update(again)
        reply = await engine.chat(ask("checker@v2", 1))
        assert await gap(engine, "checker@v2", reply) < CLOSE

    loop.run_until_complete(job())


def test_a_damaged_adapter_is_not_served(engine: Engine, loop: asyncio.AbstractEventLoop) -> None:
    async def job() -> None:
        await engine.update(order(engine, "writer", 3, engine._store.hash("writer@v2")))
        folder = engine._store.folder("writer@v3")
        (folder / "adapter_model.safetensors").write_bytes(
            (engine._store.folder("writer@v2") / "adapter_model.safetensors").read_bytes()
        )
        with pytest.raises(EngineError, match="does not have the hash that it was saved with") as caught:
            await engine.chat(ask("writer@v3", 1))
        assert caught.value.code == "checkpoint.damaged"

    loop.run_until_complete(job())


def test_a_client_that_leaves_frees_its_place(engine: Engine, loop: asyncio.AbstractEventLoop) -> None:
    async def job() -> None:
        config = uvicorn.Config(make_app(engine, "a token of these tests"), port=0, log_level="error")
        server = uvicorn.Server(config)
        serving = asyncio.ensure_future(server.serve())
        while not server.started:
            await asyncio.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        llm = held(engine)._llm
        body = ask("solver@v2", 1, max_tokens=400, temperature=2.0).model_dump(exclude_none=True)
        async with httpx.AsyncClient(headers={"authorization": "Bearer a token of these tests"}, timeout=120) as client:
            call = asyncio.ensure_future(client.post(f"http://127.0.0.1:{port}/v1/chat/completions", json=body))
            while llm.get_num_unfinished_requests() == 0:  # type: ignore[attr-defined]
                assert not call.done(), call.result().text
                await asyncio.sleep(0.02)
            call.cancel()
            while llm.get_num_unfinished_requests() > 0:  # type: ignore[attr-defined]
                await asyncio.sleep(0.02)
        assert [a.users for a in held(engine).adapters._held.values()] == [0] * len(held(engine).adapters._held)
        server.should_exit = True
        await serving

    loop.run_until_complete(asyncio.wait_for(job(), 100))


def test_an_end_of_vllm_is_said_and_ends_the_engine(engine: Engine, loop: asyncio.AbstractEventLoop) -> None:
    """The last test: nothing samples after it."""

    async def job() -> None:
        call = asyncio.ensure_future(engine.chat(ask("solver@v2", 1, max_tokens=400, temperature=2.0)))
        while held(engine)._llm.get_num_unfinished_requests() == 0:  # type: ignore[attr-defined]
            await asyncio.sleep(0.02)
        [core] = [p for p in children(os.getpid()) if "EngineCore" in Path(f"/proc/{p}/cmdline").read_text()]
        os.kill(core, signal.SIGKILL)
        with pytest.raises(EngineError, match=r"vLLM has ended by itself; why is in engine\.log") as caught:
            await call
        assert caught.value.code == "sampler.lost"
        assert "--sampler own" in await engine.lost
        with pytest.raises(EngineError, match="vLLM has ended"):
            await engine.chat(ask("solver@v2", 1))

    loop.run_until_complete(asyncio.wait_for(job(), 100))


def children(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
