"""Two engines of the driver, with a stand-in for `baton engine`; prints what is where, a line of JSON each."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path

import ray
from baton_ray.engine import Engines
from baton_ray.engines import UPDATE
from baton_ray.job import Job

STAND_IN = f"""#!{sys.executable}
import http.server, json, os, sys
from pathlib import Path

place = Path(sys.argv[sys.argv.index("--dir") + 1])

class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{{}}")
        if self.path == "{UPDATE}":
            role = place / "policies" / asked["role"]
            (role / "v2").mkdir(parents=True)
            (role / "v2" / "weights").write_text("new")
            (role / "v1" / "optimizer").unlink(missing_ok=True)
        files = sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())
        body = json.dumps({{"files": files, "pid": os.getpid()}}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(json.dumps({{"url": f"http://127.0.0.1:{{server.server_address[1]}}", "token": "t"}}), flush=True)
server.serve_forever()
"""


def main(folder: Path) -> None:
    program = folder / "node"
    program.write_text(STAND_IN)
    program.chmod(0o755)
    ray.init(num_cpus=4, include_dashboard=False, logging_level="error", log_to_driver=False)
    job = Job("j", str(folder), str(program), [], [], None, 0, ["a", "b"], 2, 1, 0)
    for name in ("weights", "optimizer"):
        path = job.weights / "policies" / "a" / "v1" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (job.weights / "checkpoints").mkdir()
    (job.weights / "checkpoints" / "base.json").write_text('{"name": "base", "policies": {}}')
    engines = Engines(job, lambda line: print(json.dumps(line)))

    def ask(path: str, **body: str) -> dict[str, object]:
        status, text = engines.call("POST", path, json.dumps(body).encode())
        assert status == 200, text
        return json.loads(text)

    ask(UPDATE, role="a")
    driver = sorted(str(p.relative_to(job.weights)) for p in job.weights.rglob("*") if p.is_file())
    print(json.dumps({"driver": driver}))
    found = ask("/say", model="a@v2")
    print(json.dumps({"engine": found["files"]}))
    # As on another node, where nothing of it is.
    for place in (job.root / "cache" / "baton" / "engines-apart").glob("*/0"):
        shutil.rmtree(place)
    os.kill(int(str(found["pid"])), signal.SIGKILL)
    print(json.dumps({"again": ask("/say", model="a@v2")["files"]}))
    engines.forget()


main(Path(sys.argv[1]))
