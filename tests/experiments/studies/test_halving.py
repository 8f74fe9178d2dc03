"""Who is dropped, who is ahead, and that a clock changes neither."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from experiments.studies.halving import Course, halve
from experiments.studies.plan import BASE, Rung
from experiments.studies.scores import Scores, difference, dropped, ranked

SKUS = tuple(f"sku {number}" for number in range(200))
RUNGS = (Rung(0, 28, 0), Rung(1, 91, 0), Rung(2, 182, 0))


def scores(mean: float, noise: float, seed: int) -> Scores:
    """A shop whose SKUs earn 100 each, give or take, and ``mean`` more."""
    shared = np.random.default_rng(0).normal(100.0, 30.0, len(SKUS))
    own = np.random.default_rng(seed).normal(mean, noise, len(SKUS))
    return Scores(SKUS, shared + own, "money")


class Known:
    """Variants whose true worth is known; noise falls with the nights. Notes what is asked."""

    def __init__(self, means: dict[str, float]) -> None:
        self.means, self.asked = means, list[tuple[str, int]]()

    def __call__(self, names: Sequence[str], rung: Rung) -> list[Scores]:
        self.asked += [(name, rung.number) for name in names]
        order = list(self.means)
        noise = 30.0 / np.sqrt(rung.nights)
        return [
            scores(self.means[name], noise, 100 * rung.number + order.index(name)) for name in names
        ]


MEANS = {BASE: 0.0, "good": 2.0, "equal": 2.0, "poor": -6.0, "worst": -20.0}
NAMES = [name for name in MEANS if name != BASE]


def run(in_time: Callable[[], bool] = lambda: True, at_a_time: int = 1) -> tuple[Course, Known]:
    known = Known(MEANS)
    return halve(NAMES, RUNGS, 0.5, known, in_time, at_a_time), known


def test_hopeless_variants_are_dropped_early_and_the_best_is_first() -> None:
    course, known = run()
    assert set(course.dropped) == {"poor", "worst"}
    assert ("worst", 1) not in known.asked
    assert course.order()[0] in {"good", "equal"}
    assert course.order()[-2:] == ["poor", "worst"]
    assert course.not_run() == []


def test_what_noise_can_explain_is_not_dropped() -> None:
    """Twenty variants that are the base with other noise: an interval of 95 % spares most."""
    same = {BASE: scores(0.0, 5.0, 0)} | {f"v{n}": scores(0.0, 5.0, n + 1) for n in range(20)}
    gone = dropped(same, 0.5, (BASE,))
    best = same[ranked(same)[0]]
    assert all(difference(best, same[name]).high < 0 for name in gone)
    assert len(gone) < 10
    assert len(dropped({BASE: same[BASE], "v0": same["v0"]}, 0.5)) == 0


def test_the_best_half_is_never_dropped_however_far_behind() -> None:
    far = {BASE: scores(0.0, 0.1, 1), "a": scores(-50.0, 0.1, 2), "b": scores(-60.0, 0.1, 3)}
    assert dropped(far, 0.5) == ["b"]
    assert dropped(far, 1.0) == []
    assert dropped(far, 0.1, ("a",)) == ["b"]


@pytest.mark.parametrize("calls", range(12))
def test_a_clock_says_who_was_not_run_and_leaves_the_order_of_the_others(calls: int) -> None:
    whole, _ = run()
    left = iter([True] * calls)
    course, known = run(lambda: next(left, False))
    ran = {name for name, rung in known.asked if rung == 0}
    assert {*course.not_run()} == {*MEANS} - ran
    assert {*course.order()} == ran
    # Of those that came as far in both, who is ahead is the same.
    at = course.judged
    if at < len(course.scores):
        ours = [name for name in course.order() if name in course.scores[at]]
        theirs = [name for name in ranked(whole.scores[at]) if name in ours]
        assert ours == theirs


def test_batches_change_nothing_and_the_base_runs_before_all_others() -> None:
    one, known = run()
    many, batched = run(at_a_time=3)
    assert one.order() == many.order()
    assert one.dropped == many.dropped
    assert sorted(known.asked) == sorted(batched.asked)
    assert known.asked[0] == batched.asked[0] == (BASE, 0)


def test_a_difference_is_paired_by_sku_and_a_sku_of_one_side_brings_nothing_in_the_other() -> None:
    base = Scores(("b", "a"), np.array([2.0, 1.0]), "money")
    value = Scores(("a", "c"), np.array([1.0, 5.0]), "money")
    assert difference(base, value).value == pytest.approx(3.0)
    noisy, better = scores(0.0, 0.0, 1), scores(1.0, 0.0, 1)
    found = difference(noisy, better)
    assert (found.low, found.value, found.high) == pytest.approx((200.0, 200.0, 200.0))
