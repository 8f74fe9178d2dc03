"""A step runs once for its inputs; any change of them runs it and all after it again."""

from types import MappingProxyType

import numpy as np
import pytest

from pipelines.night.checkpoint import CheckpointFolder
from pipelines.night.steps import StepRunner


class Counted:
    def __init__(self, result):
        self.result, self.calls = result, 0

    def __call__(self):
        self.calls += 1
        return self.result


def walk(folder, resume, works, depends=("", "", "")):
    steps = StepRunner(CheckpointFolder(folder), "inputs", lambda event: None, resume)
    for name, work, depend in zip("abc", works, depends, strict=True):
        assert steps.run(name, work, depend) == work.result
    return steps


def test_a_resumed_walk_loads_what_ended_and_runs_the_rest(tmp_path):
    works = [Counted(1), Counted("two"), Counted([3.0])]
    walk(tmp_path, False, works)
    next(tmp_path.glob("c-*")).unlink()
    steps = walk(tmp_path, True, works)
    assert [work.calls for work in works] == [1, 1, 2]
    assert steps.resumed == ["a", "b"]


def test_a_changed_dependency_runs_its_step_and_all_after_it(tmp_path):
    works = [Counted(1), Counted(2), Counted(3)]
    walk(tmp_path, False, works)
    walk(tmp_path, True, works, ("", "another model", ""))
    assert [work.calls for work in works] == [1, 2, 2]


def test_without_resume_nothing_is_loaded(tmp_path):
    works = [Counted(1), Counted(2), Counted(3)]
    walk(tmp_path, False, works)
    walk(tmp_path, False, works)
    assert [work.calls for work in works] == [2, 2, 2]


@pytest.mark.parametrize("damage", [slice(0, 10), slice(0, 200), slice(0, -1)])
def test_a_checkpoint_that_was_cut_off_counts_as_absent(tmp_path, damage):
    folder = CheckpointFolder(tmp_path)
    folder.save("panel", "k" * 64, list(range(100)))
    path = folder.path("panel", "k" * 64)
    assert folder.has("panel", "k" * 64)
    path.write_bytes(path.read_bytes()[damage])
    assert not folder.has("panel", "k" * 64)


def test_a_flipped_bit_is_noticed(tmp_path):
    folder = CheckpointFolder(tmp_path)
    folder.save("panel", "k" * 64, np.arange(100.0))
    path = folder.path("panel", "k" * 64)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert not folder.has("panel", "k" * 64)


def test_frozen_types_with_read_only_mappings_come_back_the_same(tmp_path):
    folder = CheckpointFolder(tmp_path)
    codes = np.array([1, 2], np.int32)
    folder.save("panel", "k" * 64, MappingProxyType({"category": codes}))
    loaded = folder.load("panel", "k" * 64)
    assert isinstance(loaded, MappingProxyType)
    np.testing.assert_array_equal(loaded["category"], codes)
