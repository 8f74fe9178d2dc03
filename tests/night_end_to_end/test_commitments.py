"""A night with commitments and kits: the plan buys for them, once, on their date."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

WEEK = np.timedelta64(7, "D")
SUNDAY = np.datetime64("2026-11-22")
HEADER = "sku,location,date,units,kind,stage,ship_by\n"


def forecasts(night, sku: str, location: str) -> pd.DataFrame:
    frame = pd.read_parquet(night.folder / "forecasts.parquet")
    return frame[(frame["sku"] == sku) & (frame["location"] == location)].reset_index(drop=True)


def ahead(days: int) -> str:
    return str(SUNDAY + days)


def test_a_contract_for_a_coming_week_is_forecast_in_it_and_bought_for(shop) -> None:
    before = shop.night()
    shop.write("commitments.csv", f"{HEADER}fan,East,{ahead(24)},300,contract,paid,\n")
    after = shop.night(SUNDAY.astype(str), "--force")
    plain, promised = (forecasts(night, "fan", "East") for night in (before, after))
    assert promised["committed"].tolist() == [0, 0, 0, 300] + [0] * (len(promised) - 4)
    assert np.allclose(promised["mean"] - plain["mean"], promised["committed"], rtol=1e-4)
    assert (promised["q99"] >= plain["q99"] + promised["committed"] - 1e-3).all()
    units = [night.units().get(("fan", "Central"), 0.0) for night in (before, after)]
    assert units[1] >= units[0] + 250
    others = [
        {k: v for k, v in night.units().items() if k[0] != "fan"} for night in (before, after)
    ]
    assert others[0] == others[1]


def test_the_units_of_a_contract_beyond_the_horizon_change_no_line(shop) -> None:
    before = shop.night()
    shop.write("commitments.csv", f"{HEADER}fan,East,{ahead(500)},300,contract,paid,\n")
    assert shop.night(SUNDAY.astype(str), "--force").units() == before.units()


def test_a_kept_contract_is_not_forecast_again(shop) -> None:
    plain = shop.night()
    week = str(SUNDAY - 4 * WEEK)
    shop.append("sales", f"{week},fan,East,500,12")
    shop.write("commitments.csv", f"{HEADER}fan,East,{week},500,contract,paid,\n")
    clean = shop.night(SUNDAY.astype(str), "--force")
    assert np.allclose(
        forecasts(clean, "fan", "East")["mean"], forecasts(plain, "fan", "East")["mean"]
    )
    assert clean.units() == plain.units()


def test_units_of_a_contract_that_were_shipped_early_are_neither_forecast_nor_bought_again(
    shop,
) -> None:
    """800 promised, 500 of them sold already: the night of a shop that promised the other 300.

    Nobody says in which week they were sold, so the history is that of such a shop within 2 %.
    """
    shop.write("commitments.csv", f"{HEADER}fan,East,{ahead(24)},300,contract,paid,\n")
    plain = shop.night()
    shop.append("sales", f"{SUNDAY - 4 * WEEK},fan,East,500,12")
    row = f"fan,East,{ahead(24)},800,contract,paid,,500\n"
    shop.write("commitments.csv", HEADER.replace("ship_by", "ship_by,fulfilled") + row)
    early = shop.night(SUNDAY.astype(str), "--force")
    one, other = (forecasts(night, "fan", "East") for night in (early, plain))
    assert one["committed"].tolist() == other["committed"].tolist()
    assert np.allclose(one["base"], other["base"], rtol=0.02)
    assert early.units()["fan", "Central"] == pytest.approx(
        plain.units()["fan", "Central"], rel=0.02
    )


def test_a_promise_that_cannot_be_kept_is_an_exception_and_explained(shop) -> None:
    shop.write("commitments.csv", f"{HEADER}fan,East,{ahead(3)},5000,presale,paid,\n")
    night = shop.night()
    found = night.table("exceptions").set_index(["code", "sku", "location"])
    row = found.loc[("COMMITMENT_AT_RISK", "fan", "East")]
    assert float(row["money_at_stake"]) > 0
    assert ahead(7) in row["message"]
    said = shop.call("explain", "--run", str(night.folder), "--sku", "fan", "--location", "East")
    assert "committed: 5000 of" in said.said


def test_a_promise_of_a_sku_that_has_ended_does_not_vanish_in_silence(shop) -> None:
    lines = shop.text("products").splitlines()
    ended = str(SUNDAY - 2 * WEEK)
    shop.write("products.csv", "\n".join(
        f"{line},{'end_date' if not i else ended if line.startswith('fan,') else ''}"
        for i, line in enumerate(lines)
    ) + "\n")  # fmt: skip
    shop.write("commitments.csv", f"{HEADER}fan,East,{ahead(3)},50,presale,paid,\n")
    found = shop.night().table("exceptions").set_index(["code", "sku", "location"])
    row = found.loc[("COMMITMENT_AFTER_END", "fan", "East")]
    assert float(row["money_at_stake"]) > 0
    assert "50 are promised" in row["message"]
    assert "East" in row["message"]


def test_bad_rows_of_commitments_are_set_aside_with_their_reason(shop) -> None:
    rows = [
        f"fan,East,{ahead(3)},x,presale,paid,",
        f"fan,Nowhere,{ahead(3)},5,presale,paid,",
        f"fan,East,{ahead(3)},5,gift,paid,",
        f"fan,East,{ahead(3)},5,presale,paid,{ahead(1)}",
        f"fan,East,{ahead(3)},-5,presale,paid,",
    ]
    shop.write("commitments.csv", HEADER + "\n".join(rows) + "\n").configure(
        gates__bad_row_share="0.99"
    )
    shop.append("commitments", *[f"fan,East,{ahead(3)},1,presale,paid,"] * 5)
    night = shop.night()
    assert night.code == 0, night.said
    reasons = {(row[1], row[2], row[4]) for row in night.rejected}
    assert {(line, column) for line, column, _ in reasons} == {
        ("2", "units"),
        ("3", "location"),
        ("4", "kind"),
        ("5", "ship_by"),
        ("6", "units"),
    }


def test_a_kit_is_bought_as_its_components(shop) -> None:
    weeks = [str(SUNDAY - back * WEEK) for back in range(30)]
    rows = [f"{week},set,East,6,25" for week in weeks]
    alone = [
        f"{week},{sku},East,{6 * n},1" for week in weeks for sku, n in (("fan", 1), ("mug", 2))
    ]
    plain = shop.text("sales")
    shop.append("sales", *rows)
    shop.write("kits.csv", "kit,component,quantity\nset,fan,1\nset,mug,2\n")
    kit = shop.night()
    shop.write("sales.csv", plain).append("sales", *alone)
    (shop.data / "kits.csv").unlink()
    twin = shop.night(SUNDAY.astype(str), "--force")
    assert "set" not in set(kit.table("policy")["sku"])
    assert kit.units() == twin.units()


def test_a_kit_in_itself_stops_the_night_and_is_named(shop) -> None:
    shop.write("kits.csv", "kit,component,quantity\nset,box,1\nbox,set,2\nbox,fan,1\n")
    night = shop.night()
    assert night.code == 3
    assert "box -> set -> box" in night.message


def test_a_component_that_nobody_knows_is_set_aside(shop) -> None:
    shop.write("kits.csv", "kit,component,quantity\nset,fan,1\nset,ghost,2\n")
    shop.configure(gates__bad_row_share="0.9")
    night = shop.night()
    assert night.code == 0
    assert night.rejected[0][:4] == ("kits.csv", "3", "component", "ghost")
