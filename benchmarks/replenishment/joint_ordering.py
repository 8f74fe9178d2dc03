"""Joint ordering beside the optimum on small problems and beside its bound on large ones.

    python benchmarks/replenishment/joint_ordering.py            # development problems
    python benchmarks/replenishment/joint_ordering.py --report   # problems kept for the report
    python benchmarks/replenishment/joint_ordering.py --lines 1000000 --suppliers 2000

Small problems: 12 lines of 4 suppliers under a budget, four capacities and minima. In half of them
the budget is 40 to 80 % of what the lines want (very tight), in the other half 85 to 100 % (as on a
real night). ``whole_problem`` proves the optimum of each among all orders that the limits allow; a
problem that it cannot prove is left out for the next one, and counted.

    python benchmarks/replenishment/joint_ordering.py --few      # few suppliers, many lots

Few suppliers: 5 to 20 of them share very tight limits, 2,000 to 20,000 lots are in question.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
from joint_problems import Problem, Size, random_problem
from whole_problem import NotProvenError, optimum

from replenishment.limits.joint import best_orders
from replenishment.limits.prices import Shared
from replenishment.limits.repair import net_worth
from replenishment.params import PlanParams

_SMALL = Size(12, 4, 2, 2, 6.0)
_TIGHT, _USUAL = (0.4, 0.8), (0.85, 1.0)
_DEVELOPMENT, _REPORT, _LARGE = 1, 2, 3


def solved(problem: Problem, params: PlanParams) -> Shared:
    """The engine's plan, which must keep every limit and minimum."""
    nothing = np.zeros(len(problem.cost))
    wanted = problem.worth.best()
    plan = best_orders(problem.worth, wanted, nothing, problem.limits, problem.minima, params)
    broken = any(limit.broken(plan.quantity).any() for limit in problem.limits)
    if broken or problem.minima.short(plan.quantity).any():
        raise RuntimeError("the plan breaks a limit or a minimum")
    return plan


def small(count: int, family: int, params: PlanParams) -> None:
    """Print the gaps to the optimum of ``count`` problems."""
    for name, tightness in (("very tight", _TIGHT), ("usual", _USUAL)):
        gaps: list[float] = []
        bounds, lots, seconds, replaced, seed = [], [], [], 0, 0
        while len(gaps) < count // 2:
            problem = random_problem(_SMALL, np.random.default_rng([family, seed]), tightness)
            seed += 1
            try:
                best, weighed = optimum(problem)
            except NotProvenError:
                replaced += 1
                continue
            start = time.process_time()
            plan = solved(problem, params)
            seconds.append(time.process_time() - start)
            worth = net_worth(problem.worth, plan.quantity, np.zeros(_SMALL.lines), problem.minima)
            gaps.append(100 * (best - worth) / best if best > 0 else 0.0)
            bounds.append(100 * (plan.bound - best) / best if best > 0 else 0.0)
            lots.append(weighed)
        gap = np.array(gaps)
        print(
            f"{name}: {len(gaps)} problems ({replaced} replaced, not proven) of {min(lots)} to "
            f"{max(lots)} lots, gap to the optimum mean {gap.mean():.4f} % worst {gap.max():.3f} % "
            f"least {gap.min():.1e} %, above .001 %: {int((gap > 1e-3).sum())}; bound above the "
            f"optimum by {np.mean(bounds):.1f} % (least {min(bounds):.1e}); CPU s of the engine "
            f"mean {np.mean(seconds):.2f} most {max(seconds):.1f}",
            flush=True,
        )


def few(count: int, family: int, params: PlanParams) -> None:
    """Print the gaps to the bound of ``count`` very tight problems of each of some sizes."""
    for lines, suppliers in ((60, 5), (150, 5), (150, 10), (300, 8), (600, 20)):
        gaps, seconds = [], []
        for seed in range(count):
            size = Size(lines, suppliers, 2, 2, 6.0)
            problem = random_problem(size, np.random.default_rng([family, seed]), _TIGHT)
            start = time.process_time()
            plan = solved(problem, params)
            seconds.append(time.process_time() - start)
            gaps.append(100 * (plan.bound - plan.worth) / plan.bound)
        print(
            f"{lines} lines, {suppliers} suppliers, {count} problems: gap to the bound mean "
            f"{np.mean(gaps):.2f} % worst {max(gaps):.2f} %, CPU s mean {np.mean(seconds):.2f} "
            f"most {max(seconds):.1f}",
            flush=True,
        )


def large(size: Size, params: PlanParams) -> None:
    """Print time, memory and the gap to the bound of one large problem."""
    problem = random_problem(size, np.random.default_rng([_LARGE, size.lines]), _USUAL)
    start = time.perf_counter(), time.process_time()
    plan = solved(problem, params)
    wall, cpu = time.perf_counter() - start[0], time.process_time() - start[1]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{size.lines:,} lines, {size.suppliers:,} suppliers: {wall:.0f} s ({cpu:.0f} CPU s), peak "
        f"{memory:.1f} GB, worth {plan.worth:,.0f}, bound {plan.bound:,.0f}, "
        f"gap {100 * (plan.bound - plan.worth) / plan.bound:.3f} %"
    )


def main() -> None:
    """Read the arguments and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--report", action="store_true", help="problems not used in development")
    parser.add_argument("--few", action="store_true", help="few suppliers and many lots instead")
    parser.add_argument("--problems", type=int, default=100)
    parser.add_argument("--core", type=int, default=PlanParams().core_lots)
    parser.add_argument("--lines", type=int, default=0, help="one large problem instead")
    parser.add_argument("--suppliers", type=int, default=2000)
    given = parser.parse_args()
    params = PlanParams(core_lots=given.core)
    family = _REPORT if given.report else _DEVELOPMENT
    if given.lines:
        large(Size(given.lines, given.suppliers, 10, 10, 20.0), params)
    elif given.few:
        few(given.problems, family, params)
    else:
        small(given.problems, family, params)


if __name__ == "__main__":
    main()
