"""Which sampler is taken, how adapters are numbered and let go, and that helpers end with their engine."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ask, open_engine, run, settings

from baton_torch.__main__ import serve
from baton_torch.adapters import Adapter, Adapters
from baton_torch.engine import Engine
from baton_torch.errors import EngineError
from baton_torch.sampling import choose_sampling, reply_limit
from baton_torch.settings import Settings


@pytest.mark.parametrize(
    ("wish", "more", "device", "gguf", "installed", "chosen", "why"),
    [
        ("auto", {}, "cuda", False, True, "vllm", "it is installed, and there is a GPU"),
        ("auto", {}, "cuda", False, False, "own", "not installed"),
        ("auto", {}, "cpu", False, True, "own", "no GPU"),
        ("auto", {"deterministic": True}, "cuda", False, True, "own", "deterministic"),
        ("auto", {}, "cuda", True, True, "own", "GGUF"),
        ("auto", {"method": "full"}, "cuda", False, True, "own", "all weights"),
        ("own", {}, "cuda", False, True, "own", "asked for"),
        ("vllm", {}, "cpu", False, True, "vllm", "asked for"),
        ("vllm", {"method": "full"}, "cuda", False, True, "own", "all weights"),
    ],
)
def test_vllm_is_taken_unasked_on_a_gpu_only(
    tmp_path: Path, wish: str, more: dict[str, object], device: str, gguf: bool, installed: bool, chosen: str, why: str
) -> None:
    own = settings(tmp_path, **({"deterministic": False, "sampler": wish} | more))
    name, reason = choose_sampling(own, device, gguf, installed)
    assert name == chosen
    assert why in reason


@pytest.mark.parametrize(
    ("more", "gguf", "installed", "code", "says"),
    [
        ({}, False, False, "sampler.missing", "--engine-python"),
        ({"deterministic": True}, False, True, "sampler.refused", "not deterministic"),
        ({}, True, True, "sampler.refused", "baton_torch.convert"),
    ],
)
def test_vllm_by_name_is_refused_where_it_cannot_be_had(
    tmp_path: Path, more: dict[str, object], gguf: bool, installed: bool, code: str, says: str
) -> None:
    own = settings(tmp_path, **({"deterministic": False, "sampler": "vllm"} | more))
    with pytest.raises(EngineError) as caught:
        choose_sampling(own, "cpu", gguf, installed)
    assert caught.value.code == code
    assert says in caught.value.message
    assert "--sampler own" in caught.value.message


@pytest.mark.parametrize(
    ("prompt", "asked", "longest", "most"),
    [
        (10, None, None, 90),
        (10, 20, None, 20),
        (10, 500, None, 90),
        (10, None, 64, 54),
        (10, 54, 64, 54),
        (10, 500, 200, 90),
        (99, None, None, 1),
    ],
)
def test_a_reply_has_what_context_and_sampler_leave_it(
    prompt: int, asked: int | None, longest: int | None, most: int
) -> None:
    assert reply_limit(prompt, asked, 100, longest) == most


@pytest.mark.parametrize(
    ("prompt", "asked", "longest", "says"),
    [
        (100, None, None, "the model's context has 100, its reply included"),
        (100, 5, 64, "the model's context has 100, its reply included"),
        (10, 55, 64, "with a reply of up to 55 it does not fit into vLLM's memory, which holds 64 of the model's"),
        (10, 500, 64, "with a reply of up to 90 it does not fit"),
        (64, None, 64, "the prompt has 64 tokens; it does not fit into vLLM's memory"),
    ],
)
def test_what_has_no_room_is_refused_with_what_to_do(
    prompt: int, asked: int | None, longest: int | None, says: str
) -> None:
    with pytest.raises(EngineError) as caught:
        reply_limit(prompt, asked, 100, longest)
    assert caught.value.code == "context.too_long"
    assert says in caught.value.message
    assert longest is None or prompt == 100 or "--sampler own" in caught.value.message


def test_requests_follow_what_the_sampler_has_room_for(folder: Path) -> None:
    async def job() -> None:
        engine = await open_engine(folder)
        prompt = (await engine.chat(ask("modeler@v0", 1)))["prompt_token_ids"]
        assert isinstance(prompt, list)
        engine._network.base.ends = frozenset()
        engine._sampler.longest = len(prompt) + 7
        reply = await engine.chat(ask("modeler@v0", 1, max_tokens=None))
        assert reply["usage"]["completion_tokens"] == 7  # type: ignore[index]
        with pytest.raises(EngineError, match=f"holds {len(prompt) + 7} of the"):
            await engine.chat(ask("modeler@v0", 1, max_tokens=8))

    run(job())


def test_weights_of_ones_own_are_sampled_by_the_own_batcher_and_health_says_so(folder: Path) -> None:
    async def job() -> None:
        engine = await open_engine(folder, deterministic=False, method="full", sampler="vllm")
        found = engine.health()
        assert found["sampler"] == "own"
        assert any("vLLM takes adapters" in str(why) for why in found["reasons"])  # type: ignore[attr-defined]

    run(job())


def test_an_engine_whose_sampler_is_lost_says_so_and_ends_with_1(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    opened: list[Engine] = []
    said: list[dict[str, str]] = []
    really = Engine.open

    async def keep(own: Settings) -> Engine:
        opened.append(await really(own))
        return opened[0]

    def say(line: dict[str, str]) -> None:
        said.append(line)
        opened[0].lost.get_loop().call_soon(opened[0].lost.set_result, "vLLM has ended by itself")

    monkeypatch.setattr(Engine, "open", keep)
    assert run(serve(settings(folder), say)) == 1
    assert said[0]["url"].startswith("http://127.0.0.1:")
    assert "vLLM has ended by itself" in capfd.readouterr().err


class Server:
    """Counts what is loaded."""

    def __init__(self, most: int) -> None:
        self.loaded: list[str] = []
        self.fails = False
        self.adapters = Adapters(self.load, self.unload, most)

    async def load(self, adapter: Adapter) -> None:
        await asyncio.sleep(0)
        if self.fails:
            raise EngineError("sampler.failed", 503, "no room")
        self.loaded.append(adapter.name)

    async def unload(self, adapter: Adapter) -> None:
        self.loaded.remove(adapter.name)

    async def once(self, policy: str, digest: str = "d") -> str:
        async with self.adapters.use(policy, digest) as adapter:
            assert adapter.name in self.loaded
            return adapter.name


def test_no_number_or_name_is_given_twice() -> None:
    async def job() -> None:
        server = Server(2)
        assert await asyncio.gather(*(server.once("a@v1") for _ in range(3))) == ["a@v1#1"] * 3
        assert [await server.once(p) for p in ("b@v1", "c@v1", "b@v1", "a@v1")] == [
            "b@v1#2",
            "c@v1#3",
            "b@v1#2",
            "a@v1#4",
        ]
        assert server.loaded == server.adapters.names() == ["b@v1#2", "a@v1#4"]
        # Other weights under the same name, and a version that was deleted.
        assert await server.once("a@v1", "e") == "a@v1#5"
        await server.adapters.forget("a@v1")
        assert server.loaded == ["b@v1#2"]
        assert await server.once("a@v1", "e") == "a@v1#6"

    run(job())


def test_an_adapter_in_use_stays_until_its_last_request() -> None:
    async def job() -> None:
        server = Server(1)
        async with server.adapters.use("a@v1", "d"):
            async with server.adapters.use("a@v1", "d"):
                assert await server.once("b@v1") == "b@v1#2"
                await server.adapters.forget("a@v1")
                assert "a@v1#1" in server.loaded
            assert "a@v1#1" in server.loaded
        assert "a@v1#1" not in server.loaded

    run(job())


def test_one_that_failed_to_load_is_tried_anew() -> None:
    async def job() -> None:
        server = Server(2)
        server.fails = True
        with pytest.raises(EngineError, match="no room"):
            await server.once("a@v1")
        assert server.adapters.names() == []
        server.fails = False
        assert await server.once("a@v1") == "a@v1#2"

    run(job())


# Starts a helper of a helper, says their ids, and waits to be killed.
_PARENT = """
import subprocess, sys, time
from baton_torch.guard import guard_helpers
guard_helpers()
inner = "import time; time.sleep(600)"
outer = f"import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', {inner!r}]); "
outer += "print(p.pid, flush=True); time.sleep(600)"
helper = subprocess.Popen([sys.executable, "-c", outer], stdout=subprocess.PIPE, text=True)
print(helper.pid, helper.stdout.readline().strip(), flush=True)
time.sleep(600)
"""


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="reads /proc")
def test_helpers_end_with_an_engine_that_is_killed() -> None:
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    engine = subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True, env=env)
    assert engine.stdout is not None
    helpers = [int(pid) for pid in engine.stdout.readline().split()]
    assert [_lives(pid) for pid in helpers] == [True, True]
    engine.send_signal(signal.SIGKILL)
    engine.wait()
    limit = time.monotonic() + 60
    while any(map(_lives, helpers)) and time.monotonic() < limit:
        time.sleep(0.05)
    assert [_lives(pid) for pid in helpers] == [False, False]
