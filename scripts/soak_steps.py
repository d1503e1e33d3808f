#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains many small steps and fails if memory or descriptors of a rank grow meanwhile.

    soak_steps.py BIN DATA OUT STEPS [--ranks 1] [--limit 0.5] [--record FILE] [options of intr-train, such as --epochs 900 --save-every 99steps]

BIN holds the programs, DATA is a packed set, OUT is the run directory and must not exist. Memory is what lies in RAM (the second
field of /proc/PID/statm), descriptors are the entries of /proc/PID/fd; both are looked at several times a second. The run is cut
into tenths. What counts is the least of a tenth, for a save or an evaluation needs some for a while. The first four are warming up; what leaks
goes on growing behind them, so it is a fault where memory grew by more than --limit per cent both from the fourth tenth to the seventh and from
there to the last. (The allocator keeps what it has once needed, and may need more once, late in a run.) Descriptors may not grow from the second
to the last. Leaves with 0, or says what grew and leaves with 1. Linux; Python alone.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

TENTHS = 10
EVERY_S = 0.05
PAGE = os.sysconf("SC_PAGE_SIZE")
# glibc keeps what is freed for each thread, tens of megabytes that come and go.
ONE_ARENA = {"MALLOC_ARENA_MAX": "1"}


def descendants(root: int) -> list[int]:
    """Processes that this one started, and those that they started."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it ended
        children.setdefault(parent, []).append(int(entry.name))
    found, ask = [], [root]
    while ask:
        found.append(ask.pop())
        ask += children.get(found[-1], [])
    return found


def find_ranks(root: int, program: str, count: int) -> list[int]:
    """The processes of the training program, once all of them are there."""
    ranks = [pid for pid in descendants(root) if os.path.basename(read_link(f"/proc/{pid}/exe")) == program]
    return sorted(ranks) if len(ranks) == count else []


def read_link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def last_step(records: Path) -> int:
    """Of the newest whole line; 0 before the first."""
    try:
        with records.open("rb") as file:
            file.seek(max(0, records.stat().st_size - 8192))
            lines = file.read().split(b"\n")[:-1]
        return max((json.loads(line)["step"] for line in lines[-2:]), default=0)
    except (OSError, ValueError):
        return 0  # no file yet, or the first of the lines is cut


def watch(run: subprocess.Popen, ranks: int, steps: int, records: Path) -> list[dict]:
    samples, pids = [], []
    while run.poll() is None:
        time.sleep(EVERY_S)
        pids = pids or find_ranks(run.pid, "intr-train", ranks)
        step = last_step(records)
        try:
            sample = {
                "step": step,
                "rss": [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE for pid in pids],
                "descriptors": [len(os.listdir(f"/proc/{pid}/fd")) for pid in pids],
            }  # fmt: skip
        except OSError:
            continue  # the ranks are leaving
        if pids and 0 < step < steps:  # behind the last step memory goes
            samples.append(sample)
    return samples


def tenths(samples: list[dict], steps: int) -> list[dict]:
    rows = []
    for number in range(TENTHS):
        part = [s for s in samples if number * steps < s["step"] * TENTHS <= (number + 1) * steps]
        if not part:
            sys.exit(f"soak: nothing was seen of tenth {number + 1}: give it more steps, or slower ones")
        rows.append({
            "to_step": (number + 1) * steps // TENTHS, "samples": len(part),
            "rss_mb": [min(rank) / 1e6 for rank in zip(*(s["rss"] for s in part))],
            "descriptors": [min(rank) for rank in zip(*(s["descriptors"] for s in part))],
        })  # fmt: skip
    return rows


def growth(rows: list[dict], limit: float) -> list[str]:
    """Sentences on what grew."""
    faults = []
    for rank, (start, middle, end) in enumerate(zip(*(rows[number - 1]["rss_mb"] for number in (4, 7, 10)))):
        parts = [100 * (middle / start - 1), 100 * (end / middle - 1)]
        print(f"rank {rank}: {start:.2f}, {middle:.2f}, {end:.2f} MB, {parts[0]:+.3f} % and {parts[1]:+.3f} %")
        if min(parts) > limit:
            faults.append(f"memory of rank {rank} grew by {parts[0]:.2f} % and again by {parts[1]:.2f} %, more than {limit} %")
    for rank, (before, after) in enumerate(zip(rows[1]["descriptors"], rows[-1]["descriptors"])):
        if after > before:
            faults.append(f"rank {rank} has {after} descriptors open instead of {before}")
    return faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("bin", type=Path)
    parser.add_argument("data")
    parser.add_argument("out", type=Path)
    parser.add_argument("steps", type=int)
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--limit", type=float, default=0.5, help="per cent of memory in three tenths of the run")
    parser.add_argument("--record", type=Path, help="write the tenths to this file, as JSON")
    asked, more = parser.parse_known_args()
    if asked.out.exists():
        sys.exit(f"soak: {asked.out} is there already")
    launch = ["mpirun", "-n", str(asked.ranks), "--oversubscribe", "--bind-to", "none"] if asked.ranks > 1 else []
    command = [*launch, str(asked.bin / "intr-train"), "--data", asked.data, "--out", str(asked.out), "--quiet", "--max-steps",
               str(asked.steps), *more]  # fmt: skip
    environment = ONE_ARENA | os.environ | {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    run = subprocess.Popen(command, env=environment)
    samples = watch(run, asked.ranks, asked.steps, asked.out / "metrics.jsonl")
    if run.returncode != 0:
        sys.exit(f"soak: the run left with {run.returncode}")
    rows = tenths(samples, asked.steps)
    for row in rows:
        memory = " ".join(f"{value:8.2f}" for value in row["rss_mb"])
        print(f"to step {row['to_step']:>6}: {memory} MB, {row['descriptors']} descriptors, {row['samples']} looks")
    if asked.record:
        asked.record.write_text(json.dumps({"command": command, "tenths": rows}, indent=1) + "\n")
    faults = growth(rows, asked.limit)
    if faults:
        sys.exit("soak: " + "; ".join(faults))
    print(f"soak: {asked.steps} steps on {asked.ranks} rank(s), nothing grew")


if __name__ == "__main__":
    main()
