"""The engine protocol's requests, the same as the TypeScript engine's. Arrays "per scored token" hold one entry
for each 1 in the masks, sequence after sequence."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, model_validator

RoleName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
VersionName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
PolicyName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}@[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Mask = list[Literal[0, 1]]


def _text_of(content: object) -> object:
    """`None` is empty, a list of text parts is their sum; everything else is left to the type's own check."""
    if content is None:
        return ""
    if isinstance(content, list) and all(
        isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str) for part in content
    ):
        return "".join(part["text"] for part in content)
    return content


class Message(BaseModel):
    role: str
    content: Annotated[str, BeforeValidator(_text_of)] = ""


class BatchMark(BaseModel):
    id: Annotated[str, Field(min_length=1, max_length=200)]
    size: Annotated[int, Field(ge=1, le=4096)]


class BatonExtras(BaseModel):
    batch: BatchMark | None = None


def _any_seed() -> int:
    return secrets.randbelow(2**31)


def otherwise(value: Callable[[], object]) -> BeforeValidator:
    """The value that counts where null is said, as clients do for what they leave out."""
    return BeforeValidator(lambda said: value() if said is None else said)


class StreamOptions(BaseModel):
    include_usage: bool | None = None


class ChatRequest(BaseModel):
    """`POST /v1/chat/completions`. What this engine cannot do is refused rather than ignored."""

    model: PolicyName
    messages: Annotated[list[Message], Field(min_length=1, max_length=1000)]
    temperature: Annotated[Annotated[float, Field(ge=0, le=10)], otherwise(lambda: 1.0)] = 1.0
    top_p: Annotated[Annotated[float, Field(gt=0, le=1)], otherwise(lambda: 1.0)] = 1.0
    max_tokens: Annotated[int, Field(ge=1, le=100_000)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1, le=100_000)] | None = None
    # One of its own where none is given: who asks again wants another answer.
    seed: Annotated[Annotated[int, Field(ge=0, lt=2**53)], otherwise(_any_seed)] = Field(default_factory=_any_seed)
    n: Literal[1] | None = None
    # The same reply as server-sent events, all it says in one of them.
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    stop: None = None
    tools: None = None
    response_format: None = None
    top_logprobs: None = None
    logprobs: Annotated[bool, otherwise(lambda: False)] = False
    return_token_ids: bool = False
    baton: BatonExtras = BatonExtras()


class Sequence(BaseModel):
    """Token ids of a prompt with its action, and a mask with 1 where a token is scored."""

    tokens: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=2)]
    mask: Mask

    @model_validator(mode="after")
    def _fits(self) -> Sequence:
        if len(self.mask) != len(self.tokens) or self.mask[0] != 0:
            raise ValueError("mask: one entry a token, and 0 for the first")
        return self

    @property
    def scored(self) -> int:
        return sum(self.mask)


Sequences = Annotated[list[Sequence], Field(min_length=1, max_length=100_000)]
Temperature = Annotated[float, Field(gt=0, le=10)]


class LogprobsRequest(BaseModel):
    """`POST /baton/v1/logprobs`. `model` may be `reference`: the base that training started from."""

    model: Literal["reference"] | PolicyName
    sequences: Sequences
    temperature: Temperature = 1.0


class PolicyGradient(BaseModel):
    name: Literal["policy_gradient"]
    clip_low: Annotated[float, Field(ge=0, le=1)]
    clip_high: Annotated[float, Field(ge=0)]
    dual_clip: Annotated[float, Field(gt=1)] | None = None


class Sft(BaseModel):
    name: Literal["sft"]


class Dpo(BaseModel):
    name: Literal["dpo"]
    beta: Annotated[float, Field(gt=0)]


Loss = Annotated[PolicyGradient | Sft | Dpo, Field(discriminator="name")]


class Kl(BaseModel):
    estimator: Literal["k2", "k3"]
    coefficient: Annotated[float, Field(ge=0)]


class Optimizer(BaseModel):
    lr: Annotated[float, Field(ge=0)]
    betas: tuple[Annotated[float, Field(ge=0, lt=1)], Annotated[float, Field(ge=0, lt=1)]] = (0.9, 0.95)
    eps: Annotated[float, Field(gt=0)] = 1e-5
    decay: Annotated[float, Field(ge=0)] = 0.0
    grad_clip: Annotated[float, Field(gt=0)] = 1.0


class Pair(BaseModel):
    id: str
    chosen: bool


class MicroBatch(BaseModel):
    index: Annotated[int, Field(ge=0)] = 0
    last: bool = True


class UpdateRequest(BaseModel):
    """`POST /baton/v1/update`: one micro-batch of one optimiser step."""

    id: Annotated[str, Field(min_length=1, max_length=200)]
    role: RoleName
    version: VersionName
    parent_hash: Hash
    next_version: VersionName
    loss: Loss
    kl: Kl | None = None
    sequences: Sequences
    advantages: list[Finite] | None = None
    old_logprobs: list[Finite] | None = None
    behaviour_logprobs: list[Finite] | None = None
    reference_logprobs: list[Finite] | None = None
    pairs: list[Pair] | None = None
    denominator: Annotated[float, Field(gt=0)]
    micro_batch: MicroBatch = MicroBatch()
    optimizer: Optimizer
    temperature: Temperature = 1.0


class UpdateReply(BaseModel):
    id: str
    applied: bool
    policy: str
    hash: str
    loss: float
    approximate_kl: float
    clip_fraction: float
    gradient_norm: float
    tokens: int
    notes: list[str] = []


class SaveCheckpoint(BaseModel):
    action: Literal["save"]
    name: VersionName
    policies: dict[RoleName, VersionName]


class LoadCheckpoint(BaseModel):
    action: Literal["load"]
    name: VersionName


class ListCheckpoints(BaseModel):
    action: Literal["list"]


class DeleteCheckpoint(BaseModel):
    action: Literal["delete"]
    name: VersionName | None = None
    policies: list[PolicyName] | None = None


CheckpointsRequest = Annotated[
    SaveCheckpoint | LoadCheckpoint | ListCheckpoints | DeleteCheckpoint, Field(discriminator="action")
]


class Held(BaseModel):
    version: str
    hash: str


class Checkpoint(BaseModel):
    name: str
    policies: dict[str, Held]
