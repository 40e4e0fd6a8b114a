"""Conversations to prompt token ids, and tokens back to text. No text that somebody wrote can produce a token that
ends a turn or begins one."""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import transformers
from tokenizers import Tokenizer

from .base import Place
from .errors import invalid
from .protocol import Message


class Chat(Protocol):
    def prompt(self, messages: list[Message]) -> list[int]:
        """Ids of the conversation up to where the reply begins."""

    def text(self, ids: list[int]) -> str:
        """Text of sampled ids; special tokens give nothing."""


def open_chat(place: Place) -> Chat:
    """The base's own way to talk: that of Baton's small model where its `baton.json` is there."""
    folder = Path(place.source)
    if (folder / "baton.json").is_file():
        return SmallChat(folder)
    return TemplateChat(place)


class SmallChat:
    """`<bos> first user message [<fix> feedback] <act>`; feedback is the first line of the last user message."""

    LONGEST_FEEDBACK = 160

    def __init__(self, folder: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
        self._special = {name: vocabulary[f"<{name}>"] for name in ("pad", "bos", "eos", "act", "fix")}
        self._hidden = set(self._special.values())

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def prompt(self, messages: list[Message]) -> list[int]:
        said = [m.content for m in messages if m.role == "user"]
        if not said:
            raise invalid("a conversation for the embedded model needs a user message")
        repair: list[int] = []
        if len(said) > 1:
            feedback = said[-1].lstrip().split("\n", 1)[0]
            repair = [self._special["fix"], *self._encode(feedback[: self.LONGEST_FEEDBACK])]
        return [self._special["bos"], *self._encode(said[0].strip()), *repair, self._special["act"]]

    def text(self, ids: list[int]) -> str:
        shown = [i for i in ids if i not in self._hidden]
        out: str = self._tokenizer.decode(shown, skip_special_tokens=False) if shown else ""
        return out


def _is_text(token: str) -> bool:
    """Words and blanks that a tokenizer added stand in every text."""
    return all(letter.isalnum() or letter.isspace() for letter in token)


class TemplateChat:
    """A Hugging Face tokenizer and its chat template."""

    def __init__(self, place: Place) -> None:
        self._tokenizer = transformers.AutoTokenizer.from_pretrained(place.source, **place.options)
        if not self._tokenizer.chat_template:
            raise ValueError(
                f"{place.source}: its tokenizer has no chat template, so it cannot answer conversations; use an "
                "instruction-tuned model, or add chat_template.jinja to its folder"
            )
        self._control = self._find_control()

    def _find_control(self) -> frozenset[int]:
        """Ids that no message may spell: special tokens, whether or not the tokenizer has a name for them, and what
        else the template writes around messages in tokens of their own."""
        added = self._tokenizer.added_tokens_decoder
        said = [{"role": role, "content": "a"} for role in ("user", "assistant", "user")]
        around = ""
        for probe in (said, said[:1]):
            with suppress(Exception):
                around = self._render(probe)
                break
        written = (i for i, token in added.items() if token.content in around and not _is_text(token.content))
        special = (i for i, token in added.items() if token.special)
        return frozenset([*self._tokenizer.all_special_ids, *special, *written])

    def prompt(self, messages: list[Message]) -> list[int]:
        said = [{"role": m.role, "content": m.content} for m in messages]
        forged = any(not self._control.isdisjoint(self._encode(m.content, plain=False)) for m in messages)
        try:
            return self._guarded(said) if forged else self._encode(self._render(said), plain=False)
        except Exception as error:
            if type(error).__module__.startswith("jinja2"):
                raise invalid(f"the model's chat template refuses this conversation: {error}") from error
            raise

    def _render(self, said: list[dict[str, str]]) -> str:
        text: str = self._tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=True)
        return text

    def _encode(self, text: str, plain: bool) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False, split_special_tokens=plain)
        return ids

    def _guarded(self, said: list[dict[str, str]]) -> list[int]:
        """Where a message spells a special token: the template is rendered around marks, and each message's text
        is encoded apart, as text only."""
        mark = secrets.token_hex(12)
        text = self._render([{**m, "content": f"[{mark}:{i}]"} for i, m in enumerate(said)])
        ids: list[int] = []
        while text:
            before, found, rest = text.partition(f"[{mark}:")
            ids += self._encode(before, plain=False) if before else []
            if not found:
                break
            number, _, text = rest.partition("]")
            ids += self._plain(said[int(number)]["content"])
        return ids

    def _plain(self, text: str) -> list[int]:
        """Ids of a text without any control token. Those that are not marked as special are found in it all the
        same, and only where they stand whole."""
        ids = self._encode(text, plain=True)
        if len(text) < 2 or self._control.isdisjoint(ids):
            return ids
        middle = len(text) // 2
        return self._plain(text[:middle]) + self._plain(text[middle:])

    def text(self, ids: list[int]) -> str:
        out: str = self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return out
