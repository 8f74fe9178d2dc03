"""Walk a night in a process of its own and, on demand, die at one of its events.

    python walk_and_die.py DATA DATE OUT [--rooms small|real] [--resume] [--workers N]
        [--die EVENT] [--hold EVENT]

EVENT is "<kind> <step>" or "<kind> <step> <message>". --die kills the process with SIGKILL there;
--hold prints a line and waits to be killed.
"""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from small_rooms import SmallRooms

from pipelines.night.night import run_night
from pipelines.night.request import NightRequest, parse_date
from planner.exits import guarded


def observer(die, hold):
    def observe(event):
        name = f"{event.kind} {event.step} {event.message}".strip()
        print(name, flush=True)
        if name == die:
            os.kill(os.getpid(), signal.SIGKILL)
        if name == hold:
            time.sleep(60)

    return observe


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("date")
    parser.add_argument("out", type=Path)
    parser.add_argument("--rooms", default="small")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--die")
    parser.add_argument("--hold")
    words = parser.parse_args()
    request = NightRequest(
        words.data, parse_date(words.date), words.out, None, words.resume, False, words.workers
    )
    rooms = SmallRooms() if words.rooms == "small" else None
    observe = observer(words.die, words.hold)
    return guarded(lambda: run_night(request, observe, rooms).code)


if __name__ == "__main__":
    sys.exit(main())
