"""What calls do to one another, and what a stop or a full device leaves behind."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from conftest import SEQUENCES, TOKENS, ask, open_engine, order, run

from baton_torch import update
from baton_torch.adam import AdamState, Tensors
from baton_torch.decoding import Row
from baton_torch.engine import Engine
from baton_torch.errors import EngineError
from baton_torch.lora import LoraNetwork
from baton_torch.network import Network
from baton_torch.protocol import BatchMark, LogprobsRequest, Optimizer, UpdateReply, UpdateRequest
from baton_torch.store import Store

ROLES = ["data_engineer", "modeler", "analyst"]


def logprobs(reply: dict[str, object]) -> list[float]:
    choice = reply["choices"][0]  # type: ignore[index]
    return [token["logprob"] for token in choice["logprobs"]["content"]]


async def three_trained_roles(engine: Engine) -> dict[str, str]:
    """Each role learns a part of the sequences of its own, so that no two adapters are alike."""
    hashes = {}
    for i, role in enumerate(ROLES):
        own = [SEQUENCES[i].model_dump(), SEQUENCES[3].model_dump()]
        hashes[role] = (await engine.update(order(engine, role, sequences=own))).hash
    return hashes


@pytest.mark.parametrize("settings", [{"deterministic": True}, {"deterministic": False}, {"resident": 1}], ids=str)
def test_three_roles_sample_while_reference_and_updates_run(folder: Path, settings: dict[str, object]) -> None:
    async def job() -> None:
        engine = await open_engine(folder, **settings)
        hashes = await three_trained_roles(engine)
        asked = [ask(f"{role}@v1", seed) for role in ROLES for seed in range(4)]

        async def train() -> list[UpdateReply]:
            out = []
            for i, role in enumerate(ROLES):
                for step in range(3):
                    more = {
                        "id": f"{role}-x{step}",
                        "version": "v1",
                        "next_version": f"x{step}",
                        "parent_hash": hashes[role],
                        "optimizer": {"lr": 0.01 * (i + 1) + 0.001 * step},
                    }
                    out.append(await engine.update(order(engine, role, **more)))
            return out

        async def reference() -> list[object]:
            call = LogprobsRequest(model="reference", sequences=SEQUENCES)
            return [(await engine.logprobs(call))["logprobs"] for _ in range(12)]

        chats, trained, references = await asyncio.gather(
            asyncio.gather(*[engine.chat(r) for r in asked]), train(), reference()
        )
        assert len({reply.hash for reply in trained}) == 9
        quiet = [await engine.chat(r) for r in asked]
        for busy, alone in zip(chats, quiet, strict=True):
            assert busy["prompt_token_ids"] == alone["prompt_token_ids"]
            assert logprobs(busy) == pytest.approx(logprobs(alone), abs=1e-4)
            assert busy["system_fingerprint"] == alone["system_fingerprint"]
        still = (await engine.logprobs(LogprobsRequest(model="reference", sequences=SEQUENCES)))["logprobs"]
        assert all(found == still for found in references)
        said = {tuple(logprobs(reply)) for reply in quiet}
        assert len(said) == len(asked)

    run(job())


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_policy_says_the_same_where_others_were_held_before(folder: Path, method: str) -> None:
    async def job() -> None:
        cramped = await open_engine(folder, method=method, resident=1)
        await three_trained_roles(cramped)
        roomy = await open_engine(folder, method=method)
        calls = [LogprobsRequest(model=f"{role}@v1", sequences=SEQUENCES) for role in [*ROLES, *ROLES[::-1]]]
        wanted = [(await roomy.logprobs(call))["logprobs"] for call in calls]
        assert [(await cramped.logprobs(call))["logprobs"] for call in calls] == wanted
        assert wanted[0] != wanted[1] != wanted[2] != wanted[0]

    run(job())


@pytest.mark.parametrize("method", ["lora", "full"])
def test_going_on_after_a_stop_gives_the_same_weights(folder: Path, method: str) -> None:
    async def steps(engine: Engine, first: int, last: int, parent: str) -> str:
        for i in range(first, last):
            more = {"id": f"u{i}", "version": f"v{i}", "next_version": f"v{i + 1}", "parent_hash": parent}
            parent = (await engine.update(order(engine, "modeler", **more))).hash
        return parent

    async def job() -> None:
        whole = await open_engine(folder / "whole", method=method)
        wanted = await steps(whole, 0, 4, str(whole.health()["base_hash"]))
        first = await open_engine(folder / "parts", method=method)
        half = await steps(first, 0, 2, str(first.health()["base_hash"]))
        second = await open_engine(folder / "parts", method=method)
        assert await steps(second, 2, 4, half) == wanted
        files = [
            hashlib.sha256((folder / name / "policies/modeler/v4/optimizer.safetensors").read_bytes()).hexdigest()
            for name in ("whole", "parts")
        ]
        assert files[0] == files[1]

    run(job())


@pytest.mark.parametrize("method", ["lora", "full"])
@pytest.mark.parametrize("what", ["write", "adam_step"])
def test_a_step_that_failed_counts_once_when_it_is_sent_again(
    folder: Path, method: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last micro-batch alone, or all of them: what was answered is answered again."""

    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    def parts(engine: Engine, role: str) -> list[UpdateRequest]:
        return [
            order(
                engine,
                role,
                sequences=[s.model_dump() for s in SEQUENCES[2 * i : 2 * i + 2]],
                micro_batch={"index": i, "last": i == 1},
            )
            for i in range(2)
        ]

    async def job() -> None:
        engine = await open_engine(folder, method=method)
        # One role's, so that its first weights are the same.
        undisturbed = await open_engine(folder.with_name("undisturbed"), method=method)
        first, last = parts(engine, "modeler")
        await undisturbed.update(first)
        wanted = await undisturbed.update(last)
        waiting = await engine.update(first)
        with monkeypatch.context() as broken:
            broken.setattr(Store if what == "write" else update, what, fail)
            for _ in range(2):
                with pytest.raises(OSError, match="no space left"):
                    await engine.update(last)
        assert await engine.update(first) == waiting
        assert await engine.update(last) == wanted
        assert wanted.tokens == TOKENS
        single = order(engine, "analyst")
        with monkeypatch.context() as broken:
            broken.setattr(Store if what == "write" else update, what, fail)
            with pytest.raises(OSError, match="no space left"):
                await engine.update(single)
        assert await engine.update(single) == await undisturbed.update(single)

    run(job())


def test_damaged_weights_are_refused_by_name(folder: Path) -> None:
    async def job() -> None:
        engine = await open_engine(folder)
        await engine.update(order(engine, "modeler"))
        path = folder / "policies" / "modeler" / "v1" / "adapter_model.safetensors"
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
        other = await open_engine(folder)
        with pytest.raises(EngineError, match=r"adapter_model\.safetensors does not have the hash"):
            await other.chat(ask("modeler@v1", 1))

    run(job())


def full_gpu() -> None:
    raise torch.OutOfMemoryError("CUDA out of memory")


def full_cpu() -> None:
    """More than there is: the allocator's own words, in no class of its own."""
    torch.empty(1 << 60, dtype=torch.uint8)


Fill = Callable[[], None]


class Full:
    """A device that holds so many tokens of a pass and no more; counts how often it was full."""

    def __init__(self, network: Network, most: int, fill: Fill = full_gpu) -> None:
        self.times = 0
        inner = network.run

        def run_if_it_fits(policies: list[str], **inputs: object) -> torch.Tensor:
            ids = inputs["input_ids"]
            assert isinstance(ids, torch.Tensor)
            if ids.numel() > most:
                self.times += 1
                fill()
            return inner(policies, **inputs)

        network.run = run_if_it_fits  # type: ignore[method-assign, assignment]


@pytest.mark.parametrize("fill", [full_gpu, full_cpu])
def test_a_full_device_gets_smaller_batches_and_the_same_result(folder: Path, fill: Fill) -> None:
    async def job() -> None:
        roomy = await open_engine(folder / "roomy")
        wanted = await roomy.update(order(roomy, "modeler"))
        tight = await open_engine(folder / "tight")
        full = Full(tight._network, 14, fill)
        found = await tight.update(order(tight, "modeler"))
        assert full.times > 0
        assert found.loss == pytest.approx(wanted.loss, rel=1e-5)
        assert found.gradient_norm == pytest.approx(wanted.gradient_norm, rel=1e-5)
        assert "out of device memory in training" in found.notes[0]
        assert any("out of device memory" in reason for reason in tight.health()["reasons"])  # type: ignore[attr-defined]

    run(job())


@pytest.mark.parametrize(("method", "fill"), [("lora", full_cpu), ("full", full_gpu), ("lora", full_gpu)])
def test_policies_that_nobody_uses_make_room_on_a_full_device(
    folder: Path, method: str, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def job() -> None:
        roomy = await open_engine(folder, method=method)
        roles = ["a", "b", "c", "d"]
        for role in roles:
            await roomy.update(order(roomy, role, id=role))
        wanted = [await roomy.chat(ask(f"{role}@v1", 1)) for role in roles]
        tight = await open_engine(folder, method=method)
        inside = "_make_slot" if method == "lora" else "hold"
        own, refused = getattr(tight._network, inside), []

        def full(*given: object) -> object:
            if len(tight._network.holds()) >= 2:
                refused.append(given)
                fill()
            return own(*given)

        monkeypatch.setattr(tight._network, inside, full)
        for _ in range(2):
            found = [await tight.chat(ask(f"{role}@v1", 1)) for role in roles]
            assert [logprobs(each) for each in found] == [logprobs(each) for each in wanted]
        assert len(tight._network.holds()) <= 2
        # Once it is known how many fit, none is tried in vain.
        assert len(refused) == 1

    run(job())


@pytest.mark.parametrize(("method", "fill"), [("lora", full_cpu), ("full", full_gpu), ("lora", full_gpu)])
def test_policies_that_nobody_uses_make_room_for_a_pass_before_it_gets_smaller(
    folder: Path, method: str, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def job() -> None:
        engine = await open_engine(folder, method=method)
        roles = ["a", "b", "c", "d"]
        for role in roles:
            await engine.update(order(engine, role, id=role))
        calls = [LogprobsRequest(model=f"{role}@v1", sequences=SEQUENCES) for role in roles]
        wanted = [(await engine.logprobs(call))["logprobs"] for call in calls]
        network, tokens = engine._network, engine._room.tokens
        inner = network.run
        placed = network._parameters if isinstance(network, LoraNetwork) else network._held  # type: ignore[attr-defined]

        def full(policies: list[str], **inputs: object) -> torch.Tensor:
            if len(placed) > 2:
                fill()
            return inner(policies, **inputs)

        monkeypatch.setattr(network, "run", full)
        for _ in range(2):
            assert [(await engine.logprobs(call))["logprobs"] for call in calls] == wanted
        made = await engine.update(
            order(engine, "a", id="again", version="v1", next_version="v2", parent_hash=at(engine))
        )
        assert made.applied
        assert engine._room.tokens == tokens
        assert "other policies left the device" in "".join(engine._room.notes)

    def at(engine: Engine) -> str:
        return engine._store.hash("a@v1")

    run(job())


@pytest.mark.parametrize(("method", "fill"), [("lora", full_cpu), ("full", full_gpu), ("lora", full_gpu)])
def test_a_step_for_which_the_device_is_too_full_is_made_on_the_host(
    folder: Path, method: str, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, tries = update.adam_step, []

    def full_after_half(weights: Tensors, gradient: Tensors, state: AdamState, settings: Optimizer) -> float:
        length = own(weights, gradient, state, settings)
        tries.append(length)
        if len(tries) == 1:
            fill()
        return length

    async def job() -> None:
        roomy = await open_engine(folder / "roomy", method=method)
        wanted = await roomy.update(order(roomy, "modeler"))
        tight = await open_engine(folder / "tight", method=method)
        monkeypatch.setattr(update, "adam_step", full_after_half)
        found = await tight.update(order(tight, "modeler"))
        assert found == wanted.model_copy(update={"notes": found.notes})
        said = "out of device memory in the optimiser's step: it was made on the host, which is slower"
        assert found.notes == [said]
        assert said in tight.health()["reasons"]  # type: ignore[operator]
        assert logprobs(await tight.chat(ask("modeler@v1", 1))) == logprobs(await roomy.chat(ask("modeler@v1", 1)))

    run(job())


@pytest.mark.parametrize(
    ("said", "ends"),
    [
        ("CUDA error: an illegal memory access was encountered\nCompile with TORCH_USE_CUDA_DSA", True),
        ("CUDA error: unspecified launch failure", True),
        ("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm`", True),
        ("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`", False),
        ("CUDA error: out of memory", False),
        ("shape '[2, 3]' is invalid for input of size 5", False),
    ],
)
def test_a_device_that_failed_for_good_ends_the_engine(folder: Path, said: str, ends: bool) -> None:
    async def job() -> None:
        engine = await open_engine(folder)

        def fail(*_policies: object, **_inputs: object) -> torch.Tensor:
            raise RuntimeError(said)

        engine._network.run = fail  # type: ignore[method-assign]
        for asked in (engine.chat(ask("modeler@v0", 1)), engine.update(order(engine, "modeler"))):
            with pytest.raises(RuntimeError if ends or "shape" in said else EngineError):
                await asked
        assert engine.lost.done() == ends
        if ends:
            assert engine.lost.result() == f"the device failed: {said.splitlines()[0]}"

    run(job())


@pytest.mark.parametrize("fill", [full_gpu, full_cpu])
def test_sampling_on_a_full_device_goes_on_with_fewer_rows(folder: Path, fill: Fill) -> None:
    async def job() -> None:
        roomy = await open_engine(folder / "roomy", deterministic=False)
        asked = [ask("modeler@v0", seed) for seed in range(6)]
        wanted = await asyncio.gather(*[roomy.chat(r) for r in asked])
        tight = await open_engine(folder / "tight", deterministic=False)
        longest = max(len(reply["prompt_token_ids"]) for reply in wanted)  # type: ignore[arg-type]
        full = Full(tight._network, 2 * longest, fill)
        found = await asyncio.gather(*[tight.chat(r) for r in asked])
        assert full.times > 0
        for a, b in zip(found, wanted, strict=True):
            assert logprobs(a) == pytest.approx(logprobs(b), abs=1e-4)

    run(job())


@pytest.mark.parametrize("deterministic", [False, True])
def test_rows_of_clients_that_left_leave_their_batch(folder: Path, deterministic: bool) -> None:
    """One of three leaves while it is sampled, one before its turn. The others say what they say anyway; where
    deterministic the one stays, since their rounding hangs on it."""

    async def job() -> None:
        engine = await open_engine(folder, deterministic=deterministic, rows=3)
        engine._network.base.ends = frozenset()
        mark = BatchMark(id="b", size=3) if deterministic else None

        def rows() -> list[Row]:
            return [Row("modeler@v0", [1, 40 + i, 3], 1.0, 1.0, i, 60 if i == 1 else 30) for i in range(3)]

        wanted = await asyncio.gather(*[engine._sampler.sample(row, "", mark) for row in rows()])
        found, late = rows(), rows()[1]
        calls = [asyncio.ensure_future(engine._sampler.sample(row, "", mark)) for row in found]
        await asyncio.sleep(0)
        calls.append(asyncio.ensure_future(engine._sampler.sample(late, "", None)))
        while len(found[1].tokens) < 5:
            await asyncio.sleep(0)
        calls[1].cancel()
        if not deterministic:
            calls[3].cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        for i in (0, 2):
            assert found[i].tokens == wanted[i].tokens
            if deterministic:
                assert found[i].logprobs == wanted[i].logprobs
            else:
                assert found[i].logprobs == pytest.approx(wanted[i].logprobs, abs=1e-4)
        assert len(late.tokens) == (60 if deterministic else 0)
        assert (len(found[1].tokens) >= 29) == deterministic
        assert len(found[1].tokens) < 60, "whoever has no company goes at once"
        assert not engine._sampler._queues, "nothing goes on"

    run(asyncio.wait_for(job(), 60))


def test_what_does_not_fit_at_all_is_an_error_that_says_what_to_do(folder: Path) -> None:
    async def job() -> None:
        engine = await open_engine(folder)
        Full(engine._network, 3)
        with pytest.raises(EngineError, match="does not fit into the device's memory; shorten the context"):
            await engine.update(order(engine, "modeler"))
        with pytest.raises(EngineError, match="lower max_tokens"):
            await engine.chat(ask("modeler@v0", 1))

    run(job())
