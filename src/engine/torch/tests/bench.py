"""The engine's sampling and its LoRA update beside a plain `generate` and a plain peft loop on the same model, and
vLLM's sampling beside both where it is installed, by turns: `npm run bench:torch [-- TURNS]`. BATON_SMOLLM2 names the
model's folder. Ratios count, not rates: all sides share the machine with whatever else it does."""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
import transformers
from peft import LoraConfig, get_peft_model

from baton_torch.engine import Engine
from baton_torch.protocol import ChatRequest, Message, UpdateRequest
from baton_torch.sampling import has_vllm
from baton_torch.settings import Lora, Settings

FOLDER = os.environ["BATON_SMOLLM2"]
ROWS, REPLY, PROMPT = 8, 32, 64
QUESTIONS = [f"Tom has {n} apples and buys {n + 1} more. How many apples has he now?" for n in range(2, 2 + ROWS)]
Timed = Callable[[int], Awaitable[float]]
"""One turn; gives tokens a second"""


def sampling(engine: Engine, plain: torch.nn.Module) -> tuple[Timed, Timed]:
    tokenizer = transformers.AutoTokenizer.from_pretrained(FOLDER, padding_side="left")
    said = [[{"role": "user", "content": q}] for q in QUESTIONS]

    async def ours(turn: int) -> float:
        begun = time.perf_counter()
        calls = [
            ChatRequest(
                model="bench@v1", messages=[Message(role="user", content=q)], seed=turn * 100 + i, max_tokens=REPLY
            )
            for i, q in enumerate(QUESTIONS)
        ]
        replies = await asyncio.gather(*(engine.chat(call) for call in calls))
        made = sum(r["usage"]["completion_tokens"] for r in replies)  # type: ignore[index]
        return made / (time.perf_counter() - begun)

    async def theirs(turn: int) -> float:
        torch.manual_seed(turn)
        begun = time.perf_counter()
        batch = tokenizer.apply_chat_template(
            said, add_generation_prompt=True, padding=True, return_tensors="pt", return_dict=True
        )
        out = plain.generate(**batch, max_new_tokens=REPLY, do_sample=True, top_k=0)
        replies = out[:, batch["input_ids"].shape[1] :]
        # An end token and no more counts, as it does for the engine.
        made = sum(min(len(r), 1 + int((r != tokenizer.eos_token_id).sum())) for r in replies)
        return made / (time.perf_counter() - begun)

    return ours, theirs


def updating(engine: Engine, plain: torch.nn.Module, made: str) -> tuple[Timed, Timed]:
    chance = random.Random(1)
    tokens = [[chance.randrange(100, 40_000) for _ in range(PROMPT + REPLY)] for _ in range(ROWS)]
    mask = [0] * PROMPT + [1] * REPLY
    hashes = {1: made}
    optimizer = torch.optim.AdamW([p for p in plain.parameters() if p.requires_grad], lr=1e-5, betas=(0.9, 0.95))

    async def ours(turn: int) -> float:
        begun = time.perf_counter()
        order = {
            "id": f"u{turn}",
            "role": "bench",
            "version": f"v{turn}",
            "next_version": f"v{turn + 1}",
            "parent_hash": hashes[turn],
            "loss": {"name": "sft"},
            "sequences": [{"tokens": t, "mask": mask} for t in tokens],
            "denominator": ROWS * REPLY,
            "optimizer": {"lr": 1e-5},
        }
        hashes[turn + 1] = (await engine.update(UpdateRequest.model_validate(order))).hash
        return ROWS * (PROMPT + REPLY) / (time.perf_counter() - begun)

    async def theirs(_: int) -> float:
        begun = time.perf_counter()
        ids = torch.tensor(tokens)
        labels = ids.masked_fill(torch.tensor(mask) == 0, -100)
        optimizer.zero_grad()
        plain(input_ids=ids, labels=labels).loss.backward()
        torch.nn.utils.clip_grad_norm_(plain.parameters(), 1.0)
        optimizer.step()
        return ROWS * (PROMPT + REPLY) / (time.perf_counter() - begun)

    return ours, theirs


async def compare(name: str, what: str, sides: tuple[Timed, Timed], turns: int) -> None:
    """The first turn of both warms up and is not counted; then who goes first changes every turn."""
    found: list[tuple[float, float]] = []
    for turn in range(1, turns + 2):
        rates = [0.0, 0.0]
        for side in (0, 1) if turn % 2 else (1, 0):
            rates[side] = await sides[side](turn)
        if turn > 1:
            found.append((rates[0], rates[1]))
    ratios = sorted(a / b for a, b in found)
    ours, theirs = (statistics.median(rates) for rates in zip(*found, strict=True))
    print(
        f"{name}: {ours:.1f} {what}/s beside {theirs:.1f}; ratio {statistics.median(ratios):.2f} "
        f"[{ratios[0]:.2f}, {ratios[-1]:.2f}] over {turns} turns",
        flush=True,
    )


async def main() -> None:
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(f"{ROWS} sequences, prompts of about {PROMPT} tokens, replies of {REPLY}; {torch.get_num_threads()} threads")
    with tempfile.TemporaryDirectory() as folder:
        place = {"dir": str(Path(folder) / "state"), "base": FOLDER, "token": "a token of this bench"}
        # As in the middle of a training: the place of a version that went is there for the next one.
        quick = {"backend": "cpu", "lora": Lora(rank=16, alpha=32), "resident": 1}
        engine = await Engine.open(Settings.model_validate(place | quick))
        loaded = transformers.AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.float32)
        shape = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
        plain = get_peft_model(loaded, shape)
        start = {"tokens": [1, 2, 3], "mask": [0, 1, 1]}
        first = {"id": "u0", "role": "bench", "version": "v0", "next_version": "v1", "loss": {"name": "sft"}}
        rest = {"parent_hash": engine.health()["base_hash"], "sequences": [start], "denominator": 2}
        made = await engine.update(UpdateRequest.model_validate(first | rest | {"optimizer": {"lr": 1e-5}}))
        plain.eval()
        ours, theirs = sampling(engine, plain)
        await compare("sampling", "tokens", (ours, theirs), turns)
        if has_vllm():
            # Over the same folder, so the same adapter; the own batcher's turn comes beside each of vLLM's.
            begun = time.perf_counter()
            other = await Engine.open(Settings.model_validate(place | quick | {"sampler": "vllm", "context": 512}))
            print(f"an engine with vLLM took {time.perf_counter() - begun:.0f} s to start", flush=True)
            try:
                fast, _ = sampling(other, plain)
                await compare("sampling with vLLM, beside the own batcher", "tokens", (fast, ours), turns)
                await compare("sampling with vLLM, beside generate", "tokens", (fast, theirs), turns)
            finally:
                other.close()
        else:
            print("vLLM is not installed in this Python: not timed")
        plain.train()
        await compare("update", "tokens", updating(engine, plain, made.hash), turns)


if __name__ == "__main__":
    asyncio.run(main())
