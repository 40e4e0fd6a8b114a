"""Helpers of the engine end with it, however it ends. A process that is killed cannot end its own children, and vLLM's
would stay and keep the device's memory: so a small process apart waits for the engine's end and then ends them."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys

MARK = "BATON_ENGINE_MARK"
"""variable by which the engine's helpers are known; what is started after it was set inherits it"""

# Its input ends when the engine does. Helpers are looked for until there are none: one may be starting another.
_WAIT = """
import os, signal, sys, time
mark = sys.stdin.buffer.readline().strip()
sys.stdin.buffer.read()
for _ in range(100):
    found = False
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                if mark not in file.read().split(b"\\0"):
                    continue
            with open(f"/proc/{pid}/stat", "rb") as file:
                if file.read().rpartition(b")")[2].split()[0] == b"Z":
                    continue
            os.kill(int(pid), signal.SIGKILL)
            found = True
        except OSError:
            continue
    if not found:
        break
    time.sleep(0.1)
"""

_guard: subprocess.Popen[bytes] | None = None


def guard_helpers() -> None:
    """From now on processes that this one starts end with it (Linux; elsewhere nothing is done)."""
    global _guard
    if _guard is not None or not os.path.isdir("/proc/self"):
        return
    mark = f"{MARK}={secrets.token_hex(16)}"
    # Apart from this process's group and session: what is sent to those must not end it first.
    _guard = subprocess.Popen([sys.executable, "-I", "-S", "-c", _WAIT], stdin=subprocess.PIPE, start_new_session=True)
    assert _guard.stdin is not None
    _guard.stdin.write(mark.encode() + b"\n")
    _guard.stdin.flush()
    os.environ[MARK] = mark.partition("=")[2]
