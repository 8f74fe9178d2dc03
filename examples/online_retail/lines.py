"""What each order line of the shop is: demand, a return, or set aside and why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

FILES = ("lines_2009-12-01_2010-12-09.parquet", "lines_2010-12-09_2011-10-09.parquet")

CHARGES = {
    "POST": "postage",
    "DOT": "postage",
    "C2": "carriage",
    "C3": "carriage",
    "M": "manual entry",
    "D": "discount",
    "S": "samples",
    "B": "bad debt",
    "BANK CHARGES": "bank charges",
    "AMAZONFEE": "marketplace fee",
    "CRUK": "commission",
    "ADJUST": "manual entry",
    "ADJUST2": "manual entry",
    "GIFT": "gift voucher",
}
ARTICLE = r"\d{5}[A-Z]*|DCGS\w+|SP\d+|PADS"

# An equal cancellation within these days undoes the sale; a larger one has longer, for nobody
# sends back hundreds of pieces one by one.
UNDONE_DAYS, LARGE_UNITS, LARGE_UNDONE_DAYS = 3, 500, 60
# Largest order of the shop that stood: 19,152. Beyond this a line is an entry error whose
# cancellation the second file no longer shows.
MOST_UNITS = 20_000

SALE, RETURN = "used: sale", "used: return"


def read_lines(source: Path) -> pd.DataFrame:
    """The lines of both files in order, with ``file`` and the tidied ``code``.

    Codes are text without outer blanks in capitals: 85123a and 85123A are one article here.
    """
    parts = []
    for number, name in enumerate(FILES):
        part = pd.read_parquet(source / name)
        part["file"] = number
        parts.append(part)
    lines = pd.concat(parts, ignore_index=True)
    lines["code"] = lines["StockCode"].str.strip().str.upper()
    lines["Quantity"] = lines["Quantity"].astype("float64")
    lines["customer"] = lines["Customer ID"].fillna(0).astype("int64")
    return lines


def classified(lines: pd.DataFrame) -> pd.Series:
    """One reason for each line; the first that applies. "used: ..." lines reach the night."""
    code, units, price = lines["code"], lines["Quantity"], lines["Price"]
    cancelled = lines["Invoice"].str.startswith("C")
    undone_sale, undoing = _undone(lines[code.str.fullmatch(ARTICLE)])
    cases = [
        ("set aside: in both files", _in_both_files(lines)),
        *(
            (f"set aside: {what}", code.isin([k for k, v in CHARGES.items() if v == what]))
            for what in sorted(set(CHARGES.values()))
        ),
        ("set aside: gift voucher", code.str.startswith("GIFT_")),
        ("set aside: test article", code.str.startswith("TEST")),
        ("set aside: code of no article", ~code.str.fullmatch(ARTICLE)),
        ("set aside: accounting entry", ~lines["Invoice"].str.fullmatch(r"C?\d+")),
        ("set aside: stock correction (no price)", price <= 0),
        ("set aside: sale undone", lines.index.isin(undone_sale)),
        ("set aside: cancellation of an undone sale", lines.index.isin(undoing)),
        ("set aside: entry error in units", units > MOST_UNITS),
        (RETURN, cancelled & (units < 0)),
        ("set aside: sign contradicts the invoice", cancelled | (units <= 0)),
    ]
    reason = np.select([case for _, case in cases], [name for name, _ in cases], SALE)
    return pd.Series(reason, index=lines.index, name="reason")


def _in_both_files(lines: pd.DataFrame) -> pd.Series:
    """Lines of the second file whose like the first file has already, one for one."""
    names = ["Invoice", "code", "Quantity", "InvoiceDate", "Price", "customer"]
    place = lines.groupby([*names, "file"]).cumcount()
    numbered = lines[[*names, "file"]].assign(place=place)
    return numbered.drop(columns="file").duplicated() & (lines["file"] > 0)


def _undone(lines: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Index of sales that an equal cancellation of the same customer undoes, and of those.

    Every sale is undone at most once, by the nearest cancellation that follows it.
    """
    known = lines[(lines["customer"] > 0) & (lines["Price"] > 0)]
    cancelled = known["Invoice"].str.startswith("C")
    names = ["customer", "code", "units", "InvoiceDate"]
    sales = known[~cancelled & (known["Quantity"] > 0)].assign(units=known["Quantity"])
    undoing = known[cancelled & (known["Quantity"] < 0)].assign(units=-known["Quantity"])
    pairs = (
        undoing[names]
        .reset_index()
        .merge(sales[names].reset_index(), on=names[:3], suffixes=("", "_sale"))
    )
    days = (pairs["InvoiceDate"] - pairs["InvoiceDate_sale"]).dt.total_seconds() / 86400
    limit = np.where(pairs["units"] >= LARGE_UNITS, LARGE_UNDONE_DAYS, UNDONE_DAYS)
    pairs = pairs[(days >= 0) & (days <= limit)].assign(days=days)
    sale, cancellation = [], []
    while len(pairs):
        pairs = pairs.sort_values(["days", "index", "index_sale"])
        first = pairs[~pairs.duplicated("index") & ~pairs.duplicated("index_sale")]
        sale.append(first["index_sale"].to_numpy())
        cancellation.append(first["index"].to_numpy())
        taken = pairs["index"].isin(first["index"]) | pairs["index_sale"].isin(first["index_sale"])
        pairs = pairs[~taken]
    if not sale:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    return np.concatenate(sale), np.concatenate(cancellation)


def accounting(lines: pd.DataFrame, reason: pd.Series) -> pd.DataFrame:
    """Lines, units and money by file and reason; the lines add up to those read."""
    table = lines.assign(reason=reason, money=lines["Quantity"] * lines["Price"])
    grouped = table.groupby(["file", "reason"], as_index=False)
    result = grouped.agg(lines=("code", "size"), units=("Quantity", "sum"), money=("money", "sum"))
    result["file"] = result["file"].map(dict(enumerate(FILES)))
    return result
