"""Files of a job: what travels, what is packed, and their hashes."""

from __future__ import annotations

import fcntl
import io
import os
import shutil
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

Times = dict[str, int]


def measure(path: Path) -> tuple[str, int]:
    """SHA-256 of a file's bytes, in hexadecimal, and how many they are."""
    size = 0
    with path.open("rb") as file:
        state = sha256()
        while chunk := file.read(1 << 20):
            state.update(chunk)
            size += len(chunk)
    return state.hexdigest(), size


def bring(source: Path, to: Path) -> None:
    """Copies every file that is absent there or another."""
    for path in sorted(p for p in source.rglob("*") if p.is_file()):
        own = to / path.relative_to(source)
        if own.is_file() and measure(own) == measure(path):
            continue
        own.parent.mkdir(parents=True, exist_ok=True)
        part = own.with_name(own.name + ".part")
        shutil.copyfile(path, part)
        part.replace(own)


def times(folder: Path, skip: str = "") -> Times:
    """A folder's plain files by path, each with when it was written, without those below `skip`."""
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink() and path.relative_to(folder).parts[0] != skip
    }


def pack(folder: Path, known: Times | None = None, skip: str = "") -> tuple[bytes, Times]:
    """An archive of a folder's plain files without those of a known path and time, and the times of all."""
    found = times(folder, skip)
    return archive(folder, [name for name, time in found.items() if known is None or known.get(name) != time]), found


def archive(folder: Path, names: Iterable[str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as opened:
        for name in names:
            opened.add(folder / name, name)
    return out.getvalue()


def unpack(archive: bytes, to: Path) -> None:
    """Plain files and folders only, all below `to`."""
    to.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        opened.extractall(to, filter="data")


def drop_files(folder: Path, names: Iterable[str]) -> None:
    """Removes files, and the folders below `folder` that are empty then."""
    for name in names:
        (folder / name).unlink(missing_ok=True)
        for parent in (folder / name).parents:
            if parent == folder:
                break
            with suppress(OSError):
                parent.rmdir()


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """While one process writes or packs a folder, others wait."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)
