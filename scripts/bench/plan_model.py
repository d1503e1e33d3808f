#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the scaling model of intr-train --plan with runs whose messages were delayed on purpose.

    plan_model.py BIN DATA OUT [--ranks 2,4] [--wires 2:400,…] [--steps 40] [--most PERCENT] [options of intr-train, such as --epochs 40 --log-every 1]

BIN holds the programs, DATA is a packed set, OUT must not exist. For each number of ranks a run without delays gives the backward
pass; for each wire MS:MBPS another run, with --inject delay:ms=MS,mbps=MBPS, gives how long a step waits for its gradients after
that pass (`exposed` of metrics.jsonl; medians over the steps after the first). --plan models the same with a profile whose ring
takes as long for a message as the wire. Wires have to take much longer than computing, then it matters little what else the
machine does. Prints each error and the median; leaves with 1 if that is above --most. Python alone.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

WARM_UP = 3  # steps


def call(command: list[str]) -> str:
    environment = os.environ | {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"plan_model: {' '.join(command)} left with {done.returncode}: {done.stderr}")
    return done.stdout


def step_times(asked: argparse.Namespace, ranks: int, run: Path, wire: list[str]) -> dict[str, float]:
    """Medians in milliseconds of what a step of rank 0 consists of."""
    call(["mpirun", "-n", str(ranks), "--oversubscribe", "--bind-to", "none", str(asked.bin / "intr-train"), "--data", asked.data,
          "--out", str(run), "--quiet", "--max-steps", str(asked.steps), *asked.more, *wire])  # fmt: skip
    records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    times = [record["ms"] for record in records if record["kind"] == "train"][WARM_UP:]
    return {name: statistics.median(one[name] for one in times) for name in times[0]}


def write_profile(path: Path, ranks: int, wire_ms: float, wire_mbps: float) -> None:
    """A link whose ring, 2(n-1) latency + 2(n-1)/n bytes/bandwidth, takes as long as the wire."""
    path.write_text(json.dumps({"schema": "intr-bench/1", "bench": "comm", "summary": {
        "ranks": ranks, "nodes": 1, "fit_error": 0,
        "alpha_us": 1e3 * wire_ms / (2 * (ranks - 1)),
        "beta_gb_s": wire_mbps / 8e3 * 2 * (ranks - 1) / ranks}}))  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("bin", type=Path)
    parser.add_argument("data")
    parser.add_argument("out", type=Path)
    parser.add_argument("--ranks", default="2,4")
    parser.add_argument("--wires", default="2:400,5:200,8:100")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--most", type=float, default=15, help="per cent")
    asked, asked.more = parser.parse_known_args()
    asked.out.mkdir()
    errors = []
    for ranks in map(int, asked.ranks.split(",")):
        base = step_times(asked, ranks, asked.out / f"r{ranks}", [])
        print(f"{ranks} ranks: backward pass {base['backward']:.1f} ms, exposed without delays {base['exposed']:.1f} ms")
        for wire in asked.wires.split(","):
            name, profile = f"r{ranks}-{wire.replace(':', '-')}", asked.out / f"r{ranks}-{wire.replace(':', '-')}.json"
            delay, megabits = map(float, wire.split(":"))
            write_profile(profile, ranks, delay, megabits)
            plan = json.loads(call([str(asked.bin / "intr-train"), "--plan", "--json", "--ranks", str(ranks), "--ranks-per-node",
                                    str(ranks), "--data", asked.data, "--comm-profile", str(profile), "--backward-ms",
                                    str(base["backward"]), *asked.more]))  # fmt: skip
            modelled = plan["figures"]["exposed"]["value"]
            measured = step_times(asked, ranks, asked.out / name, ["--inject", f"delay:ms={delay:g},mbps={megabits:g}"])["exposed"]
            errors.append(100 * abs(modelled - measured) / measured)
            print(f"  {delay:g} ms, {megabits:g} Mbit/s, {len(plan['bucket_bytes'])} buckets: modelled {modelled:.1f} ms, "
                  f"measured {measured:.1f} ms, error {errors[-1]:.1f} %")  # fmt: skip
    print(f"median error {statistics.median(errors):.1f} % of {len(errors)}")
    if statistics.median(errors) > asked.most:
        sys.exit(f"plan_model: more than {asked.most:g} %")


if __name__ == "__main__":
    main()
