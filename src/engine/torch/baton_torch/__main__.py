"""The engine process. Its settings come as one JSON line on standard input; its address goes as one JSON line to
standard output. It ends when its input ends, which is also what happens when its parent dies."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import threading
from collections.abc import Callable
from typing import NoReturn

# Threads that wait for one another by spinning make every step many times slower on a machine that has other work
# (sandboxed programs run beside the engine); it must be said before PyTorch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import uvicorn
from pydantic import ValidationError

from .engine import Engine
from .errors import EngineError
from .server import make_app
from .settings import Settings

Say = Callable[[dict[str, str]], None]


def _own_output() -> Say:
    """What says the one line that is owed on standard output. Whatever else is printed there, by libraries and by
    processes of theirs, goes to standard error from now on."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(value: dict[str, str]) -> None:
        answers.write(json.dumps(value) + "\n")
        answers.flush()

    return say


def _end_with_input() -> None:
    """Reads on until standard input ends; then nobody is there that could use this process."""

    def wait() -> None:
        while sys.stdin.buffer.readline():
            pass
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


async def serve(settings: Settings, say: Say) -> int:
    """Serves until it is told to end; the exit code."""
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
    say({"url": f"http://127.0.0.1:{port}", "backend": str(engine.health()["backend"])})

    def end(lost: asyncio.Future[str]) -> None:
        print(lost.result(), file=sys.stderr, flush=True)
        server.should_exit = True

    engine.lost.add_done_callback(end)
    await server.serve(sockets=[listener])
    engine.close()
    return 1 if engine.lost.done() else 0


def main() -> NoReturn:
    say = _own_output()
    try:
        settings = Settings.model_validate_json(sys.stdin.buffer.readline())
        _end_with_input()
        code = asyncio.run(serve(settings, say))
    except ValidationError as error:
        say({"error": f"the settings do not fit: {error}"})
        sys.exit(1)
    except EngineError as error:
        say({"error": error.message, "code": error.code})
        sys.exit(1)
    except Exception as error:
        say({"error": str(error) or type(error).__name__})
        print(repr(error), file=sys.stderr)
        sys.exit(1)
    sys.exit(code)


if __name__ == "__main__":
    main()
