"""Samples with vLLM, which serves each version's adapter under a number and a name of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from itertools import count

from .adapters import Adapter, Adapters
from .decoding import Row
from .errors import EngineError
from .protocol import BatchMark
from .store import Store, is_base
from .vllm_start import Output, Vllm, VllmShape, start_vllm


class VllmSampler:
    """Token ids go in and come out, with log-probabilities of the distribution they were drawn from: of
    logits / temperature (at 0: of the plain logits); with `top_p` below 1 among the tokens that it keeps, where the
    own batcher gives those over the whole vocabulary. Training samples at 1. A row's seed is its own, but what shares
    a batch with it changes its rounding, so the same seed need not give the same tokens. Batches are vLLM's affair:
    no request waits for another."""

    name = "vllm"

    def __init__(
        self, llm: Vllm, version: str, store: Store, ends: frozenset[int], most: int, lost: Callable[[str], None]
    ) -> None:
        self._llm = llm
        self._store = store
        self._ends = sorted(ends)
        self._lost = lost
        self._dead: str | None = None
        self._ids = count(1)
        self.adapters = Adapters(self._load, self._unload, most)
        self.version = version
        self.longest: int | None = llm.model_config.max_model_len
        self.notes: list[str] = []

    @staticmethod
    def open(shape: VllmShape, store: Store, ends: frozenset[int], lost: Callable[[str], None]) -> VllmSampler:
        """Starts vLLM; call it in the event loop that samples. `lost` is told when vLLM has ended by itself."""
        llm, version = start_vllm(shape)
        return VllmSampler(llm, version, store, ends, shape.adapters, lost)

    async def sample(self, row: Row, digest: str, batch: BatchMark | None) -> Row:
        if self._dead is not None:
            raise self._gone()
        if is_base(row.policy) or row.policy == "reference":
            return await self._generate(row, None)
        async with self.adapters.use(row.policy, digest) as adapter:
            return await self._generate(row, adapter)

    async def forget(self, policy: str) -> None:
        await self.adapters.forget(policy)

    def stop(self) -> None:
        self._llm.shutdown()

    async def _generate(self, row: Row, adapter: Adapter | None) -> Row:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        params = SamplingParams(
            temperature=row.temperature,
            top_p=row.top_p,
            seed=row.seed,
            max_tokens=row.most,
            logprobs=0,
            stop_token_ids=self._ends,
            ignore_eos=True,
            detokenize=False,
            output_kind=RequestOutputKind.FINAL_ONLY,
        )
        prompt = {"type": "token", "prompt_token_ids": row.prompt}
        found: Output | None = None
        try:
            lora = None if adapter is None else _request(adapter, self._store)
            # A request whose client has gone is cancelled, and vLLM then drops it.
            async for out in self._llm.generate(prompt, params, f"row{next(self._ids)}", lora_request=lora):
                found = out.outputs[0]
        except Exception as error:
            raise self._failure(error, "sampling") from error
        if found is None or found.finish_reason not in ("stop", "length"):
            how = "no answer" if found is None else f"the end {found.finish_reason}"
            raise EngineError("sampler.failed", 503, f"vLLM gave {how} for a request; what it said is in engine.log")
        row.tokens = list(found.token_ids)
        row.logprobs = [float(at[token].logprob) for at, token in zip(found.logprobs, row.tokens, strict=True)]
        row.finish = found.finish_reason
        return row

    async def _load(self, adapter: Adapter) -> None:
        # vLLM reads the file as it is: that it has the hash it was saved with is looked at here.
        await asyncio.get_running_loop().run_in_executor(None, partial(self._store.read, adapter.policy))
        try:
            taken = await self._llm.add_lora(_request(adapter, self._store))
        except Exception as error:
            raise self._failure(error, f"loading the adapter of {adapter.policy}") from error
        if not taken:
            raise EngineError("sampler.failed", 503, f"vLLM did not take the adapter of {adapter.policy}")

    async def _unload(self, adapter: Adapter) -> None:
        if self._dead is None:
            await self._llm.remove_lora(adapter.number)

    def _failure(self, error: Exception, doing: str) -> EngineError:
        from vllm.v1.engine.exceptions import EngineDeadError

        if isinstance(error, EngineDeadError) or self._llm.errored:
            if self._dead is None:
                self._dead = f"{doing}: vLLM has ended by itself"
                self.notes.append(self._dead)
                self._lost(str(self._gone()))
            return self._gone()
        if isinstance(error, EngineError):
            return error
        cause = error.__cause__ or error
        return EngineError("sampler.failed", 503, f"{doing}: vLLM says: {str(cause) or type(cause).__name__}")

    def _gone(self) -> EngineError:
        return EngineError(
            "sampler.lost",
            503,
            f"{self._dead}; why is in engine.log. Where memory ran out, lower --vllm-memory or what is sampled at a "
            "time; --sampler own does without vLLM",
        )


def _request(adapter: Adapter, store: Store) -> object:
    from vllm.lora.request import LoRARequest

    return LoRARequest(adapter.name, adapter.number, str(store.folder(adapter.policy).resolve()))
