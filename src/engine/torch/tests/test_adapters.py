"""LoRA policies against plain peft and plain transformers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import transformers
from conftest import BASE, SEQUENCES, TOKENS, open_engine, order, run
from peft import PeftModel

from baton_torch.errors import EngineError
from baton_torch.merge import merge
from baton_torch.protocol import LogprobsRequest, Sequence
from baton_torch.store import read_tensors

Model = torch.nn.Module


def plain_base() -> Model:
    model: Model = transformers.AutoModelForCausalLM.from_pretrained(str(BASE), dtype=torch.float32)
    return model.eval()


def plain_logprobs(model: Model, s: Sequence) -> torch.Tensor:
    """Log-probabilities of scored tokens from a pass of this one sequence, without any padding."""
    ids = torch.tensor([s.tokens])
    logits = model(input_ids=ids).logits[0, :-1].float()
    picked = torch.log_softmax(logits, dim=-1).gather(1, ids[0, 1:, None])[:, 0]
    return picked[torch.tensor(s.mask[1:]).bool()]


async def scores(engine: object, model: str) -> list[list[float]]:
    found = await engine.logprobs(LogprobsRequest(model=model, sequences=SEQUENCES))  # type: ignore[attr-defined]
    out: list[list[float]] = found["logprobs"]
    return out


def test_v0_and_the_reference_are_the_base_itself(folder: Path) -> None:
    async def job() -> None:
        engine = await open_engine(folder)
        await engine.update(order(engine, "modeler"))
        plain = plain_base()
        for model in ("reference", "modeler@v0", "analyst@v0"):
            for found, s in zip(await scores(engine, model), SEQUENCES, strict=True):
                wanted = plain_logprobs(plain, s)
                torch.testing.assert_close(torch.tensor(found), wanted, rtol=0, atol=1e-5)

    run(job())


def test_a_saved_adapter_loads_in_plain_peft_and_says_the_same(folder: Path) -> None:
    async def job() -> None:
        engine = await open_engine(folder)
        await engine.update(order(engine, "modeler"))
        plain = PeftModel.from_pretrained(plain_base(), str(folder / "policies" / "modeler" / "v1")).eval()
        base = await scores(engine, "modeler@v0")
        for found, s, was in zip(await scores(engine, "modeler@v1"), SEQUENCES, base, strict=True):
            torch.testing.assert_close(torch.tensor(found), plain_logprobs(plain, s), rtol=0, atol=1e-5)
            assert max(abs(a - b) for a, b in zip(found, was, strict=True)) > 1e-3

    run(job())


def test_a_merged_adapter_is_a_model_of_its_own(folder: Path) -> None:
    async def job() -> None:
        engine = await open_engine(folder)
        await engine.update(order(engine, "modeler"))
        merged = folder / "merged"
        merge(str(BASE), folder / "policies" / "modeler" / "v1", merged)
        assert {"config.json", "model.safetensors", "tokenizer.json"} <= {file.name for file in merged.iterdir()}
        plain = transformers.AutoModelForCausalLM.from_pretrained(str(merged), dtype=torch.float32).eval()
        assert not any("lora" in name for name, _ in plain.named_parameters())
        for found, s in zip(await scores(engine, "modeler@v1"), SEQUENCES, strict=True):
            torch.testing.assert_close(torch.tensor(found), plain_logprobs(plain, s), rtol=0, atol=1e-4)

    run(job())


def test_a_merged_model_has_the_precision_of_its_base(folder: Path, tmp_path: Path) -> None:
    half = tmp_path / "half"
    shutil.copytree(BASE, half)
    model = transformers.AutoModelForCausalLM.from_pretrained(str(BASE), dtype=torch.bfloat16)
    model.save_pretrained(half)

    async def job() -> None:
        engine = await open_engine(folder)
        await engine.update(order(engine, "modeler"))
        merge(str(half), folder / "policies" / "modeler" / "v1", tmp_path / "merged")
        merged = transformers.AutoModelForCausalLM.from_pretrained(str(tmp_path / "merged"), dtype="auto")
        assert merged.dtype == torch.bfloat16

    run(job())


TRAIN_FULL = """
from pathlib import Path
import sys
from conftest import open_engine, order, run

async def job():
    engine = await open_engine(Path(sys.argv[1]), base=sys.argv[2], method="full")
    await engine.update(order(engine, "modeler"))

run(job())
"""


@pytest.mark.parametrize("base", [str(BASE), "someone/small"])
def test_a_version_with_weights_of_its_own_is_a_model_in_plain_transformers(folder: Path, base: str) -> None:
    """Also where its base is of the hub, here of a cache of it that is asked without a network."""
    cached = folder / "hub" / "models--someone--small"
    snapshot = cached / "snapshots" / "abc"
    shutil.copytree(BASE, snapshot, ignore=shutil.ignore_patterns("baton.json"))
    (snapshot / "tokenizer_config.json").write_text(
        '{"chat_template": "{{ messages[0].content }}", "eos_token": "<eos>"}'
    )
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text("abc")
    hub = {"HF_HUB_CACHE": str(folder / "hub"), "HF_HUB_OFFLINE": "1"}
    tests = str(Path(__file__).parent)
    subprocess.run(
        [sys.executable, "-c", TRAIN_FULL, str(folder / "state"), base],
        env={**os.environ, **hub, "PYTHONPATH": f"{tests}:{Path(tests).parent}"},
        check=True,
    )
    version = folder / "state" / "policies" / "modeler" / "v1"
    assert not [path for path in version.iterdir() if path.is_dir()]
    text = "modeler kind"
    wanted = transformers.AutoTokenizer.from_pretrained(str(snapshot))(text)["input_ids"]
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(version))
    assert tokenizer(text)["input_ids"] == wanted
    assert (tokenizer.chat_template is not None) == (base != str(BASE))
    plain = transformers.AutoModelForCausalLM.from_pretrained(str(version), dtype=torch.float32).eval()
    trained, _ = read_tensors(version / "model.safetensors")
    found = dict(plain.named_parameters())
    assert all(torch.equal(found[name], weight) for name, weight in trained.items())


def test_an_adapter_that_is_not_there_leaves_no_folder(folder: Path) -> None:
    with pytest.raises(ValueError, match="adapter_config"):
        merge(str(BASE), folder / "none", folder / "merged")
    assert not folder.exists()


def test_updates_are_those_of_a_plain_peft_loop(folder: Path) -> None:
    """Three steps of torch.optim.AdamW on a plain peft model, sequence by sequence, from the same first adapter."""

    async def job() -> None:
        engine = await open_engine(folder)
        none = {"optimizer": {"lr": 0, "grad_clip": 1e9}}
        await engine.update(order(engine, "start", **none))
        last = engine.health()["base_hash"]
        for i in range(3):
            made = await engine.update(
                order(
                    engine,
                    "start",
                    id=f"s{i}",
                    version="v0" if i == 0 else f"w{i}",
                    next_version=f"w{i + 1}",
                    parent_hash=last,
                )
            )
            last = made.hash
        path = folder / "policies" / "start"
        plain = PeftModel.from_pretrained(plain_base(), str(path / "v1"), is_trainable=True)
        plain.eval()
        trained = [p for p in plain.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(trained, lr=1e-2, betas=(0.9, 0.95), eps=1e-5, weight_decay=0)
        for _ in range(3):
            optimizer.zero_grad()
            for s in SEQUENCES:
                (-plain_logprobs(plain, s).sum() / TOKENS).backward()
            optimizer.step()
        ours, _ = read_tensors(path / "w3" / "adapter_model.safetensors")
        theirs = {n.replace(".default", ""): p.detach() for n, p in plain.named_parameters() if p.requires_grad}
        assert ours.keys() == theirs.keys()
        # What moved, tensor by tensor: Adam divides by the gradient's size, so that single weights whose gradient is
        # next to nothing follow the rounding of how sequences are batched.
        start, _ = read_tensors(path / "v1" / "adapter_model.safetensors")
        for name, weight in ours.items():
            moved = theirs[name] - start[name]
            assert moved.norm() > 0
            assert (weight - theirs[name]).norm() <= 1e-3 * moved.norm(), name

    run(job())


@pytest.mark.parametrize("method", ["lora", "full"])
def test_small_passes_give_the_gradient_of_one_large_batch(folder: Path, method: str) -> None:
    async def gradient(name: str, tokens: int) -> dict[str, torch.Tensor]:
        engine = await open_engine(folder / name, method=method, pass_tokens=tokens)
        await engine.update(order(engine, "modeler"))
        found, _ = read_tensors(folder / name / "policies" / "modeler" / "v1" / "optimizer.safetensors")
        return {n: t for n, t in found.items() if n.startswith("mean.")}

    async def job() -> None:
        large, small = await gradient("large", 10_000), await gradient("small", 1)
        apart = sum(float((large[n] - small[n]).double().square().sum()) for n in large)
        length = sum(float(t.double().square().sum()) for t in large.values())
        assert length > 0
        assert (apart / length) ** 0.5 < 1e-5

    run(job())


def test_a_folder_belongs_to_one_base_and_method(folder: Path) -> None:
    async def job() -> None:
        await open_engine(folder, method="full")
        with pytest.raises(EngineError, match="another base or method") as refused:
            await open_engine(folder, method="lora")
        assert refused.value.code == "base.other"

    run(job())
