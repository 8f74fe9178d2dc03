"""Pin every dependency with its hashes: run.lock, dev.lock, and a lock file for each peer.

Run through `make lock`. No package index is named in the result.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The "no emit" options keep the addresses of indexes out of the lock files.
OPTIONS = [
    "--quiet",
    "--strip-extras",
    "--generate-hashes",
    "--allow-unsafe",
    "--no-header",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-emit-options",
    "--no-emit-trusted-host",
    "--no-annotate",
]


def compile_lock(name: str, *extra: str, source: str = "pyproject.toml") -> None:
    """Write requirements/NAME.lock."""
    target = ROOT / "requirements" / f"{name}.lock"
    command = [sys.executable, "-m", "piptools", "compile", *OPTIONS, *extra]
    subprocess.run([*command, "--output-file", str(target), source], cwd=ROOT, check=True)


if __name__ == "__main__":
    compile_lock("dev", "--extra", "dev")
    # The run-time lock takes the same versions as the development one.
    compile_lock("run", "--constraint", "requirements/dev.lock")
    # The peers of the forecast benchmark have an environment of their own.
    compile_lock("peers", source="requirements/peers.in")
    # Those of the simulation benchmark want versions that no single environment can hold.
    for source in sorted(ROOT.glob("requirements/replenishment-peers/*.in")):
        name = f"replenishment-peers/{source.stem}"
        compile_lock(name, source=f"requirements/{name}.in")
