"""Lines of earlier nights are found by name, and their codes stay text."""

import pytest

from pipelines.store.published import published_clearance, published_lines

ORDERS = "line_id,supplier,destination,sku,units,available_date,explanation\n"
TRANSFERS = "line_id,source,destination,sku,units,available_date\n"


@pytest.fixture
def nights(tmp_path):
    for day, orders, transfers in (
        ("20", "a,S1,east,00123,5,2026-11-27,\nb,S1,east,123,6,2026-11-27,\n", ""),
        ("21", "c,S1,east,00123,7,2026-11-28,\n", "d,central,east,NA,8,2026-11-23\n"),
    ):
        folder = tmp_path / f"2026-11-{day}"
        folder.mkdir()
        (folder / "orders.csv").write_text(ORDERS + orders, "utf-8-sig")
        (folder / "transfers.csv").write_text(TRANSFERS + transfers, "utf-8-sig")
    return sorted(tmp_path.iterdir())


def test_wanted_lines_come_from_all_nights_and_others_stay_away(nights):
    lines = published_lines(nights, {"a", "c", "d", "unknown"}).set_index("line_id")
    assert sorted(lines.index) == ["a", "c", "d"]
    assert list(lines.loc["a"]) == ["00123", "east", "S1", 5.0, "2026-11-27", "order"]
    assert list(lines.loc["d"]) == ["NA", "east", "central", 8.0, "2026-11-23", "transfer"]


def test_nothing_wanted_reads_nothing(nights):
    (nights[0] / "orders.csv").unlink()
    assert published_lines(nights, set()).empty
    assert len(published_lines(nights, {"c"})) == 1


CLEARED = "line_id,sku,location,action,channel,step,start,new_price,explanation\n"


def test_lines_of_clearance_are_found_by_their_names(nights):
    for night, rows in zip(nights, ("C1,00123,,mark_down,,1,2026-11-21,8.5,\n", ""), strict=True):
        (night / "clearance.csv").write_text(CLEARED + rows, "utf-8-sig")
    (found,) = published_clearance(nights, {"C1", "C2", "a"}).to_dict("records")
    assert (found["sku"], found["location"], found["step"]) == ("00123", "", 1)
    assert (found["start"], found["new_price"]) == ("2026-11-21", 8.5)
    assert list(published_lines(nights, {"C1", "a"})["line_id"]) == ["a"]
    assert published_clearance(nights, {"a"}).empty
