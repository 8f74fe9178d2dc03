"""Plots of a published night: fans, calibration, stock against service, staircase."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from experiments.figure import blank, save
from pipelines.night.manifest import read_manifest

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEVELS = {"q50": 0.5, "q80": 0.8, "q90": 0.9, "q95": 0.95, "q99": 0.99}
# Earlier nights that are held against sales: as many days old at least.
_AGES = (7, 28)
_FANS = 6
_INK, _BAND, _OUT = "#1f4e79", "#7fb3d5", "#e6b0aa"


def draw_night(run: Path, earlier: Sequence[Path], keys: pd.DataFrame, folder: Path) -> list[Path]:
    """Draw the plots of a published run into ``folder/plots``, each that can be drawn.

    earlier: published runs of earlier nights. keys: as ``night.keys_of`` gives them.
    """
    summary = json.loads((run / "summary.json").read_text("utf-8"))
    drawn = {
        "trade_off": trade_off(keys, summary["date"]),
        "staircase": staircase(summary["staircase"], read_manifest(run)["model"]["fitted_on"]),
    }
    if (run / "recent.parquet").is_file():
        recent = pq.read_table(run / "recent.parquet").to_pandas()
        drawn["fans"] = fans(run, recent, summary["date"])
        drawn["calibration"] = calibration(_nights_before(earlier, summary), recent)
    return [save(figure, folder, name) for name, figure in drawn.items() if figure is not None]


def _figure(width: float, height: float, rows: int = 1, columns: int = 1) -> tuple[Figure, Any]:
    # To find the places of all texts takes as long as to draw them.
    figure = blank(width, height, by_hand=True)
    return figure, figure.subplots(rows, columns, squeeze=False)


def fans(run: Path, recent: pd.DataFrame, date: str) -> Figure | None:
    """What some keys sold in eight weeks and what is forecast: two that sell much, two that sell
    some, two that sell little, each pair by the lowest hash of its third of the sample.
    """
    chosen = _chosen(recent)
    if not len(chosen):
        return None
    forecast = _forecast_of(run, chosen)
    figure, axes = _figure(11, 6.4, 3, 2)
    figure.suptitle(f"Sales of eight weeks and the forecast of {date}, units per period")
    for axis, (sku, location) in zip(axes.ravel(), chosen.itertuples(index=False), strict=False):
        own = recent[(recent["sku"] == sku) & (recent["location"] == location)]
        ahead = forecast[(forecast["sku"] == sku) & (forecast["location"] == location)]
        _fan(axis, own, ahead, f"{sku} in {location}")
    for axis in axes.ravel()[len(chosen) :]:
        axis.set_axis_off()
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=6, fontsize=8)
    figure.subplots_adjust(0.04, 0.11, 0.985, 0.9, 0.09, 0.55)
    return figure


def _fan(axis: Axes, own: pd.DataFrame, ahead: pd.DataFrame, title: str) -> None:
    dates = pd.to_datetime(own["date"])
    axis.step(dates, own["units"], where="mid", color="#444444", lw=1.0, label="sold")
    out = dates[(own["in_stock"] < 1) & own["on_sale"]]
    axis.plot(out, np.zeros(len(out)), "|", color="#c0392b", ms=9, mew=1.6, label="out of stock")
    future = pd.to_datetime(ahead["date"])
    for low, high, shade in (("q50", "q80", 0.75), ("q80", "q95", 0.45), ("q95", "q99", 0.22)):
        label = f"{low[1:]} to {high[1:]} %"
        axis.fill_between(
            future, ahead[low], ahead[high], step="mid", color=_BAND, alpha=shade, lw=0, label=label
        )
    axis.plot(future, ahead["mean"], color=_INK, lw=1.4, label="mean")
    axis.set_title(title, fontsize=9)
    axis.set_ylim(bottom=0)
    axis.tick_params(labelsize=7)
    _few_dates(axis)


def _few_dates(axis: Axes) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(maxticks=6)
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))


def _chosen(recent: pd.DataFrame) -> pd.DataFrame:
    """Six keys of the sample: two of each third by units sold, the first by their names' hash."""
    sold = recent.groupby(["sku", "location"], observed=True, sort=False)["units"].sum()
    if not len(sold):
        return pd.DataFrame(columns=["sku", "location"])
    order = sold.sort_values(ascending=False, kind="stable").index.to_frame(index=False)
    hashed = pd.util.hash_pandas_object(order.astype(str), index=False)
    parts = np.array_split(np.arange(len(order)), _FANS // 2)
    first = [part[np.argsort(hashed.to_numpy()[part], kind="stable")[:2]] for part in parts]
    return order.astype(str).take(np.concatenate(first))


def trade_off(keys: pd.DataFrame, date: str) -> Figure | None:
    """Stock at cost that a level of service asks for, by class of value, and where tonight is.

    Of each level the quantile of demand over the protection interval is held at every key that
    sells and is supplied; tonight's mark are order-up-to levels at their mean level of service.
    """
    held = keys[(keys["feeds"] == "no") & keys["demand_mean"].notna()]
    if not len(held):
        return None
    figure, axes = _figure(9, 5)
    axis = axes[0, 0]
    for letter, color in zip("ABC", ("#1f4e79", "#b9770e", "#7d3c98"), strict=True):
        own = held[held["abc_xyz"].astype(str).str[:1] == letter]
        if not len(own):
            continue
        cost = own["unit_cost"].fillna(0.0)
        stock = [float((own[name] * cost).sum()) for name in ("demand_q50", "demand_q90")]
        stock.append(float((own["demand_q95"] * cost).sum()))
        axis.plot(stock, [50, 90, 95], "o-", color=color, ms=4, label=f"{letter}: levels")
        weight = own["demand_mean"] * cost
        level = float((own["service_level"] * weight).sum() / max(float(weight.sum()), 1e-9))
        now = float((own["order_up_to"] * cost).sum())
        axis.plot([now], [100 * level], "*", color=color, ms=14, label=f"{letter}: tonight")
    axis.set_title(f"Stock against service on {date}: demand of the protection interval covered")
    axis.set_xlabel("stock at cost, money")
    axis.set_ylabel("probability of no stock-out, %")
    axis.set_ylim(45, 101)
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8, ncols=3, loc="lower right")
    return figure


def staircase(stairs: Sequence[dict[str, Any]], fitted_on: str) -> Figure | None:
    """Pinball loss and WAPE of each rung of the forecast on held-out origins."""
    shop = [stair for stair in stairs if stair["segment"] == "shop"]
    if not shop:
        return None
    figure, axes = _figure(9, 4.6)
    axis, place = axes[0, 0], np.arange(len(shop))
    pinball = axis.bar(place - 0.2, [one["pinball"] for one in shop], 0.38, color=_INK)
    wape = axis.bar(place + 0.2, [one["wape"] for one in shop], 0.38, color=_BAND)
    pinball.set_label("pinball loss")
    wape.set_label("WAPE")
    axis.bar_label(pinball, fmt="%.3f", fontsize=8)
    axis.bar_label(wape, fmt="%.3f", fontsize=8)
    gains = [
        one["rung"] + ("" if number == 0 else f"\n{one['gain']:+.3f} ± {one['error']:.3f} pinball")
        for number, one in enumerate(shop)
    ]
    axis.set_xticks(place, gains, fontsize=8)
    axis.set_ylabel("loss over units sold")
    axis.set_title(f"What each rung of the forecast adds, held-out origins, fit of {fitted_on}")
    axis.margins(y=0.12)
    axis.legend(fontsize=8)
    return figure


def calibration(nights: Sequence[tuple[str, Path]], recent: pd.DataFrame) -> Figure | None:
    """Share of periods in stock whose sales lay below, and not above, each forecast quantile.

    Sales are counts: of a sound forecast the level lies between the two shares, which meet for
    large ones.
    """
    found = [(date, shares) for date, run in nights if (shares := _shares(run, date, recent))]
    if not found:
        return None
    figure, axes = _figure(9, 5)
    axis = axes[0, 0]
    axis.plot([45, 100], [45, 100], color="#888888", lw=1, label="as forecast")
    for (date, (below, upto, cells)), color in zip(found, (_INK, "#b9770e"), strict=False):
        level = 100 * np.array(list(LEVELS.values()))
        axis.fill_between(level, below, upto, color=color, alpha=0.25, lw=0)
        axis.plot(level, upto, "o-", color=color, ms=4, label=f"{date}: at most, {cells:,} periods")
        axis.plot(level, below, "o--", color=color, ms=3, lw=1, label=f"{date}: below")
    axis.set_title("Calibration of earlier nights: the line has to cross each band")
    axis.set_xlabel("level of the forecast quantile, %")
    axis.set_ylabel("periods in stock, %")
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)
    return figure


def _shares(
    run: Path, date: str, recent: pd.DataFrame
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], int] | None:
    """Percent of cells below, and not above, each quantile; None where nothing can be judged."""
    since = recent[pd.to_datetime(recent["date"]) > pd.Timestamp(date)]
    since = since[since["on_sale"] & (since["in_stock"] >= 1)]
    if not len(since):
        return None
    names = since[["sku", "location"]].astype(str).drop_duplicates()
    ahead = _forecast_of(run, names)
    both = since.astype({"sku": str, "location": str}).merge(ahead, on=["sku", "location", "date"])
    if not len(both):
        return None
    units, quantiles = both[["units"]].to_numpy(), both[list(LEVELS)].to_numpy()
    below, upto = (units < quantiles).mean(axis=0), (units <= quantiles).mean(axis=0)
    return 100 * below, 100 * upto, len(both)


def _forecast_of(run: Path, keys: pd.DataFrame) -> pd.DataFrame:
    """Mean and quantiles of some keys, from the row groups that hold one of their SKUs."""
    skus = pa.array(sorted({*keys["sku"]}), pa.string())
    table = pq.read_table(
        run / "forecasts.parquet",
        columns=["sku", "location", "date", "mean", *LEVELS],
        filters=pc.field("sku").isin(skus),
    )
    return table.to_pandas().astype({"sku": str, "location": str})


def _nights_before(earlier: Sequence[Path], summary: dict[str, Any]) -> list[tuple[str, Path]]:
    """The newest earlier night of each age that is asked for, with its date."""
    today = np.datetime64(summary["date"], "D")
    dated = []
    for run in earlier:
        if (run / "summary.json").is_file() and (run / "forecasts.parquet").is_file():
            date = json.loads((run / "summary.json").read_text("utf-8"))["date"]
            dated.append((str(date), run))
    dated.sort(reverse=True)
    found: list[tuple[str, Path]] = []
    for age in _AGES:
        last = str(today - np.timedelta64(age, "D"))
        old = [one for one in dated if one[0] <= last]
        found += [one for one in old[:1] if one not in found]
    return found
