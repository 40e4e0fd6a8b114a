"""Runs a shell script of whoever asks on the head node; what it says goes back over the job's log."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from .send import say


def main() -> int:
    """`want.json`: {"script": ..., "args": [...]}. It starts in the home folder."""
    want = json.loads(Path("want.json").read_text())
    done = subprocess.run(
        ["sh", "-c", want["script"], "sh", *want["args"]],
        cwd=Path.home(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        errors="replace",
        timeout=120,
    )
    say("BATON-SAID", done.stdout.removesuffix("\n").split("\n"))
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
