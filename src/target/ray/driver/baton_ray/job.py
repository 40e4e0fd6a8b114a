"""What a job is told about itself: `job.json` in the package that was sent."""

from __future__ import annotations

import ctypes
import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Job:
    name: str
    folder: str
    """where jobs are kept on the head node; under the home folder unless absolute"""
    node: str
    """the Node program on every node"""
    train: list[str]
    """arguments of the command line that carries the loop"""
    engine: list[str]
    """arguments of the command line that carries the engine"""
    engine_python: str | None
    workers: int
    """processes that carry rollouts; 0: the loop carries them itself"""
    roles: list[str]
    """those whose weights an engine holds"""
    engines: int
    """engines that the roles are dealt over; 0: one a role"""
    engine_cpus: float
    engine_gpus: float

    @staticmethod
    def read(path: Path) -> Job:
        return Job(**json.loads(path.read_text()))

    @property
    def program(self) -> str:
        """The Node program, on the node that asks."""
        return os.path.expanduser(self.node)

    @property
    def root(self) -> Path:
        return Path.home() / Path(self.folder).expanduser()

    @property
    def work(self) -> Path:
        return self.root / "jobs" / self.name / "work"

    @property
    def weights(self) -> Path:
        return self.root / "cache" / "baton" / "engines" / self.name

    def environment(self) -> dict[str, str]:
        """The environment of this job's processes: a cache and settings of their own, and no library threads that
        spin."""
        cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        own = {
            # Models of the hub, and the login for them, are its user's.
            "HF_HOME": os.environ.get("HF_HOME") or str(Path(cache, "huggingface")),
            "XDG_CACHE_HOME": str(self.root / "cache"),
            "XDG_CONFIG_HOME": str(self.root / "config"),
            "OMP_WAIT_POLICY": "PASSIVE",
        }
        python = {"BATON_TORCH_PYTHON": os.path.expanduser(self.engine_python)} if self.engine_python else {}
        # Ray gives its workers these for its own sake.
        inherited = {k: v for k, v in os.environ.items() if k not in {"OMP_NUM_THREADS", "PYTHONPATH"}}
        return {**inherited, **own, **python}


def end_with_parent() -> None:
    """In a child, before its program starts: asked to stop as soon as who started it is gone."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
