"""Champions in nights of the demo shop, by the commands a person types."""

import json
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from pipelines.demo import DEMO_LAST_DATE
from pipelines.night.lineup import drawn
from planner.main import app
from stockwright.panel import SeriesIndex

pytestmark = pytest.mark.slow
DATE = str(DEMO_LAST_DATE)


def call(*words):
    answer = CliRunner(env={"COLUMNS": "240"}).invoke(app, [str(word) for word in words])
    assert answer.exit_code in (0, 3), answer.output
    return answer


def files(out):
    folder = out / DATE
    return {
        path.name: path.read_bytes()
        for path in sorted(folder.iterdir())
        if path.name != "manifest.json"
    }


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    """The night before, with a segment and a canary, and after the rollback: files, manifests."""
    folder = tmp_path_factory.mktemp("champions")
    data, out = folder / "shop", folder / "runs"
    call("demo", data, "--skus", 24, "--days", 200, "--seed", 3)
    config = "[model]\ntrees = 8\n[tracking]\nuse = false\n"
    (data / "stockwright.toml").write_text(config)
    for name, trees in (("more", 16), ("most", 24)):
        (folder / f"{name}.toml").write_text(f"[config.model]\ntrees = {trees}\n")
        call("models", "challenge", folder / f"{name}.toml", "--nights", 1, "--out", out)

    def night(*words):
        call("nightly", "--data", data, "--date", DATE, "--out", out, *words)
        manifest = json.loads((out / DATE / "manifest.json").read_text())
        return files(out), manifest

    before = night()
    category = pd.read_csv(data / "products.csv")["category"].str.partition("/")[0].mode()[0]
    why = ("--why", "a test", "--force", "--out", out)
    call("models", "promote", "more", "--segment", f"category={category}", *why)
    call("models", "promote", "most", "--canary", 0.3, *why)
    during = night("--force")
    call("models", "rollback", "--steps", 2, "--out", out)
    return before, during, night("--force"), category, out


def test_a_segment_and_a_canary_take_their_series_and_no_other(nights):
    (old, _), (new, manifest), _, category, out = nights
    cards = {card["version"].partition("@")[0]: card for card in manifest["model"]["champions"]}
    assert set(cards) == {"base", "more", "most"}
    assert cards["more"]["segment"] == f"category={category}"
    keys = ["sku", "location", "date"]
    before, during = (
        pd.read_parquet(BytesIO(one["forecasts.parquet"])).set_index(keys) for one in (old, new)
    )
    moved = (before["mean"] != during["mean"]).groupby(level=["sku", "location"]).any()
    skus = tuple(sorted(set(moved.index.get_level_values("sku"))))
    place = np.arange(len(skus))
    index = SeriesIndex(skus, ("x",), place, np.zeros(len(skus)))
    canary = dict(zip(skus, drawn(index, cards["most"]["version"], 0.3), strict=True))
    products = pd.read_csv(out.parent / "shop" / "products.csv", dtype={"sku": "str"})
    top = products.set_index("sku")["category"].str.partition("/")[0]
    trial = np.array([canary[sku] for sku, _ in moved.index])
    segment = np.array([top[sku] == category for sku, _ in moved.index]) & ~trial
    counted = {"most": trial.sum(), "more": segment.sum(), "base": (~trial & ~segment).sum()}
    assert {name: card["series"] for name, card in cards.items()} == counted
    assert min(counted.values()) > 0
    assert not moved[~trial & ~segment].any()
    assert moved[trial].any()
    assert moved[segment].any()


def test_a_rollback_restores_the_plan_byte_for_byte(nights):
    (before, first), (during, _), (after, last), *_ = nights
    assert during != before
    assert after == before
    assert last["inputs_digest"] == first["inputs_digest"]
    assert last["model"]["version"] == first["model"]["version"]


def test_the_nights_in_the_shadow_keep_what_the_challengers_would_have_planned(nights):
    *_, out = nights
    for shadow in (out / ".champions" / "shadow").iterdir():
        (night,) = shadow.iterdir()
        orders = pd.read_csv(night / "orders.csv", encoding="utf-8-sig")
        money = json.loads((night / "money.json").read_text())
        assert money["challenger"]["order_value"] == pytest.approx(orders["value"].sum(), abs=0.01)
        shown = pd.read_parquet(night / "forecasts.parquet")
        assert list(shown) == list(pd.read_parquet(out / DATE / "forecasts.parquet"))
