"""What the nodes of the cluster have: rollouts go only where Node, git and a sandbox work."""

from __future__ import annotations

import os
import subprocess
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

PROBES = {
    "git": ["git", "--version"],
    "sandbox": ["bwrap", "--ro-bind", "/", "/", "--unshare-all", "--die-with-parent", "true"],
}


def lacks(node_program: str) -> list[str]:
    """What this node lacks for rollouts."""

    def works(command: list[str]) -> bool:
        try:
            return subprocess.run(command, capture_output=True, timeout=30).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False

    probes = {"node": [os.path.expanduser(node_program), "--version"], **PROBES}
    return [name for name, command in probes.items() if not works(command)]


def able_nodes(node_program: str) -> tuple[list[str], list[str]]:
    """Ids of the nodes that can carry rollouts, and a sentence for each that cannot."""
    probe = ray.remote(lacks)
    asked: list[tuple[dict[str, Any], Any]] = []
    for node in ray.nodes():
        if node["Alive"]:
            where = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            asked.append((node, probe.options(num_cpus=0, scheduling_strategy=where).remote(node_program)))
    able: list[str] = []
    unable: list[str] = []
    for node, answer in asked:
        try:
            missing = ray.get(answer, timeout=120)
        except Exception as error:
            missing = [f"an answer ({str(error).splitlines()[0]})"]
        if missing:
            unable.append(f"{node['NodeManagerAddress']} carries no rollouts: it lacks {', '.join(missing)}")
        else:
            able.append(node["NodeID"])
    return able, unable
