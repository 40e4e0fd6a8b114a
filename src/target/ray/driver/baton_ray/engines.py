"""One engine or several: which of them answers for a role, and one copy of what they all made."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

CHECKPOINTS = "/baton/v1/checkpoints"
UPDATE = "/baton/v1/update"
LIST = b'{"action":"list"}'
Answer = tuple[int, bytes]
Ask = Callable[[int, bytes], Answer]


def role_of(policy: str) -> str:
    return policy.partition("@")[0]


class Dealt:
    """Roles dealt over engines by turns. Travels to the nodes that carry rollouts."""

    def __init__(self, actors: list[Any], roles: list[str]) -> None:
        self.actors = actors
        self._at = {role: at % len(actors) for at, role in enumerate(roles)}

    def of(self, role: str) -> int:
        """The engine of a role; the first one for what belongs to none, such as the reference."""
        return self._at.get(role, 0)

    def answering(self, path: str, body: bytes) -> int:
        """The engine that answers a request about one policy."""
        if len(self.actors) == 1 or not body:
            return 0
        asked = json.loads(body)
        return self.of(str(asked["role"]) if path == UPDATE else role_of(str(asked.get("model", ""))))

    def call(self, method: str, path: str, body: bytes) -> Any:
        """A reference to the answer of the engine that the request belongs to."""
        return self.actors[self.answering(path, body)].call.remote(method, path, body)


def checkpoints(dealt: Dealt, body: bytes, ask: Ask) -> Answer:
    """A request about checkpoints, which hold policies of all engines: each is asked for its own part."""
    asked = json.loads(body)
    everybody = range(len(dealt.actors))
    if asked["action"] == "save":
        own = {at: {r: v for r, v in asked["policies"].items() if dealt.of(r) == at} for at in everybody}
        parts = {at: {**asked, "policies": policies} for at, policies in own.items() if policies}
    elif asked.get("name") is not None:
        # An engine that has no role in it knows none of this name; where none does, the first one says so.
        listed = [(at, ask(at, LIST)) for at in everybody]
        holding = [at for at, (_, text) in listed if asked["name"] in {c["name"] for c in _checkpoints(text)}]
        parts = {at: {**asked, **_policies(dealt, asked, at)} for at in holding or [0]}
    elif asked.get("policies"):
        own_of = {at: _policies(dealt, asked, at) for at in everybody}
        parts = {at: {**asked, **policies} for at, policies in own_of.items() if policies["policies"]}
    else:
        parts = dict.fromkeys(everybody, asked)
    done = _merged([ask(at, json.dumps(part).encode()) for at, part in parts.items()])
    if done[0] != 200 or asked["action"] in ("save", "load"):
        return done
    return _merged([ask(at, LIST) for at in everybody])


def _policies(dealt: Dealt, asked: dict[str, Any], at: int) -> dict[str, Any]:
    named = asked.get("policies")
    return {} if named is None else {"policies": [name for name in named if dealt.of(role_of(name)) == at]}


def _checkpoints(text: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)["checkpoints"]
    return found


def _merged(answers: Iterable[Answer]) -> Answer:
    """The first refusal, or one list in which a checkpoint has the policies of all."""
    merged: dict[str, dict[str, Any]] = {}
    for status, text in answers:
        if status != 200:
            return status, text
        for each in _checkpoints(text):
            merged.setdefault(each["name"], {"name": each["name"], "policies": {}})["policies"].update(each["policies"])
    return 200, json.dumps({"checkpoints": list(merged.values())}).encode()


def write_checkpoints(weights: Path, answer: bytes) -> None:
    """The driver's own list of checkpoints, each with the policies of all engines."""
    folder = weights / "checkpoints"
    folder.mkdir(parents=True, exist_ok=True)
    known = {each["name"]: each for each in _checkpoints(answer)}
    for path in folder.glob("*.json"):
        if path.stem not in known:
            path.unlink()
    for name, each in known.items():
        part = folder / f".{name}.part"
        part.write_text(json.dumps(each))
        part.replace(folder / f"{name}.json")


def drop(weights: Path, policies: list[str]) -> None:
    """Removes versions that an engine elsewhere has removed."""
    for policy in policies:
        role, _, version = policy.partition("@")
        shutil.rmtree(weights / "policies" / role / version, ignore_errors=True)
