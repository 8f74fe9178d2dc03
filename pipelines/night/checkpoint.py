"""Checkpoints: the result of a step on disk, under the hash of all that went into it."""

from __future__ import annotations

import hashlib
import io
import pickle
import shutil
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

from pipelines.store.files import written_whole

_MAGIC = b"stockwright checkpoint 1\n"
_DIGEST_SIZE = 32
_SUFFIX = ".checkpoint"


class _HashingWriter(io.RawIOBase):
    """Passes bytes on to a file and hashes them on the way."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.hash = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self.hash.update(data)
        return self._file.write(data)


class _Pickler(pickle.Pickler):
    """A pickler that knows the read-only mappings of the language's types."""

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, MappingProxyType):
            return _read_only, (dict(value),)
        return NotImplemented


def _read_only(values: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(values)


class CheckpointFolder:
    """The checkpoints of one run: files that no other version of the code will read.

    The name of a file holds the step and the digest of its inputs; its last 32 bytes are the
    SHA-256 of all before them. A file that does not verify counts as absent.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, step: str, key: str) -> Path:
        """Where the result of ``step`` on inputs of digest ``key`` stands."""
        return self.folder / f"{step}-{key[:24]}{_SUFFIX}"

    def save(self, step: str, key: str, result: object) -> None:
        """Write the result; it appears whole or not at all. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with written_whole(self.path(step, key)) as file:
            writer = _HashingWriter(file)
            writer.write(_MAGIC)
            _Pickler(writer, protocol=5).dump(result)
            file.write(writer.hash.digest())

    def has(self, step: str, key: str) -> bool:
        """Whether a verified checkpoint of these inputs is there."""
        path = self.path(step, key)
        return path.is_file() and _verified(path)

    def load(self, step: str, key: str) -> Any:
        """Read a checkpoint that ``has`` verified."""
        with self.path(step, key).open("rb") as file:
            file.seek(len(_MAGIC))
            return pickle.load(file)

    def clear(self) -> None:
        """Remove all checkpoints of the run."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _verified(path: Path) -> bool:
    body = path.stat().st_size - _DIGEST_SIZE
    if body < len(_MAGIC):
        return False
    total = hashlib.sha256()
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            return False
        total.update(_MAGIC)
        left = body - len(_MAGIC)
        while left and (chunk := file.read(min(left, 1 << 20))):
            total.update(chunk)
            left -= len(chunk)
        return total.digest() == file.read(_DIGEST_SIZE)
