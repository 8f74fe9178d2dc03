"""Forecasts beside those of its peers, on real data and the demo shop: one command.

    STOCKWRIGHT_DATA=... python benchmarks/forecasting/run.py [--case vn2 ...] [--earlier]
        [--series N] [--no-peers | --peers-only] [--seeds 11 12 13]

``--earlier`` takes the origins to tune with; without it the report's origins are looked at, and
the output says so. README.md beside this file tells what is measured.
"""

from __future__ import annotations

import argparse
import datetime
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import numpy as np
from cases import CASES, EARLIER_SEEDS, POOLED, REPORT_SEEDS, Asked
from checks import Calibration, Peaks
from exchange import PEERS, Peers
from keep import kept
from ours import VIEWS, Answer, answer, night
from rounds import Round
from tally import Summary, Tally, ratio_interval, summarized

OURS = "stockwright"


def rounds_of(case: str, asked: Asked) -> Iterator[Round]:
    yield from kept(case, asked, CASES[case])


def measure(case: str, asked: Asked, given: argparse.Namespace) -> list[Summary]:
    """Fit, forecast and score every round of a case; prints its table."""
    tallies: dict[str, Tally] = {}
    calibrations: dict[str, Calibration] = {}
    peaks = Peaks()
    for number, whole in enumerate(rounds_of(case, asked)):
        if given.rounds and number not in given.rounds:
            continue
        peers = Peers(whole, asked.cache, asked.earlier) if given.peers else None
        if given.peers_only and peers is not None:
            peers.compute(given.only)
            continue
        round_ = whole.sample(given.series) if given.series else whole
        answers = own_answers(round_, given, calibrations)
        rows = np.arange(int(round_.scored.sum()))
        if peers is not None:
            if given.compute:
                peers.compute(given.only)
            found, rows = peers.answers(round_, given.only)
            answers |= found
        for name, each in answers.items():
            tallies.setdefault(name, Tally(name)).add(number, round_, each, rows)
        peaks.add(round_, answers, rows)
        seconds = answers[OURS].seconds
        print(f"  {case} {round_.label}: {seconds} on {len(rows)} series", file=sys.stderr)
    if not tallies:
        return []
    most = tallies[OURS].rounds
    for name in [name for name, tally in tallies.items() if tally.rounds < most]:
        print(f"  {name} has answered {tallies.pop(name).rounds} of {most} rounds: left out")
    summaries = [summarized(tally, POOLED[case]) for tally in tallies.values()]
    show(case, summaries)
    for calibration in calibrations.values():
        calibration.show()
    peaks.show()
    return summaries


def own_answers(
    round_: Round, given: argparse.Namespace, calibrations: dict[str, Calibration]
) -> dict[str, Answer]:
    """The night's answer, and those of our model told other things of the past."""
    answers = {}
    views = VIEWS.get(round_.case, {}) if given.views else {}
    for name, view in {OURS: lambda same: same, **views}.items():
        _, forecast, seconds = night(view(round_), given.threads)
        answers[name] = answer(round_, forecast, seconds)
        kept = calibrations.setdefault(name, Calibration(name, POOLED[round_.case]))
        kept.add(round_, forecast)
    return answers


def show(case: str, summaries: list[Summary]) -> None:
    """One row for each model; ratios are ours over the peer's."""
    ours = summaries[0]
    spans = list(ours.by_span)
    head = " | ".join(f"1..{span}" for span in spans)
    print(f"\n## {case}: pinball of sums over {POOLED[case]}, and of each span\n")
    print(f"| model | pooled | ours/peer (95 %) | {head} | per step | WAPE | bias | bias by origin")
    print("    | bias recovered | whole in stock | raw coverage .5/.8/.9/.95/.99 | s | sums by |")
    print("|" + "---|" * (11 + len(spans)))
    for each in sorted(summaries, key=lambda each: (each is not ours, each.pooled)):
        cells = [each.name, f"{each.pooled:.4f}"]
        if each is ours:
            cells.append("")
        else:
            ratio, low, high = ratio_interval(ours.loss_by_series, each.loss_by_series)
            cells.append(f"{ratio:.3f} ({low:.3f}-{high:.3f})")
        cells += [f"{each.by_span[span]:.4f}" for span in spans]
        low, high = each.bias_interval
        cells += [f"{each.steps:.4f}", f"{each.wape:.4f}"]
        cells += [f"{each.bias:+.1%} ({low:+.1%}..{high:+.1%})"]
        cells += [" ".join(f"{100 * bias:+.0f}" for bias in each.bias_by_origin)]
        cells += [f"{each.recovered_bias:+.1%}", f"{each.whole:.4f}"]
        cells += [" ".join(f"{share:.3f}" for share in each.covered)]
        cells += [f"{sum(each.seconds.values()):.0f}", each.way]
        print("| " + " | ".join(cells) + " |", flush=True)
    print("\nseconds over all rounds, and peak memory of the process:")
    for each in summaries:
        parts = ", ".join(f"{name} {value:.1f}" for name, value in each.seconds.items())
        print(f"  {each.name}: {parts}; {each.megabytes:.0f} MB")


def summarize(found: dict[str, list[Summary]]) -> None:
    """Average over the cases of ours / peer, for the peers of all of them."""
    cases = {case: summaries for case, summaries in found.items() if len(summaries) > 1}
    if not cases:
        return
    print("\n## pooled pinball, ours / peer\n")
    print("| peer | " + " | ".join(cases) + " | mean |")
    print("|" + "---|" * (len(cases) + 2))
    for peer in sorted({each.name for summaries in cases.values() for each in summaries[1:]}):
        ratios = []
        for summaries in cases.values():
            theirs = [each.pooled for each in summaries if each.name == peer]
            ratios.append(summaries[0].pooled / theirs[0] if theirs else np.nan)
        cells = " | ".join(f"{ratio:.3f}" for ratio in ratios)
        print(f"| {peer} | {cells} | {np.nanmean(ratios):.3f} |")
    for case, summaries in cases.items():
        own = [each for each in summaries if each.name.startswith(OURS)]
        others = [each for each in summaries if each not in own]
        if not others:
            continue
        best = min(others, key=lambda each: each.pooled)
        for each in own:
            ratio, low, high = ratio_interval(each.loss_by_series, best.loss_by_series)
            print(f"{case}: {each.name} / {best.name}, the best peer:", end=" ")
            print(f"{ratio:.3f} ({low:.3f}-{high:.3f})")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", nargs="*", default=list(CASES), choices=list(CASES))
    parser.add_argument("--earlier", action="store_true", help="the origins to tune with")
    parser.add_argument("--series", type=int, default=0, help="a fixed sample of the series")
    parser.add_argument("--rounds", type=int, nargs="*", help="only these, counted from 0")
    parser.add_argument("--no-views", dest="views", action="store_false")
    parser.add_argument("--no-peers", dest="peers", action="store_false")
    parser.add_argument("--peers-only", action="store_true", help="compute and keep the peers")
    parser.add_argument("--only", nargs="*", default=list(PEERS), help="of the peers")
    parser.add_argument("--kept", dest="compute", action="store_false", help="only kept peers")
    parser.add_argument("--seeds", type=int, nargs="*", default=None, help="of the demo shop")
    parser.add_argument("--threads", type=int, default=int(os.environ.get("OMP_NUM_THREADS", 2)))
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "stockwright-benchmark"
    )
    return parser.parse_args()


def main() -> None:
    given = parsed()
    seeds = tuple(given.seeds or (EARLIER_SEEDS if given.earlier else REPORT_SEEDS))
    if not given.earlier and not given.peers_only:
        now = datetime.datetime.now().isoformat(timespec="minutes")
        print(f"The report's origins were looked at: {now}, cases {' '.join(given.case)}")
    given.cache.mkdir(parents=True, exist_ok=True)
    asked = Asked(given.earlier, seeds, given.cache)
    summarize({case: measure(case, asked, given) for case in given.case})


if __name__ == "__main__":
    main()
