"""Many small cuts of one limit become one exception, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from pipelines.publish.cells import read_csv
from pipelines.publish.condense import Row, condensed
from stockwright.plan import Finding


def cut(place: int, money: float, limit: str = "CENTRAL_STOCK") -> Row:
    message = {"limit": limit, "units": 2.0, "kept": 0.0}
    return Row("LIMIT_CUT", "medium", place, f"s{place:04d}", "east", money, message)


def test_the_cuts_that_make_up_most_of_the_money_are_named_and_the_rest_is_counted() -> None:
    rows = [cut(i, 1.0) for i in range(30)] + [cut(90, 120.0), cut(91, 40.0)]
    out = condensed(rows)
    assert [row.money for row in out] == [120.0, 40.0, 30.0]
    rest = out[-1]
    assert (rest.code, rest.series, rest.sku) == ("LIMIT_CUT_REST", -1, "")
    assert rest.message["keys"] == 30
    assert rest.message["units"] == 60.0


def test_no_limit_names_more_than_fifty_cuts_and_no_money_is_lost() -> None:
    other = Row("NO_LANE", "high", 1, "x", "east", 7.0, {})
    rows = [cut(i, 1.0 + i / 1000) for i in range(2000)]
    rows += [cut(i, 3.0, "BUDGET") for i in range(900)] + [other]
    out = condensed(rows)
    assert len(out) == 1 + 2 * 51
    assert other in out
    assert sum(row.money for row in out) == pytest.approx(sum(row.money for row in rows))
    assert condensed(rows[::-1]) == [out[0], *out[1:]]


def test_what_many_keys_of_a_location_say_alike_is_counted_beyond_the_first() -> None:
    """Of each location by itself; what differs in any figure, or is rare, stays as it is."""

    def row(code: str, place: int, location: str, date: str = "") -> Row:
        told = {"date": date} if date else {}
        return Row(code, "medium", place, f"s{place:04d}", location, float(place), told)

    rows = [row("STALE_STOCK", i, "east", "2026-01-01") for i in range(60)]
    rows += [row("STALE_STOCK", i, "west", "2026-01-02") for i in range(5)]
    rows += [row("EXPIRY", i, "east", "2026-01-03") for i in range(40)]
    out = condensed(rows)
    named = [each for each in out if each.code == "STALE_STOCK" and each.location == "east"]
    (rest,) = [each for each in out if each.code == "SAME_REST"]
    assert [each.money for each in named] == [float(i) for i in range(59, 39, -1)]
    assert (rest.location, rest.message["keys"], rest.money) == ("east", 40, sum(range(40)))
    assert len(out) == 20 + 1 + 5 + 40


def test_a_few_cuts_are_all_named() -> None:
    assert condensed([cut(1, 5.0), cut(2, 0.01)]) == [cut(1, 5.0), cut(2, 0.01)]
    assert condensed([]) == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_published_rest_says_its_numbers_and_keeps_its_name(publish, parts, language) -> None:
    def run(name: str, money: float, **other) -> pd.DataFrame:
        message = {"limit": "CAPACITY", "units": 3.0, "kept": 0.0}
        found = [Finding("LIMIT_CUT", "medium", 0, 900.0, message)]
        found += [Finding("LIMIT_CUT", "medium", i, money, message) for i in (3, 4, 6, 7)]
        plan = replace(parts.plan, findings=tuple(found))
        table = pd.DataFrame(
            read_csv(publish(name, plan=plan, language=language) / "exceptions.csv")
        )
        return table[table["code"] == "LIMIT_CUT_REST"]

    row = run("a", 2.0).iloc[0]
    assert row["money_at_stake"] == "8"
    assert row["sku"] == ""
    for number in ("12", "4"):
        assert number in row["message"]
    assert "{" not in row["message"]
    assert run("b", 3.0)["exception_id"].tolist() == [row["exception_id"]]
