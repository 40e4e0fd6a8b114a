"""Policies on disk. A version is a folder that appears whole or not at all, and never changes afterwards."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import torch
from pydantic import BaseModel
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from .adam import AdamState, Tensors
from .errors import EngineError
from .network import Network
from .protocol import Checkpoint, Held, UpdateReply


class Made(BaseModel):
    """What made a version: kept beside it, so that the same update sent again gets the same answer."""

    hash: str
    parent: str
    parent_hash: str
    reply: UpdateReply


def split_name(policy: str) -> tuple[str, str]:
    role, _, version = policy.partition("@")
    return role, version


def is_base(policy: str) -> bool:
    """`v0` of every role is the base."""
    return split_name(policy)[1] == "v0"


def sync(path: Path) -> None:
    """Waits until a file or folder is on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_durably(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_text(text)
    sync(part)
    part.rename(path)
    sync(path.parent)


def read_tensors(path: Path) -> tuple[Tensors, dict[str, str]]:
    """Tensors and notes of a safetensors file."""
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise EngineError("checkpoint.damaged", 409, f"{path} cannot be read: {error}") from error


class Store:
    def __init__(self, folder: Path, network: Network) -> None:
        self._network = network
        self._policies = folder / "policies"
        self._checkpoints = folder / "checkpoints"
        self._policies.mkdir(parents=True, exist_ok=True)
        self._checkpoints.mkdir(parents=True, exist_ok=True)
        self._check_base(folder / "base.json")
        # A version whose writer was killed has its working name still: nobody was told about it.
        for working in self._policies.glob("*/.*"):
            shutil.rmtree(working)

    def _check_base(self, path: Path) -> None:
        """Adapters mean nothing over another base: a folder belongs to one base and one method."""
        network = self._network
        own = {"base_hash": network.base_hash, "method": network.method}
        if not path.exists():
            write_durably(path, json.dumps(own))
            return
        found = json.loads(path.read_text())
        if found == own:
            return
        if found != own | {"base_hash": network.earlier_base_hash}:
            raise EngineError(
                "base.other",
                409,
                f"{path.parent} holds policies over another base or method ({found['method']}, base "
                f"{found['base_hash'][:12]}; asked for {own['method']}, base {own['base_hash'][:12]}): "
                "give this base a folder of its own",
            )
        # The log that goes with the folder, and its versions, call the base so.
        network.base_hash = network.earlier_base_hash

    def names(self) -> list[str]:
        """`role@version` of all trained versions."""
        return sorted(
            f"{version.parent.name}@{version.name}"
            for version in self._policies.glob("*/*")
            if not version.name.startswith(".")
        )

    def folder(self, policy: str) -> Path:
        role, version = split_name(policy)
        return self._policies / role / version

    def has(self, policy: str) -> bool:
        return is_base(policy) or self.folder(policy).exists()

    def made(self, policy: str) -> Made:
        return Made.model_validate_json((self.folder(policy) / "made.json").read_text())

    def hash(self, policy: str) -> str:
        self._known(policy)
        return self._network.base_hash if is_base(policy) else self.made(policy).hash

    def _known(self, policy: str) -> None:
        if not self.has(policy):
            known = ", ".join(self.names()) or "none yet"
            raise EngineError("policy.unknown", 404, f"no policy {policy} here; besides v0 of every role: {known}")

    def read(self, policy: str) -> Tensors:
        """Weights of a version, float32 on the host; for v0 those that a first update starts from. Raises where
        they are unknown or were changed on disk."""
        self._known(policy)
        if is_base(policy):
            return self._network.fresh(split_name(policy)[0])
        path = self.folder(policy) / self._network.weights_file
        weights, _ = read_tensors(path)
        network, wanted = self._network, self.made(policy).hash
        # What was promoted before may have been hashed with the base's earlier name.
        if wanted != network.hash(weights) and wanted != network.hash(weights, network.earlier_base_hash):
            raise EngineError("checkpoint.damaged", 409, f"{path} does not have the hash that it was saved with")
        return weights

    def read_adam(self, policy: str) -> AdamState | None:
        """The optimiser's state of a trained version, or None for the base."""
        if is_base(policy):
            return None
        path = self.folder(policy) / "optimizer.safetensors"
        if not path.exists():
            raise EngineError(
                "optimizer.missing",
                409,
                f"{policy} has no optimiser state: it was dropped when a later version was made; start from "
                "the latest one or from a checkpoint",
            )
        tensors, notes = read_tensors(path)
        part = {
            kind: {n.removeprefix(f"{kind}."): t for n, t in tensors.items() if n.startswith(f"{kind}.")}
            for kind in ("mean", "square")
        }
        return AdamState(int(notes["step"]), part["mean"], part["square"])

    def write(self, policy: str, weights: Tensors, adam: AdamState, parent: str, reply: UpdateReply) -> None:
        """Saves a new version; when this returns it is on disk."""
        role, version = split_name(policy)
        working = self._policies / role / f".{version}"
        shutil.rmtree(working, ignore_errors=True)
        working.mkdir(parents=True)
        files = [working / self._network.weights_file, working / "optimizer.safetensors"]
        save_file(_plain(weights), files[0], metadata={"format": "pt"})
        state = {f"mean.{n}": t for n, t in adam.mean.items()} | {f"square.{n}": t for n, t in adam.square.items()}
        # One note only: several are written in a random order, and equal states should be equal files.
        save_file(_plain(state), files[1], metadata={"step": str(adam.step)})
        self._network.write_format(str(working))
        for file in working.iterdir():
            sync(file)
        made = Made(hash=reply.hash, parent=parent, parent_hash=self.hash(parent), reply=reply)
        write_durably(working / "made.json", made.model_dump_json())
        working.rename(self.folder(policy))
        sync(self._policies / role)
        self._drop_old_adam(parent)

    def _drop_old_adam(self, parent: str) -> None:
        """Keeps optimiser states of the last two versions and of checkpoints: the others are rarely needed."""
        if is_base(parent):
            return
        before = self.made(parent).parent
        if not is_base(before) and self.has(before) and not self._holders(before):
            (self.folder(before) / "optimizer.safetensors").unlink(missing_ok=True)

    def checkpoints(self) -> list[Checkpoint]:
        return [Checkpoint.model_validate_json(path.read_text()) for path in sorted(self._checkpoints.glob("*.json"))]

    def _holders(self, policy: str) -> list[str]:
        role, version = split_name(policy)
        return [c.name for c in self.checkpoints() if role in c.policies and c.policies[role].version == version]

    def save_checkpoint(self, name: str, policies: dict[str, str]) -> Checkpoint:
        held = {role: Held(version=version, hash=self.hash(f"{role}@{version}")) for role, version in policies.items()}
        checkpoint = Checkpoint(name=name, policies=held)
        write_durably(self._checkpoints / f"{name}.json", checkpoint.model_dump_json())
        return checkpoint

    def load_checkpoint(self, name: str) -> Checkpoint:
        """A checkpoint whose policies were all read and have the hashes they were saved with."""
        known = self.checkpoints()
        found = next((c for c in known if c.name == name), None)
        if found is None:
            names = ", ".join(c.name for c in known) or "none"
            raise EngineError("checkpoint.unknown", 404, f"no checkpoint {name}; there are: {names}")
        for role, held in found.policies.items():
            policy = f"{role}@{held.version}"
            if not is_base(policy):
                self.read(policy)
            if self.hash(policy) != held.hash:
                raise EngineError(
                    "checkpoint.damaged", 409, f"checkpoint {name}: {policy} has changed since it was saved"
                )
        return found

    def delete_checkpoint(self, name: str) -> None:
        self.load_checkpoint(name)
        (self._checkpoints / f"{name}.json").unlink()

    def delete_policy(self, policy: str) -> None:
        """Deletes a version. One that is not here is deleted already: a request whose answer was lost is sent again."""
        if is_base(policy):
            raise EngineError("policy.held", 409, f"{policy} is the base")
        holders = self._holders(policy)
        if holders:
            raise EngineError("policy.held", 409, f"{policy} is held by checkpoint {', '.join(holders)}")
        if self.has(policy):
            shutil.rmtree(self.folder(policy))


def _plain(tensors: Tensors) -> Tensors:
    return {name: t.detach().to("cpu", torch.float32).contiguous() for name, t in tensors.items()}
