#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains many small steps and fails if memory or descriptors of a rank grow meanwhile.

    soak_steps.py BIN DATA OUT STEPS [--ranks 1] [--limit 64] [--record FILE] [options of intr-train, such as --epochs 900 --save-every 99steps]

BIN holds the programs, DATA is a packed set, OUT is the run directory and must not exist. Looked at several times a second are the heap in use
(tests/support/heap_watch.cpp, which the build puts into BIN/../tests and this preloads), what lies in RAM (the second field of /proc/PID/statm)
and descriptors (the entries of /proc/PID/fd). The run is cut into tenths. What counts is the least of a tenth, for a save or an evaluation needs
some for a while. The first four are warming up. What leaks goes on growing behind them, so it is a fault where the heap in use grew by more than
--limit KiB both from the fourth tenth to the seventh and from there to the last. What lies in RAM holds freed memory, too, in huge pages, and may
need one more late in a run: a fault is only more than 5 % in both parts, which finds what is mapped past the heap. Descriptors may not grow from
the second tenth to the last. Leaves with 0, or says what grew and leaves with 1. Linux with glibc 2.33 or newer; Python alone.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TENTHS = 10
EVERY_S = 0.05
PAGE = os.sysconf("SC_PAGE_SIZE")
RAM_LIMIT = 5  # per cent
# glibc keeps what is freed for each thread and counts a part of it as in use: megabytes that come and go.
NOTHING_KEPT = {"MALLOC_ARENA_MAX": "1", "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}


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


def watch(run: subprocess.Popen, ranks: int, steps: int, records: Path, heaps: Path) -> list[dict]:
    samples, pids = [], []
    while run.poll() is None:
        time.sleep(EVERY_S)
        pids = pids or find_ranks(run.pid, "intr-train", ranks)
        step = last_step(records)
        try:
            sample = {
                "step": step,
                "heap": [int((heaps / str(pid)).read_text()) for pid in pids],
                "ram": [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE for pid in pids],
                "descriptors": [len(os.listdir(f"/proc/{pid}/fd")) for pid in pids],
            }  # fmt: skip
        except (OSError, ValueError):
            continue  # the ranks are leaving, or the watch has not begun
        if pids and 0 < step < steps:  # behind the last step memory goes
            samples.append(sample)
    return samples


def tenths(samples: list[dict], steps: int) -> list[dict]:
    rows = []
    for number in range(TENTHS):
        part = [s for s in samples if number * steps < s["step"] * TENTHS <= (number + 1) * steps]
        if not part:
            sys.exit(f"soak: nothing was seen of tenth {number + 1}: give it more steps, or slower ones")
        least = {name: [min(rank) for rank in zip(*(s[name] for s in part))] for name in ("heap", "ram", "descriptors")}
        rows.append({"to_step": (number + 1) * steps // TENTHS, "samples": len(part)} | least)
    return rows


def growth(rows: list[dict], limit_kib: float) -> list[str]:
    """Sentences on what grew."""
    measures = (("heap", "the heap in use", "KiB", limit_kib, lambda before, after: (after - before) / 1024),
                ("ram", "what lies in RAM", "%", RAM_LIMIT, lambda before, after: 100 * (after / before - 1)))  # fmt: skip
    faults = []
    for name, what, unit, limit, grown in measures:
        for rank, (start, middle, end) in enumerate(zip(*(rows[number - 1][name] for number in (4, 7, 10)))):
            parts = grown(start, middle), grown(middle, end)
            print(f"rank {rank}: {what} grew by {parts[0]:.2f} and {parts[1]:.2f} {unit}")
            if min(parts) > limit:
                faults.append(f"{what} of rank {rank} grew by {parts[0]:.2f} and again by {parts[1]:.2f} {unit}, more than {limit:g}")
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
    parser.add_argument("--limit", type=float, default=64, help="KiB of heap in three tenths of the run")
    parser.add_argument("--record", type=Path, help="write the tenths to this file, as JSON")
    asked, more = parser.parse_known_args()
    if asked.out.exists():
        sys.exit(f"soak: {asked.out} is there already")
    watcher = asked.bin.resolve().parent / "tests" / "heap_watch.so"
    if not watcher.exists():
        sys.exit(f"soak: {watcher} is missing: build the tests, too")
    launch = ["mpirun", "-n", str(asked.ranks), "--oversubscribe", "--bind-to", "none"] if asked.ranks > 1 else []
    command = [*launch, str(asked.bin / "intr-train"), "--data", asked.data, "--out", str(asked.out), "--quiet", "--max-steps",
               str(asked.steps), *more]  # fmt: skip
    with tempfile.TemporaryDirectory() as heaps:
        environment = NOTHING_KEPT | os.environ | {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                                                   "LD_PRELOAD": str(watcher), "INTR_HEAP_WATCH": heaps}  # fmt: skip
        run = subprocess.Popen(command, env=environment)
        samples = watch(run, asked.ranks, asked.steps, asked.out / "metrics.jsonl", Path(heaps))
    if run.returncode != 0:
        sys.exit(f"soak: the run left with {run.returncode}")
    rows = tenths(samples, asked.steps)
    for row in rows:
        heap = " ".join(f"{value / 1024:10.1f}" for value in row["heap"])
        ram = " ".join(f"{value / 1e6:8.2f}" for value in row["ram"])
        print(f"to step {row['to_step']:>6}: {heap} KiB of heap, {ram} MB in RAM, {row['descriptors']} descriptors, {row['samples']} looks")
    if asked.record:
        asked.record.write_text(json.dumps({"command": command, "tenths": rows}, indent=1) + "\n")
    faults = growth(rows, asked.limit)
    if faults:
        sys.exit("soak: " + "; ".join(faults))
    print(f"soak: {asked.steps} steps on {asked.ranks} rank(s), nothing grew")


if __name__ == "__main__":
    main()
