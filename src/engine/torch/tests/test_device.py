"""Which base and which device an engine speaks of: the same one, whichever machine asks."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
import torch
from conftest import BASE, ask, open_engine, order, run

from baton_torch.base import Place, hash_tensors, load_base


@pytest.mark.parametrize("method", ["lora", "full"])
def test_weights_trained_in_bfloat16_act_where_the_base_is_loaded_in_float32(folder: Path, method: str) -> None:
    async def job() -> None:
        gpu = await open_engine(folder, method=method, dtype="bfloat16")
        made = await gpu.update(order(gpu, "modeler"))
        cpu = await open_engine(folder, method=method, dtype="float32")
        assert cpu.health()["numbers"] != gpu.health()["numbers"]
        assert cpu.health()["base_hash"] == gpu.health()["base_hash"]
        assert (await cpu.chat(ask("modeler@v1", 1)))["system_fingerprint"] == made.hash

    run(job())


def test_weights_over_a_base_that_was_hashed_in_float32_still_act_and_go_on(folder: Path, tmp_path: Path) -> None:
    async def job() -> None:
        engine = await open_engine(folder)
        network = engine._network
        loaded = load_base(Place.of(str(BASE)), torch.float32, torch.device("cpu"))
        earlier = hash_tensors(dict(loaded.model.named_parameters()))
        assert earlier != network.base_hash
        network.base_hash = earlier
        (folder / "base.json").write_text(json.dumps({"base_hash": earlier, "method": "lora"}))
        made = await engine.update(order(engine, "modeler"))

        resumed = await open_engine(folder)
        assert resumed.health()["base_hash"] == earlier
        more = {"id": "next", "version": "v1", "next_version": "v2", "parent_hash": made.hash}
        assert (await resumed.update(order(resumed, "modeler", **more))).applied

        # As promoted weights come: into an engine's folder of its own.
        other = tmp_path / "other"
        shutil.copytree(folder / "policies", other / "policies")
        served = await open_engine(other)
        assert (await served.chat(ask("modeler@v1", 1)))["system_fingerprint"] == made.hash

    run(job())


@pytest.mark.parametrize(
    ("said", "given", "wanted"),
    [
        ("0, 1000\n1, 24000\n2, 300\n", {}, "1"),
        ("0, 1000\n1, 24000\n", {"CUDA_VISIBLE_DEVICES": "0"}, "0"),
        ("0, 1000\n", {}, None),
        ("No devices were found\n", {}, None),
    ],
)
def test_the_gpu_with_the_most_free_memory_is_taken(
    folder: Path, tmp_path: Path, said: str, given: dict[str, str], wanted: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\nprintf '%s' '{said}'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for name in ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"):
        # Set first, so that it is taken back whatever the engine does to it.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    run(open_engine(folder, backend="auto"))
    assert os.environ.get("CUDA_VISIBLE_DEVICES") == wanted
    assert os.environ.get("CUDA_DEVICE_ORDER") == ("PCI_BUS_ID" if wanted and not given else None)
