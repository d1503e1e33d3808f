#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times programs in turns on one machine and gives the ratio of their speeds.

    rounds.py [--rounds 5] [--quiet 0.05] [--at-least RATIO] [--out FILE.json] NAME='COMMAND' NAME='COMMAND' …

Each program runs all the time and speaks JSON, an object a line: first {"ready": true, "check": [numbers]}, then for each line
"round" on its standard input {"seconds": s, "work": n, …}, at the end of input {"done": true, "peak_rss_mb": m}. While one works
the others wait. Nothing is timed unless all checks are equal, or within the "tolerance" that a program states. Every second
round goes through the programs in reverse. A turn during which others took more than --quiet of the processors is repeated,
three times at most. Ratios are against the first program, within each round; what is printed is their median and the 10th and
90th percentiles. With --at-least it ends with status 1 if the last program's median is below that. Linux; Python alone.
"""

import argparse
import json
import os
import statistics
import subprocess
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
REPEATS = 3


def machine() -> dict:
    text = Path("/proc/cpuinfo").read_text()
    field = lambda name: next((line.split(": ", 1)[1] for line in text.splitlines() if line.startswith(name)), "")
    known = ("avx2", "avx512f", "avx512bw", "avx512_bf16", "amx_bf16")
    return {
        "cpu": field("model name"), "cores": len(os.sched_getaffinity(0)), "system": " ".join(os.uname()[::2][:2]),
        "features": [name for name in known if name in field("flags").split()],
    }  # fmt: skip


def everybody() -> float:
    """Processor seconds of all processes since the start, stolen time included."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    return (sum(map(int, fields)) - int(fields[3]) - int(fields[4])) / TICKS


class Program:
    def __init__(self, word: str):
        self.name, self.command = word.split("=", 1)
        self.rounds, self.repeated = [], 0
        self.process = subprocess.Popen(
            self.command, shell=True, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        self.ready = self.answer()

    def answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} ended with status {self.process.wait()} without an answer")
        return json.loads(line)

    def own_seconds(self) -> float:
        """Of all processes of its session, children that have ended included."""
        total = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == self.process.pid:
                total += sum(map(int, fields[11:15]))
        return total / TICKS

    def turn(self, quiet: float) -> None:
        for attempt in range(REPEATS + 1):
            start, own, all_ = time.monotonic(), self.own_seconds(), everybody()
            self.process.stdin.write("round\n")
            self.process.stdin.flush()
            figures = self.answer()
            wall = time.monotonic() - start
            others = max(0.0, everybody() - all_ - (self.own_seconds() - own)) / (wall * os.cpu_count())
            if others <= quiet:
                break
        self.repeated += attempt
        self.rounds.append(figures | {"others": round(others, 3)})

    def speeds(self) -> list:
        return [r["work"] / r["seconds"] for r in self.rounds]

    def end(self) -> dict:
        self.process.stdin.close()
        done = self.answer()
        if status := self.process.wait():
            raise SystemExit(f"{self.name} ended with status {status} after its last answer")
        return done


def agree(a: dict, b: dict) -> bool:
    tolerance = max(a.get("tolerance", 0), b.get("tolerance", 0))
    pairs = list(zip(a["check"], b["check"]))
    return len(a["check"]) == len(b["check"]) and all(abs(x - y) <= tolerance for x, y in pairs)


def spread(values: list) -> dict:
    tenths = statistics.quantiles(values, n=10, method="inclusive") if len(values) > 1 else values * 9
    return {"median": statistics.median(values), "p10": tenths[0], "p90": tenths[-1]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("programs", nargs="+", metavar="NAME=COMMAND")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quiet", type=float, default=0.05, metavar="SHARE", help="of the processors that others may take")
    parser.add_argument("--at-least", type=float, default=0, metavar="RATIO", help="of the last program against the first")
    parser.add_argument("--out", type=Path, metavar="FILE")
    options = parser.parse_args()
    programs = [Program(word) for word in options.programs]
    first = programs[0]
    for other in programs[1:]:
        if not agree(first.ready, other.ready):
            raise SystemExit(f"nothing is timed: {other.name} computes other values than {first.name}")
    for number in range(options.rounds):
        for program in programs if number % 2 == 0 else programs[::-1]:
            program.turn(options.quiet)
    result = {"machine": machine(), "rounds": options.rounds, "programs": {}}
    print(f"{'program':20}{'work/s':>10}{'times first':>13}{'p10':>8}{'p90':>8}{'peak MB':>9}{'repeated':>10}")
    for program in programs:
        ratio = spread([a / b for a, b in zip(program.speeds(), first.speeds())])
        speed, done = spread(program.speeds()), program.end()
        facts = {key: value for key, value in program.ready.items() if key not in ("ready", "check")}
        result["programs"][program.name] = {
            "command": program.command, "work_per_second": speed, "times_first": ratio, "repeated_turns": program.repeated,
            "facts": facts, "end": done, "each": program.rounds,
        }  # fmt: skip
        print(f"{program.name:20}{speed['median']:10.1f}{ratio['median']:13.2f}{ratio['p10']:8.2f}{ratio['p90']:8.2f}"
              f"{done['peak_rss_mb']:9.0f}{program.repeated:10}")
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n")
    if ratio["median"] < options.at_least:
        raise SystemExit(f"{program.name} is {ratio['median']:.2f} times as fast as {first.name}; at least {options.at_least:g} is asked for")


if __name__ == "__main__":
    main()
