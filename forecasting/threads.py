"""Independent parts of a job on several threads: array work and LightGBM let go of the lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Part = TypeVar("Part")
Found = TypeVar("Found")


def in_order(call: Callable[[Part], Found], parts: Iterable[Part], threads: int) -> list[Found]:
    """``call`` of every part, in the order of the parts, at most ``threads`` of them at once."""
    if threads < 2:
        return [call(part) for part in parts]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(call, parts))
