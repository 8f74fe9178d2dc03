"""What became of the clearance lines of earlier nights: prices in force, and acts turned down."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.demand import Window, days_of
from pipelines.assemble.keys import Keys
from pipelines.assemble.prices import period_means, price_spans
from pipelines.assemble.spans import painted

CLEARED_COLUMNS = (
    *("line_id", "sku", "location", "action", "channel", "step", "start", "new_price"),
)
ANSWER_COLUMNS = (*CLEARED_COLUMNS, "night", "status", "by", "at", "reason")
_TAKEN = ("accepted", "changed", "ordered")
# Acts that set a price for customers, and that end it.
_PRICED, _LEAVING = ("mark_down", "promote"), ("return", "liquidate", "scrap")
_WEEK = 7
# Before every date.
_NEVER = -(1 << 40)


def no_answers() -> pd.DataFrame:
    """No answer to any clearance line, with ANSWER_COLUMNS."""
    return pd.DataFrame(columns=list(ANSWER_COLUMNS))


def clearance_answers(plan_status: pd.DataFrame, lines: pd.DataFrame | None) -> pd.DataFrame:
    """The last answer to each clearance line of an earlier night, columns ANSWER_COLUMNS.

    lines: columns CLEARED_COLUMNS; None for none. night: the date of the plan.
    """
    if lines is None or lines.empty or plan_status.empty:
        return no_answers()
    last = plan_status.sort_values("at", kind="stable", na_position="first")
    last = last.drop_duplicates("line_id", keep="last").astype({"line_id": object})
    lines = lines.drop_duplicates("line_id", keep="last")
    joined = lines.merge(last[["line_id", "status", "by", "at", "reason"]], on="line_id")
    joined["start"] = pd.to_datetime(joined["start"])
    ahead = pd.to_timedelta((joined["step"] - 1) * _WEEK + 1, unit="D")
    joined["night"] = joined["start"] - ahead
    joined["at"] = joined["at"].fillna(joined["night"])
    columns = ["night", "step", "line_id"]
    return joined.sort_values(columns, kind="stable")[list(ANSWER_COLUMNS)].reset_index(drop=True)


def taken_up(answers: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether each answer takes its line up."""
    return np.asarray(answers["status"].isin(_TAKEN), np.bool_)


def turned_down(answers: pd.DataFrame, since: np.datetime64) -> pd.DataFrame:
    """The rejected answers after ``since`` of acts of which no line of the night was taken up.

    Who takes up the first week and rejects the later ones has not turned the act down.
    """
    if answers.empty:
        return answers
    names = ["night", "sku", "location", "action", "channel"]
    some = answers.assign(taken=taken_up(answers)).groupby(names)["taken"].transform("any")
    rejected = (answers["status"] == "rejected") & ~some.astype(bool)
    return answers[rejected.to_numpy(dtype=bool) & (days_of(answers["at"]) > since)]


def leaving(answers: pd.DataFrame, since: np.datetime64) -> pd.DataFrame:
    """Answers after ``since`` that take up an act by which the stock leaves."""
    gone = taken_up(answers) & answers["action"].isin(_LEAVING).to_numpy(dtype=bool)
    return answers[gone & (days_of(answers["at"]) > since)]


def accepted_prices(
    answers: pd.DataFrame, prices: pd.DataFrame, keys: Keys, window: Window, horizon: int
) -> NDArray[np.float32] | None:
    """Prices of clearance lines that were taken up, (series, periods) of the whole calendar; NaN
    where there is none, None for none at all.

    A line's price holds from its start on, until another line or a row of ``prices`` that starts
    later speaks.
    """
    rows = answers[taken_up(answers) & answers["action"].isin(_PRICED).to_numpy(dtype=bool)]
    told = rows.assign(end=pd.NaT, channel="").reset_index(drop=True)
    origin, per = window.calendar.start, window.calendar.days
    periods, n = window.periods + horizon, keys.n_series
    spans = price_spans(told, keys, origin, periods * per)
    if not len(spans.row):
        return None
    other = prices[prices["sku"].isin(set(told["sku"])) & (prices["channel"] == "")]
    said, table = _starts(told, origin), _starts(other, origin)
    value = np.append(told["new_price"].to_numpy(np.float32), np.float32(np.nan))
    out = np.empty((n, periods), np.float32)
    beside = painted(price_spans(other, keys, origin, periods * per), n, periods * per)
    for (first, last, grid), (_, _, rival) in zip(
        painted(spans, n, periods * per), beside, strict=True
    ):
        daily = np.where(said[grid] >= table[rival], value[grid], np.float32(np.nan))
        out[first:last] = period_means(daily, periods)
    return out


def _starts(rows: pd.DataFrame, origin: np.datetime64) -> NDArray[np.int64]:
    """Days from ``origin`` of the start of each row; before every date for row -1, no row."""
    return np.append((days_of(rows["start"]) - origin).astype(np.int64), _NEVER)
