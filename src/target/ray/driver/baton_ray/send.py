"""Results to whoever asks, over the job's log, which is what the Jobs API gives back: a folder's files with hashes and
sizes, or a piece of the bytes of some of them."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from .files import measure

PART = 48 * 1024 * 1024
"""bytes a job sends; who asks comes again for the rest"""
LINE = 57 * 1024


def order(path: Path) -> tuple[bool, bool, Path]:
    """Logs come first, so that what they name is listed as well where all of it is being written."""
    return path.name != "run.jsonl", path.suffix != ".jsonl", path


def files(folder: Path) -> list[str]:
    """A line for each plain file. One that is being written is told as far as it is there."""
    lines = []
    for path in sorted(folder.rglob("*"), key=order):
        if path.is_symlink() or not path.is_file():
            continue
        try:
            value, size = measure(path)
        except FileNotFoundError:
            continue
        lines.append(f"{value} {size} ./{path.relative_to(folder)}")
    return lines


def piece(folder: Path, wanted: list[tuple[str, int]], start: int, most: int = PART) -> bytes:
    """At most so many bytes from `start` on of "size, newline, bytes" of each file. Zeros stand for what a file has
    lost since it was listed."""
    out = b""
    for name, size in wanted:
        head = b"%d\n" % size
        if start >= len(head) + size:
            start -= len(head) + size
            continue
        at = max(0, start - len(head))
        out += head[start:]
        length = max(0, min(size - at, most - len(out)))
        out += part_of(folder / name, at, length).ljust(length, b"\0")
        if len(out) >= most:
            break
        start = 0
    return out


def part_of(path: Path, at: int, length: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(at)
            return file.read(length)
    except FileNotFoundError:
        return b""


def say(title: str, lines: Iterable[str]) -> None:
    """Writes lines into the job's log, each marked as ours: Ray writes lines of its own there, at any time."""
    sys.stdout.write("".join([f"{title}\n", *(f"|{line}\n" for line in lines), "BATON-END\n"]))
    sys.stdout.flush()


def main() -> None:
    """`want.json`: {"folder": ...} for the list, and with "files": [[path, size]] and "from" for a piece of them; the
    folder is below the home folder unless absolute."""
    want = json.loads(Path("want.json").read_text())
    folder = Path.home() / Path(want["folder"]).expanduser()
    if "files" in want:
        data = piece(folder, want["files"], want["from"])
        parts = (data[at : at + LINE] for at in range(0, len(data), LINE))
        say("BATON-DATA", (base64.b64encode(part).decode() for part in parts))
    else:
        say("BATON-FILES", files(folder))


if __name__ == "__main__":
    main()
