#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills a rank of a training run and measures how long it takes until the run, started again, has done a step.

    time_restart.py BIN DATA OUT [--ranks 2] [--times 3] [--limit 15] [--record FILE] [options of intr-train, such as --save-every 2steps]

BIN holds the programs, DATA is a packed set, OUT is the run directory and must not exist. Each time one rank gets SIGKILL when the start has
saved a checkpoint and a step after it is done; the same command starts as soon as the launcher has ended, as a job script would do it.
Counted are the seconds from the kill to the launcher's end and from there to the first new step; a step is as long as the options
make it. Leaves with 0 if the median of the sums is at most --limit seconds, else with 1. Linux; Python alone.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

from soak_steps import find_ranks, last_step

GUARD_S = 600


def wait_for(what: str, found, run: subprocess.Popen):
    end = time.monotonic() + GUARD_S
    while time.monotonic() < end:
        if result := found():
            return result
        if run.poll() is not None:
            sys.exit(f"restart: the run left with {run.returncode} before {what}")
        time.sleep(0.005)
    sys.exit(f"restart: no {what} in {GUARD_S} s")


def saves(out: Path) -> int:
    try:
        return (out / "events.jsonl").read_text().count('"kind":"save"')
    except OSError:
        return 0


class NewStep:
    """Whether a start has added a step: first it removes the records behind its checkpoint, of which there are some, then it adds one."""

    def __init__(self, records: Path):
        self.records, self.before = records, records.stat().st_size
        self.least = self.before

    def __call__(self) -> bool:
        size = self.records.stat().st_size
        self.least = min(self.least, size)
        return self.least < self.before and size > self.least


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("bin", type=Path)
    parser.add_argument("data")
    parser.add_argument("out", type=Path)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--limit", type=float, default=15, help="seconds from the kill to the first new step")
    parser.add_argument("--record", type=Path, help="write the seconds to this file, as JSON")
    asked, more = parser.parse_known_args()
    if asked.out.exists():
        sys.exit(f"restart: {asked.out} is there already")
    command = ["mpirun", "-n", str(asked.ranks), "--oversubscribe", "--bind-to", "none", str(asked.bin / "intr-train"),
               "--data", asked.data, "--out", str(asked.out), "--quiet", "--log-every", "1", *more]  # fmt: skip
    environment = os.environ | {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    start = lambda: subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    records = asked.out / "metrics.jsonl"
    run, rounds = start(), []
    for number in range(asked.times):
        ranks = wait_for("all ranks", lambda: find_ranks(run.pid, "intr-train", asked.ranks), run)
        before = saves(asked.out)
        wait_for("a save", lambda: saves(asked.out) > before, run)
        step = last_step(records)
        wait_for("a step after it", lambda: last_step(records) > step, run)
        os.kill(ranks[-1 - number % asked.ranks], signal.SIGKILL)
        killed = time.monotonic()
        code = run.wait(GUARD_S)
        ended, new_step = time.monotonic(), NewStep(records)
        run = start()
        wait_for("a new step", new_step, run)
        first = time.monotonic()
        rounds.append({"launcher_s": ended - killed, "start_s": first - ended, "exit_code": code})
        print(f"kill {number + 1}: the launcher ended after {ended - killed:.2f} s (status {code}), "
              f"first new step {first - ended:.2f} s later", flush=True)  # fmt: skip
    run.terminate()
    run.wait(GUARD_S)
    median = statistics.median(r["launcher_s"] + r["start_s"] for r in rounds)
    if asked.record:
        asked.record.write_text(json.dumps({"command": command, "median_s": median, "each": rounds}, indent=1) + "\n")
    print(f"restart: {median:.2f} s from a rank's death to the first new step (median of {asked.times})")
    if median > asked.limit:
        sys.exit(f"restart: more than {asked.limit} s")


if __name__ == "__main__":
    main()
