"""Words of names as codes: shared ones only, the same ones whatever the case or the script."""

from __future__ import annotations

import numpy as np

from pipelines.assemble.words import word_codes


def texts_of(names: list[str]) -> list[set[int]]:
    table = np.stack(list(word_codes(np.array(names, object)).values()))
    return [set(column[column >= 0].tolist()) for column in table.T]


def test_names_share_the_codes_of_the_words_that_they_share():
    red, also_red, blue, bare = texts_of(["Red MUG, 2 x", "mug red red", "blue mug", ""])
    assert red == also_red
    assert len(red) == 2
    assert len(blue & red) == 1
    assert bare == set()


def test_a_word_of_one_name_only_has_no_code():
    assert texts_of(["red lamp", "red mug"]) == [{0}, {0}]


def test_a_script_without_spaces_is_read_in_pairs():
    first, second = texts_of(["蓝色小号", "红色小号"])
    assert len(first & second) == 2  # 色小 and 小号
    assert first == second


def test_without_names_there_are_no_words():
    assert word_codes(np.array(["", "", ""], object)) == {}
    assert word_codes(np.array([], object)) == {}
