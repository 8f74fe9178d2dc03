"""Every error that stockwright raises on purpose.

StockwrightError
├── DataError            the tables break the contract               exit 3
├── ConfigError          the configuration or the call is wrong      exit 2
├── FitError             a model could not be fitted                 a substitute runs, exit 4
├── InfeasiblePlanError  frozen lines break a hard limit             exit 5
└── LockedError          another run holds the lock                  exit 75
"""

from __future__ import annotations

from collections.abc import Sequence


class StockwrightError(Exception):
    """The root: what went wrong, how often, the first few cases, and what to do."""


class DataError(StockwrightError):
    """The input tables break the contract, or an array breaks the type that holds it."""


class ConfigError(StockwrightError):
    """The configuration or the command line is wrong."""


class FitError(StockwrightError):
    """A model could not be fitted to the history at hand."""


class InfeasiblePlanError(StockwrightError):
    """No plan meets the frozen lines and the hard limits together."""


class LockedError(StockwrightError):
    """Another run holds the lock of the folder of runs."""


def counted(count: int, one: str, many: str | None = None) -> str:
    """A number with its noun: ``many``, or ``one`` with an s, for any number but 1.

    >>> counted(1, "row"), counted(2, "row"), counted(2, "key is", "keys are")
    ('1 row', '2 rows', '2 keys are')
    """
    return f"{count} {one if count == 1 else many or one + 's'}"


def describe(what: str, cases: Sequence[object], advice: str, shown: int = 5) -> str:
    """Build a message that says what, how many, the first few, and what to do.

    >>> describe("negative lead times", [-1, -2], "give days >= 0")
    'negative lead times: 2 (-1, -2); give days >= 0'
    """
    first = ", ".join(str(case) for case in cases[:shown])
    more = ", ..." if len(cases) > shown else ""
    return f"{what}: {len(cases)} ({first}{more}); {advice}"
