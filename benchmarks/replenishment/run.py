"""All studies of this folder in turn, each in a process of its own: one command.

    python benchmarks/replenishment/run.py [--only NAME ...]

Prints what each study prints, and its seconds. The exit code is 1 when one of them failed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
#: Every study with its arguments, in the order in which they run.
STUDIES: dict[str, tuple[str, ...]] = {
    "lost_sales": (),
    "policy_speed": (),
    "sim_speed": (),
    "allocation": (),
    "two_echelon": ("--report",),
    "joint_ordering": ("--report",),
    "random_lead": (),
    "pulse_speed": (),
    "build_up": (),
    "markdown": (),
    "demo_quarter": ("--report",),
    "demo_peak": ("--report",),
    "demo_clearance": ("--report",),
    "clearance_speed": (),
    "vn2_replay": ("--report",),
}


def studies() -> dict[str, tuple[str, ...]]:
    """The studies that are in the folder."""
    return {name: told for name, told in STUDIES.items() if (FOLDER / f"{name}.py").exists()}


def run_study(name: str, arguments: tuple[str, ...]) -> bool:
    """Run one study with its output on this one's; whether it ended well."""
    print(f"== {name} {' '.join(arguments)}".rstrip(), flush=True)
    began = time.perf_counter()
    call = [sys.executable, str(FOLDER / f"{name}.py"), *arguments]
    code = subprocess.run(call, cwd=ROOT, check=False).returncode
    ended = "" if code == 0 else f", failed with exit code {code}"
    print(f"== {name}: {time.perf_counter() - began:.1f} s{ended}\n", flush=True)
    return code == 0


def main() -> int:
    found = studies()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=found, default=list(found), metavar="NAME")
    failed = [name for name in parser.parse_args().only if not run_study(name, found[name])]
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
