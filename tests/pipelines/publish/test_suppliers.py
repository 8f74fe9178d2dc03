"""suppliers.csv and supplier_forecast.csv: their figures, and what the audit finds in them."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from pipelines.publish import supplier_forecast, suppliers
from pipelines.publish.audit import audit
from pipelines.publish.cells import numbers_of, read_csv


@pytest.fixture
def run(publish):
    return publish()


def test_every_unit_ordered_tonight_is_firm_in_the_week_it_is_due(parts, run):
    ahead, orders = read_csv(run / supplier_forecast.FILE), read_csv(run / "orders.csv")
    assert numbers_of(ahead["firm_units"]).sum() == numbers_of(orders["units"]).sum()
    weeks = pd.to_datetime(pd.Series(ahead["week"]))
    assert (weeks.dt.day_of_week == 0).all()
    due = pd.to_datetime(pd.Series(orders["available_date"])).min()
    firm = weeks[numbers_of(ahead["firm_units"]) > 0]
    assert ((due - firm).dt.days.between(0, 6)).all()


def test_confirmed_inbound_of_suppliers_is_firm_and_other_rows_are_not(parts):
    supplier = parts.situation.network.suppliers.names[0]
    rows = [
        (supplier, "00123", "CENTRAL", 7.0, "2026-11-01", "purchase", "confirmed"),
        (supplier, "00123", "CENTRAL", 5.0, "2026-12-30", "purchase", "draft"),
        ("CENTRAL", "00123", "EAST", 3.0, "2026-12-30", "transfer", "shipped"),
    ]
    names = ["source", "sku", "destination", "units", "available_date", "kind", "status"]
    frame = pd.DataFrame(rows, columns=names).astype({"available_date": "datetime64[s]"})
    parts.ingested.tables["inbound"] = frame
    night = parts.night(plan=parts.empty_plan)
    table = supplier_forecast.supplier_forecast_table(night, parts.ingested, 1)
    firm = table["firm_units"] > 0
    assert table["firm_units"].sum() == 7.0
    # Overdue: due tomorrow, Sunday 22 November.
    assert table["week"][firm].tolist() == [np.datetime64("2026-11-16").item()]


def test_orders_ahead_replace_what_all_that_is_fed_will_sell(parts):
    """Two regions that sell are fed by the central warehouse, which alone is bought for."""
    night = parts.night(plan=parts.empty_plan)
    table = supplier_forecast.supplier_forecast_table(night, parts.ingested, 1)
    assert set(table["destination"]) == {"CENTRAL"}
    assert (table["upper_units"] >= 0).all()
    assert table["forecast_units"].sum() > 0


def test_the_scorecard_has_every_supplier_with_what_its_keys_hold(parts):
    record = pd.DataFrame(
        [("old", 4, 0.75, 11.0, 2.0, 10.0, 0.9, 0.1)],
        columns=list(parts.situation.supplier_record.columns),
    )
    situation = dataclasses.replace(parts.situation, supplier_record=record)
    table = suppliers.supplier_table(parts.night(situation=situation))
    assert table["supplier"].tolist() == sorted(["old", *situation.network.suppliers.names])
    old = table["supplier"] == "old"
    assert table["lead_time_days"][old] == 11.0
    assert table["keys"][old] == 0
    assert np.isnan(table["fill_rate"][~old]).all()
    policy = parts.plan.policy
    central = np.arange(len(policy.lane)) % 3 == 0
    assert table["safety_stock_value"][~old] == pytest.approx(
        (policy.safety_stock * 9.37)[central].sum(), abs=0.01
    )


def test_the_audit_finds_firm_units_that_are_missing_and_suppliers_that_are_not_known(run):
    assert audit(run) == []
    path = run / supplier_forecast.FILE
    path.write_bytes(b"\xef\xbb\xbf" + ",".join(read_csv(path)).encode() + b"\r\n")
    assert any("firm units" in problem for problem in audit(run))
    path = run / suppliers.FILE
    path.write_bytes(b"\xef\xbb\xbf" + ",".join(read_csv(path)).encode() + b"\r\n")
    assert any("unknown suppliers" in problem for problem in audit(run))
