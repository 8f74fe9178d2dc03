"""Names and keys of the panel."""

from __future__ import annotations

import numpy as np
import pytest

from stockwright.errors import DataError
from stockwright.panel import SeriesIndex, text_hash


def test_texts_hash_to_the_published_values_of_fnv_1a() -> None:
    """The test vectors that Fowler, Noll and Vo publish for 64 bits, and any mix of lengths."""
    known = {
        "": 0xCBF29CE484222325, "a": 0xAF63DC4C8601EC8C, "foobar": 0x85944171F73967E8,
    }  # fmt: skip
    assert text_hash([*known]).tolist() == [*known.values()]
    assert len(text_hash([])) == 0
    texts = ["短袖👕", "00123", "", "123", "x" * 300]
    apart = [int(text_hash([text])[0]) for text in texts]
    assert text_hash(texts).tolist() == apart
    assert len(set(apart)) == len(texts)


def test_the_hash_of_a_key_depends_on_its_own_names_alone() -> None:
    codes = np.arange(8)
    index = SeriesIndex(("a", "b", "c", "d"), ("x", "y"), codes // 2, codes % 2)
    few = SeriesIndex(("b", "d"), ("y",), np.array([0, 1]), np.array([0, 0]))
    rows = np.array([3, 7])
    assert index.take(rows).key_hash().tolist() == index.key_hash()[rows].tolist()
    assert few.key_hash().tolist() == index.key_hash()[rows].tolist()


@pytest.mark.parametrize("names", [("b", "a"), ("a", "a")])
def test_name_tables_out_of_order_are_refused(names: tuple[str, ...]) -> None:
    none = np.zeros(0, np.int32)
    with pytest.raises(DataError, match="skus must be sorted and unique"):
        SeriesIndex(names, ("x",), none, none)
