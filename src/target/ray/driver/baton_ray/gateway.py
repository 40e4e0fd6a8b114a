"""Routes on loopback for one process of ours: to the engine's actor, and, for the loop, to the shards."""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Call = Callable[[str, str, bytes], tuple[int, bytes]]


class Gateway:
    """A server that answers what carries its token, until it is closed."""

    def __init__(self, call: Call) -> None:
        token = secrets.token_hex(24)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                given = self.headers.get("authorization", "").encode()
                try:
                    if hmac.compare_digest(given, f"Bearer {token}".encode()):
                        status, reply = call(self.command, self.path, body)
                    else:
                        status, reply = refusal(401, "token.wrong", "this gateway needs its bearer token")
                except Exception as error:
                    status, reply = refusal(502, "engine.lost", str(error).strip()[-2000:])
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            do_GET = do_POST = answer

            def log_message(self, format: str, *args: object) -> None:
                """Nothing: the loop writes what happened."""

        class Server(ThreadingHTTPServer):
            # Every rollout of a step may ask at once.
            request_queue_size = 1024
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.address = {"url": f"http://127.0.0.1:{self._server.server_address[1]}", "token": token}
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def refusal(status: int, code: str, message: str) -> tuple[int, bytes]:
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return status, json.dumps({"error": {"code": code, "message": message, "type": kind}}).encode()
