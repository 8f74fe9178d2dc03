"""suppliers.csv: how each supplier delivers, and what its keys hold and risk."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.publish.cells import Table, money, rounded
from pipelines.publish.night import Night, text_array
from stockwright.network import LaneKind

FILE = "suppliers.csv"
_RECORD = {
    "on_time_share": ("on_time", 4),
    "lead_time_days": ("days", 2),
    "lead_time_sd_days": ("sd_days", 2),
    "stated_lead_time_days": ("stated_days", 2),
    "fill_rate": ("fill", 4),
    "reject_rate": ("reject", 4),
}


def supplier_table(night: Night) -> Table:
    """One row for each supplier that has a lane or a receipt, sorted by name."""
    record = night.situation.supplier_record
    names = night.situation.network.suppliers.names
    all_names = sorted({*names, *record["supplier"].astype(str)})
    known = record.set_index("supplier").reindex(all_names)
    place = {name: code for code, name in enumerate(all_names)}
    codes = np.array([place[name] for name in names], np.int64)
    keys, planned, safety, risk = _steered(night, codes, len(all_names))
    return {
        "supplier": text_array(all_names),
        "lines": known["lines"].fillna(0).to_numpy(np.int64),
        **{
            name: rounded(known[column].to_numpy(np.float64), digits)
            for name, (column, digits) in _RECORD.items()
        },
        "keys": keys.astype(np.int64),
        "planned_lead_time_days": rounded(planned, 2),
        "safety_stock_value": money(safety),
        "money_at_risk": money(risk),
        "yield_value": money(_yield_value(night, codes, len(all_names))),
    }


def _steered(night: Night, codes: NDArray[np.int64], n: int) -> tuple[NDArray[np.float64], ...]:
    """Keys that each supplier serves, their mean lead time in the plan, and what their safety stock
    is worth and how much they risk, (n,) each.
    """
    policy, network = night.plan.policy, night.situation.network
    kinds = np.append(network.lanes.kind, LaneKind.TRANSFER)
    series = np.flatnonzero((policy.lane >= 0) & (kinds[policy.lane] != LaneKind.TRANSFER))
    supplier = codes[network.lanes.source[policy.lane[series]]]
    stock = (policy.safety_stock * network.items.unit_cost)[series]
    days_each, risk_each = (
        policy.lead_time[series] * float(night.days),
        policy.money_at_risk[series],
    )
    columns = (np.ones(len(series)), days_each, stock, risk_each)
    keys, days, safety, risk = (
        np.bincount(supplier, each, n).astype(np.float64) for each in columns
    )
    mean = np.divide(days, keys, out=np.full(n, np.nan), where=keys > 0)
    return keys, mean, safety, risk


def _yield_value(night: Night, codes: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    """Money that tonight's orders spend on units that will not come or not be good, (n,)."""
    lines, lanes = night.plan.orders, night.situation.network.lanes
    supplier = codes[lanes.source[lines.lane]]
    total = np.bincount(supplier, lines.yield_added * lines.unit_cost, n)
    return np.asarray(total, np.float64)
