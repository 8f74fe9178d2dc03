"""drift.csv as a table of the contract: what each of its columns holds."""

from __future__ import annotations

from pipelines.ingest.declare import Column, Table

DRIFT = Table(
    name="drift",
    about="Forecasts of earlier nights beside the sales since, and changes of the model's inputs",
    key=("segment_kind", "segment", "measure"),
    columns=(
        Column(
            "segment_kind",
            "choice",
            "What kind of part of the shop the row is about, or an input of the model",
            required=True,
            choices=("all", "category", "location", "abc", "life_stage", "input"),
        ),
        Column("segment", "text", "Name of the part, or of the input", required=True),
        Column(
            "measure",
            "choice",
            "What is measured",
            required=True,
            choices=("bias", "wape", "above_q50", "above_q80", "above_q95", "stability"),
        ),
        Column("value", "number", "The measure over the newest one or two weeks, or four weeks"),
        Column("low", "number", "Lower end of its 95 % interval"),
        Column("high", "number", "Upper end of its 95 % interval"),
        Column("usual", "number", "What it is held against"),
        Column("score", "number", "Normal score of value beside usual", low=-8, high=8),
        Column("periods", "integer", "Periods that value is of", required=True, low=1),
        Column(
            "alert",
            "choice",
            "How unusual and large it is",
            required=True,
            choices=("none", "watch", "alert"),
        ),
        Column(
            "nights",
            "integer",
            "Nights in a row in alert, out of it, or on the plain forecast",
            required=True,
            low=1,
        ),
        Column("fallback", "flag", "The segment takes the plain forecast", required=True),
        Column("evidence", "text", "A sentence in numbers, in output.language", required=True),
    ),
)
