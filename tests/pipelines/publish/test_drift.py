"""What the watch found, as rows, sentences and exceptions; and what it reads of earlier nights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from forecasting.watch.report import DriftReport, DriftRow
from forecasting.watch.sums import Segments
from pipelines.assemble.segments import segment_names
from pipelines.assemble.situation import Situation
from pipelines.config.drift import DriftConfig
from pipelines.ingest.schema import TABLES
from pipelines.ingest.table import empty_frame
from pipelines.publish.audit import audit
from pipelines.publish.cells import read_csv
from pipelines.publish.drift import COLUMNS, drift_findings, drift_table
from pipelines.publish.judged import Plain, judged_days, plain_days
from pipelines.publish.texts import load_texts
from pipelines.publish.watching import watched
from stockwright.forecast import Forecast

DAY = np.timedelta64(1, "D")
NO_TABLES = {name: empty_frame(TABLES[name]) for name in ("receipts", "sales")}


def row(kind="category", segment="toys", measure="bias", alert="alert", **other) -> DriftRow:
    numbers = {"value": 0.5, "low": 0.4, "high": 0.6, "usual": 0.02, "score": 5.0, "periods": 7}
    told = {"days": 7, "units": 150.0, "mean": 100.0}
    given = {"nights": 3, "money": 70.0, "told": told} | numbers | other
    return DriftRow(kind, segment, measure, alert=alert, **given)


INPUT = row(
    "input", "price", "stability", low=np.nan, high=np.nan, money=0.0,
    told={"days": 28, "now": 12.0, "before": 10.0, "year": np.nan},
)  # fmt: skip


def test_a_report_is_published_counted_and_audited(publish, parts) -> None:
    rows = (row(), row("location", "EAST", alert="watch"), row(fallback=True, segment="x"), INPUT)
    fallback = np.arange(parts.situation.panel.n_series) < 2
    situation = replace(parts.situation, drift=DriftReport(rows, fallback))
    folder = publish(situation=situation)
    assert audit(folder) == []
    table = read_csv(folder / "drift.csv")
    assert tuple(table) == COLUMNS
    assert table["alert"] == ["alert", "watch", "alert", "alert"]
    assert table["low"] == ["0.4", "0.4", "0.4", ""]
    said = pd.read_json(folder / "summary.json", typ="series")["drift"]
    assert said == {
        "alerts": 3,
        "watches": 1,
        "alerts_by_measure": {"bias": 2, "price": 1},
        "fallback": ["category x"],
        "fallback_keys": 2,
    }
    exceptions = read_csv(folder / "exceptions.csv")
    drifted = [c for c in exceptions["code"] if "DRIFT" in c or "FALLBACK" in c]
    assert sorted(drifted) == [
        "FORECAST_DRIFT", "FORECAST_DRIFT", "FORECAST_FALLBACK", "INPUT_DRIFT"
    ]  # fmt: skip
    assert len({*exceptions["exception_id"]}) == len(exceptions["exception_id"])


def test_without_a_report_the_file_is_there_and_empty(publish) -> None:
    folder = publish()
    assert read_csv(folder / "drift.csv") == {name: [] for name in COLUMNS}
    assert audit(folder) == []


def test_a_row_that_is_gone_fails_the_audit(publish, parts) -> None:
    folder = publish(situation=replace(parts.situation, drift=DriftReport((row(),))))
    path = folder / "drift.csv"
    path.write_bytes(path.read_bytes().replace(b",7,alert,", b",7,watch,"))
    assert any("drift.csv counts" in problem for problem in audit(folder))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (row(), "category toys: 150 sold in 7 days where 100 were forecast, +50.0%"),
        (row(usual=np.nan), "score +5.0; no earlier weeks to compare with"),
        (row("all", "all", "wape"), "all keys: the absolute error of 7 days was 50.0% of the 150"),
        (row(measure="above_q95"), "50.0% of the days and keys (95 % interval 40.0% to 60.0%)"),
        (INPUT, "price of each key: 12 in the last 28 days, 10 in the 56 days before; stability"),
        (INPUT, "a year before it was not known"),
        (row(score=np.nan), "category toys: nothing could be judged tonight"),
    ],
)
def test_the_evidence_is_a_sentence_in_numbers(given: DriftRow, said: str) -> None:
    table = drift_table(DriftReport((given,)), load_texts("en"))
    assert said in table["evidence"][0]
    assert "?" not in table["evidence"][0]
    assert "?" not in drift_table(DriftReport((given,)), load_texts("zh"))["evidence"][0]


def test_a_segment_is_one_exception_of_its_strongest_measure() -> None:
    rows = (row(score=4.0), row(measure="wape", score=6.0), row("location", "EAST"))
    found = drift_findings(DriftReport(rows), load_texts("en"))
    assert [(f.code, f.message["location"], f.money) for f in found] == [
        ("FORECAST_DRIFT", "", 70.0), ("FORECAST_DRIFT", "EAST", 70.0)
    ]  # fmt: skip
    assert "absolute error" in found[0].message["evidence"]


def test_days_are_judged_by_the_forecasts_of_earlier_nights(publish, parts) -> None:
    """What was published seven days ago beside the sales, in stock and without an event."""
    then = parts.as_of - 7 * DAY
    folder = publish(as_of=then)
    situation = parts.situation
    panel = situation.panel
    segments = Segments.of(segment_names(panel.index, situation.catalog), panel.n_series)
    days = judged_days(situation, segments, 7, [folder])
    published = pq.read_table(folder / "forecasts.parquet").to_pandas()
    published["date"] = pd.to_datetime(published["date"])
    calendar = panel.calendar.dates(0, panel.n_periods).astype("datetime64[ns]")
    for back in range(7):
        period = panel.origin - back
        told = published[published["date"] == calendar[period]]
        known = panel.status[:, period] == 0
        assert days.part("units")[0, back] == pytest.approx(panel.demand[known, period].sum())
        assert days.part("mean")[0, back] == pytest.approx(told["mean"].to_numpy()[known].sum())
        above = panel.demand[:, period] > told["q80"].to_numpy()
        assert days.part("above_0.8")[0, back] == above[known].sum()
    assert days.part("cells")[:, 7:].sum() == 0


def test_a_plain_forecast_is_judged_as_of_the_nights_that_were_published(publish, parts) -> None:
    """It is asked for from the close of the published night on, of what is looked at alone."""
    folder = publish(as_of=parts.as_of - 8 * DAY)
    situation = parts.situation
    panel = situation.panel
    segments = Segments.of(segment_names(panel.index, situation.catalog), panel.n_series)
    asked = []

    def plain(origin: int, rows: np.ndarray, steps: int) -> Forecast:
        asked.append((origin, rows.tolist(), steps))
        return Forecast.certain(panel.index.take(rows), origin, np.full((len(rows), steps), 3.0))

    rows = np.arange(1, panel.n_series)
    days = judged_days(situation, segments, 7, [folder])
    found = plain_days(situation, segments, 7, [folder], plain, rows)
    assert asked == [(panel.origin - 8, rows.tolist(), 8)]
    known = panel.status[:, -8:] == 0
    assert (found.part("cells") == days.part("cells")).all()
    assert (found.part("units") == days.part("units")).all()
    assert found.part("mean")[0, :8] == pytest.approx(3.0 * known[1:].sum(axis=0)[::-1])


def perfect(situation: Situation) -> Plain:
    """Forecasts what was sold."""
    panel = situation.panel

    def plain(origin: int, rows: np.ndarray, steps: int) -> Forecast:
        sold = situation.sold[rows, origin + 1 : origin + 1 + steps]
        return Forecast.certain(panel.index.take(rows), origin, sold)

    return plain


def wrong(origin: int, rows: np.ndarray, steps: int) -> Forecast:
    raise AssertionError("nothing begins to fall back tonight")


def test_the_first_night_says_nothing_and_the_next_ones_count_on(publish, parts) -> None:
    config = DriftConfig()
    assert watched(parts.situation, NO_TABLES, config, [], wrong).rows == ()
    off = DriftConfig(use=False)
    assert watched(parts.situation, NO_TABLES, off, [None], wrong).rows == ()
    folder = publish("old", as_of=parts.as_of - 8 * DAY)
    many = shifted(parts)
    found = watched(many, NO_TABLES, config, [folder], wrong)
    alerts = {r.key: r for r in found.alerts}
    assert alerts["all", "all", "bias"].nights == 1
    assert alerts["all", "all", "bias"].since == parts.as_of
    assert alerts["location", "EAST", "bias"].told["units"] > 1000
    assert not found.fallback.any()
    earlier = [folder, publish("night", **yesterday(parts, found))]
    again = watched(many, NO_TABLES, replace_nights(config, 2), earlier, perfect(many))
    counted = watched(many, NO_TABLES, replace_nights(config, 3), earlier, wrong)
    biases = {(r.nights, r.since) for r in counted.alerts if r.measure == "bias"}
    assert biases == {(2, parts.as_of - DAY)}
    assert {r.kind for r in again.fallbacks} >= {"all", "location"}
    assert {r.nights for r in again.fallbacks} == {1}
    assert again.fallback.all()


def test_a_plain_forecast_that_misses_more_stands_in_for_nothing(publish, parts) -> None:
    many = shifted(parts)
    folder = publish("old", as_of=parts.as_of - 8 * DAY)
    config = replace_nights(DriftConfig(), 1)

    def nothing(origin: int, rows: np.ndarray, steps: int) -> Forecast:
        index = many.panel.index.take(rows)
        return Forecast.certain(index, origin, np.zeros((len(rows), steps)))

    assert watched(many, NO_TABLES, config, [folder], perfect(many)).fallbacks
    assert not watched(many, NO_TABLES, config, [folder], nothing).fallbacks


def test_a_fallback_ends_after_its_nights_though_the_alert_goes_on(publish, parts) -> None:
    many, config = shifted(parts), DriftConfig()
    folder = publish("old", as_of=parts.as_of - 8 * DAY)
    found = watched(many, NO_TABLES, replace_nights(config, 1), [folder], perfect(many))
    assert found.fallbacks
    earlier = [folder, publish("night", **yesterday(parts, found))]
    longer = watched(many, NO_TABLES, replace_nights(config, 2), earlier, wrong)
    assert [r.key for r in longer.fallbacks] == [r.key for r in found.fallbacks]
    ended = watched(many, NO_TABLES, replace_nights(config, 1), earlier, wrong)
    assert not ended.fallbacks
    assert {r.nights for r in ended.alerts if r.measure == "bias"} == {1}


def shifted(parts) -> Situation:
    """The situation, had 40 times as much been sold in the last week."""
    demand = parts.situation.panel.demand.copy()
    demand[:, -7:] *= 40
    return replace(parts.situation, panel=replace(parts.situation.panel, demand=demand))


def yesterday(parts, found: DriftReport) -> dict:
    """The night before, which has found as much."""
    panel, as_of = parts.situation.panel, parts.as_of - DAY
    situation = replace(
        parts.situation, as_of=as_of, drift=found, panel=panel.until(panel.origin - 1)
    )
    return {"situation": situation, "as_of": as_of}


def replace_nights(config: DriftConfig, nights: int) -> DriftConfig:
    return config.model_copy(update={"fallback_nights": nights})
