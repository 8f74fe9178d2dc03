"""How the demand model is fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from features.params import FeatureParams
from stockwright.calendar import PeriodName
from stockwright.errors import ConfigError

#: A statistical method, see docs/methods/statistical.md.
MethodName = Literal[
    "naive",
    "average_short",
    "average_middle",
    "average_long",
    "smoothing",
    "damped_trend",
    "theta",
    "optimized_theta",
    "croston",
    "sba",
    "tsb",
    "imapa",
]
METHODS: tuple[MethodName, ...] = get_args(MethodName)


@dataclass(frozen=True)
class ModelParams:
    """Parameters of ``fit``. ``for_period`` gives the defaults of a period.

    period: "day" or "week". country: whose public holidays count.
    horizon: longest step trained, periods.
    max_rows: most training rows. min_rows: fewer, and the plain model is used alone.
    trees, leaves, learning_rate: of LightGBM. threads: of LightGBM; no result depends on it.
    origins: past origins to train on, ``stride`` periods apart, the newest first.
    held_out: origins held out for bias and spread, ``held_stride`` periods apart.
    held_windows: most windows of demand from which the spread is estimated.
    spans: lengths of these windows, periods: the protection intervals to be calibrated.
    fade: periods of age at which a training row counts half.
    silent_days: known days without a sale before silence can mean the end of life.
    methods: of ``METHODS``, those whose mean is the rungs smoothed and steady, in any order.
    """

    period: PeriodName = "day"
    country: str = "CN"
    horizon: int = 28
    max_rows: int = 200_000
    min_rows: int = 2_000
    trees: int = 200
    leaves: int = 31
    learning_rate: float = 0.06
    threads: int = 2
    origins: int = 32
    stride: int = 20
    held_out: int = 6
    held_stride: int = 11
    held_windows: int = 12_000
    spans: tuple[int, ...] = (1, 5, 9, 14, 21, 28)
    fade: float = 364.0
    silent_days: int = 91
    methods: tuple[MethodName, ...] = ("smoothing", "tsb")

    def __post_init__(self) -> None:
        counts = ("horizon", "max_rows", "min_rows", "trees", "threads", "origins", "stride")
        low = [
            f"{name} is {getattr(self, name)}, not >= 1"
            for name in (*counts, "held_out", "held_stride", "held_windows")
            if getattr(self, name) < 1
        ]
        if self.leaves < 2:
            low.append(f"leaves is {self.leaves}, not >= 2")
        if not (0 < self.learning_rate <= 1 and self.fade > 0):
            low.append("learning_rate lies in (0, 1] and fade above 0")
        if not self.spans or min(self.spans) < 1:
            low.append("spans are lengths >= 1")
        if not self.methods or sorted(self.methods) != sorted({*self.methods} & {*METHODS}):
            low.append(f"methods are some of {', '.join(METHODS)}, each named once")
        if low:
            raise ConfigError("model parameters: " + "; ".join(low))

    @classmethod
    def for_period(cls, period: PeriodName, horizon: int | None = None) -> ModelParams:
        """Return the defaults of a period."""
        if period == "day":
            return cls(horizon=horizon or 28)
        return cls(
            period=period,
            horizon=horizon or 8,
            origins=60,
            stride=2,
            held_out=10,
            held_stride=2,
            spans=(1, 2, 3, 4, 5, 6),
            fade=104.0,
        )

    def features(self) -> FeatureParams:
        """Parameters of the features."""
        return FeatureParams.for_period(self.period, self.country)
