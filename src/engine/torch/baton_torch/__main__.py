"""The engine process. Its settings come as one JSON line on standard input; its address goes as one JSON line to
standard output. It ends when its input ends, which is also what happens when its parent dies."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import threading
from typing import NoReturn

# Threads that wait for one another by spinning make every step many times slower on a machine that has other work
# (sandboxed programs run beside the engine); it must be said before PyTorch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import uvicorn
from pydantic import ValidationError

from .engine import Engine
from .server import make_app
from .settings import Settings


def _say(value: dict[str, str]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def _end_with_input() -> None:
    """Reads on until standard input ends; then nobody is there that could use this process."""

    def wait() -> None:
        while sys.stdin.buffer.readline():
            pass
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


async def _serve(settings: Settings) -> None:
    engine = await Engine.open(settings)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", settings.port))
    config = uvicorn.Config(
        make_app(engine, settings.token), log_level="warning", access_log=False, timeout_keep_alive=120
    )
    server = uvicorn.Server(config)
    port = listener.getsockname()[1]
    listener.listen(1024)
    _say({"url": f"http://127.0.0.1:{port}", "backend": str(engine.health()["backend"])})
    await server.serve(sockets=[listener])


def main() -> NoReturn:
    try:
        settings = Settings.model_validate_json(sys.stdin.buffer.readline())
        _end_with_input()
        asyncio.run(_serve(settings))
    except ValidationError as error:
        _say({"error": f"the settings do not fit: {error}"})
        sys.exit(1)
    except Exception as error:
        _say({"error": str(error) or type(error).__name__})
        print(repr(error), file=sys.stderr)
        sys.exit(1)
    sys.exit(0)


if __name__ == "__main__":
    main()
