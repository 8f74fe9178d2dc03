"""Files are there whole or not at all."""

import pytest

from pipelines.store.files import digest, point_link, written_whole


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path):
    path = tmp_path / "plan.csv"
    path.write_bytes(b"old")

    def write_half():
        with written_whole(path) as file:
            file.write(b"half of the new")
            raise OSError("disk full")

    with pytest.raises(OSError, match="full"):
        write_half()
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["plan.csv"]


def test_a_link_is_replaced_without_a_moment_in_which_it_is_away(tmp_path):
    link = tmp_path / "latest"
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        point_link(link, name)
        assert link.resolve() == tmp_path / name
    assert sorted(p.name for p in tmp_path.iterdir()) == ["first", "latest", "second"]


def test_parts_of_a_digest_cannot_run_into_one_another():
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("ab", "c") == digest("ab", b"c")
