"""Sums by segment equal a loop over cells."""

from __future__ import annotations

import numpy as np

from forecasting.watch.sums import LEVELS, PARTS, DaySums, Segments, day_sums


def test_segments_hold_the_series_of_their_name_and_none_without() -> None:
    names = {"category": np.array(["b", "", "a", "b"], object)}
    found = Segments.of(names, 4)
    assert list(zip(found.kind, found.name, strict=True)) == [
        ("all", "all"), ("category", "a"), ("category", "b")
    ]  # fmt: skip
    assert found.member.toarray().tolist() == [[1, 1, 1, 1], [0, 0, 1, 0], [1, 0, 0, 1]]
    assert found.series(np.array([False, True, False])).tolist() == [False, False, True, False]


def test_sums_are_those_of_a_loop() -> None:
    rng = np.random.default_rng(1)
    n, days = 30, 5
    units = rng.poisson(2.0, (n, days)).astype(float)
    told = np.sort(rng.gamma(2.0, 1.0, (1 + len(LEVELS), n, days)), axis=0)
    judged = rng.random((n, days)) < 0.7
    price = rng.uniform(1, 9, n)
    names = {"location": rng.choice(["x", "y"], n).astype(object)}
    segments = Segments.of(names, n)
    found = day_sums(segments, units, told, judged, price)
    for place, name in enumerate(segments.name):
        rows = [i for i in range(n) if name in ("all", names["location"][i])]
        for day in range(days):
            cells = [i for i in rows if judged[i, day]]
            wanted = [
                sum(units[i, day] for i in cells),
                sum(told[0, i, day] for i in cells),
                sum(abs(units[i, day] - told[1, i, day]) for i in cells),
                len(cells),
                *(sum(units[i, day] > told[1 + k, i, day] for i in cells) for k in range(3)),
                sum((units[i, day] - told[0, i, day]) * price[i] for i in cells),
            ]
            np.testing.assert_allclose(found[:, place, day], wanted)


def test_blocks_add_up_periods_from_the_newest_on() -> None:
    parts = np.zeros((len(PARTS), 1, 7))
    parts[0, 0] = np.arange(7)
    assert DaySums(parts).blocks(3).part("units").tolist() == [[3.0, 12.0]]
