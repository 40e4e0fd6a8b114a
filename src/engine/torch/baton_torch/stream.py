"""A whole reply as the events of a stream, as OpenAI's clients read them."""

from __future__ import annotations

import json
from typing import Any


def streamed(reply: dict[str, Any], usage: bool) -> str:
    """All it says at once, why it ended, and, where `usage` is asked for, what it used."""
    same = {key: reply[key] for key in ("id", "created", "model", "system_fingerprint")}
    same["object"] = "chat.completion.chunk"
    choice = dict(reply["choices"][0])
    ended = choice.pop("finish_reason")
    message = choice.pop("message")
    said = {**choice, "delta": message, "finish_reason": None}
    first = {key: reply[key] for key in ("prompt_token_ids",) if key in reply}
    chunks = [
        {**same, **first, "choices": [said]},
        {**same, "choices": [{"index": 0, "delta": {}, "logprobs": None, "finish_reason": ended}]},
    ]
    if usage:
        chunks.append({**same, "choices": [], "usage": reply["usage"]})
    return "".join(f"data: {data}\n\n" for data in [*map(json.dumps, chunks), "[DONE]"])
