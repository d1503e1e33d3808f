#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills attention dumps at random moments, again and again, and checks that what comes out equals a dump that was never killed.

    soak_dump.py BIN MODEL DATA OUT KILLS [--ranks 1,2,4] [--parts 3] [--seed 0] [options of intr-attend, such as --piece-samples 2]

BIN holds the programs, MODEL is a weight file, DATA a packed set, OUT must not exist. Each attempt goes on with the same folder, on a number of
ranks drawn from --ranks, or as one of --parts parts (0 = never), or as two jobs at once; SIGKILL ends all of its processes at a moment drawn
from the time that a whole dump takes. A dump that ends before it is killed must equal the whole one, file by file but for dump.json, which
tells of the run; then the folder is deleted. So must the one that is finished after the last kill, and its merged file. Leaves with 0, or says
what went wrong and leaves with 1. Linux; Python alone.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

MPI = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


class Soak:
    def __init__(self, asked: argparse.Namespace, options: list[str]):
        self.bin, self.out, self.asked = asked.bin, asked.out, asked
        self.inputs = ["--model", str(asked.model), "--data", str(asked.data), "--quiet", *options]

    def start(self, folder: str, ranks: int = 1, part: str = "") -> subprocess.Popen:
        launch = ["mpirun", "-n", str(ranks), "--oversubscribe", "--bind-to", "none"] if ranks > 1 else []
        command = [*launch, str(self.bin / "intr-attend"), *self.inputs, "--out", str(self.out / folder)]
        command += ["--part", part] if part else []
        # A session of its own, which is killed as a whole.
        return subprocess.Popen(command, env=os.environ | MPI, start_new_session=True, stderr=subprocess.PIPE)

    def finish(self, folder: str) -> float:
        begin = time.monotonic()
        run = self.start(folder)
        _, errors = run.communicate()
        if run.returncode != 0:
            sys.exit(f"soak: a dump that nobody kills left with {run.returncode}: {errors.decode()}")
        return time.monotonic() - begin

    def merge(self, folder: str) -> bytes:
        file = self.out / f"{folder}.h5"
        subprocess.run([self.bin / "intr-attend", "merge", self.out / folder, "--into", file], check=True)
        return file.read_bytes()

    def compare(self, folder: str) -> None:
        """Every file is there and equal, and nothing else is."""
        names = [{path.name for path in (self.out / name).iterdir()} for name in ("whole", folder)]
        if names[0] != names[1]:
            sys.exit(f"soak: other files than in a whole dump: {sorted(names[0] ^ names[1])}")
        for name in names[0] - {"dump.json"}:
            if (self.out / "whole" / name).read_bytes() != (self.out / folder / name).read_bytes():
                sys.exit(f"soak: {name} differs from that of the whole dump")

    def attempt(self, rng: random.Random, longest_s: float) -> int:
        """One or two jobs on the folder; returns how many were killed while they ran."""
        runs = []
        for _ in range(rng.choice((1, 1, 2))):
            if self.asked.parts > 0 and rng.random() < 0.4:
                runs.append(self.start("killed", part=f"{rng.randrange(self.asked.parts)}/{self.asked.parts}"))
            else:
                runs.append(self.start("killed", rng.choice(self.asked.ranks)))
        end = time.monotonic() + rng.uniform(0, 1.2 * longest_s * len(runs))
        while time.monotonic() < end and any(run.poll() is None for run in runs):
            time.sleep(0.005)
        alive = [run for run in runs if run.poll() is None]
        for run in alive:
            os.killpg(run.pid, signal.SIGKILL)
        for run in runs:
            _, errors = run.communicate()
            if run.returncode not in (0, -signal.SIGKILL):
                sys.exit(f"soak: a job left with {run.returncode}: {errors.decode()}")
        return len(alive)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("bin", "model", "data", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("kills", type=int)
    parser.add_argument("--ranks", type=lambda text: [int(word) for word in text.split(",")], default=[1, 2, 4])
    parser.add_argument("--parts", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    asked, options = parser.parse_known_args()
    asked.out.mkdir(parents=True)
    soak, rng = Soak(asked, options), random.Random(asked.seed)
    whole_s = soak.finish("whole")
    kills = attempts = finished = 0
    while kills < asked.kills:
        attempts += 1
        if attempts > 20 * asked.kills + 20:
            sys.exit("soak: the dump ends before it can be killed: give it more samples")
        kills += soak.attempt(rng, whole_s)
        if (asked.out / "killed" / "dump.json").exists():
            finished += 1
            soak.finish("killed")  # a job may have been killed while it tidied up
            soak.compare("killed")
            shutil.rmtree(asked.out / "killed")
    soak.finish("killed")
    soak.compare("killed")
    if soak.merge("whole") != soak.merge("killed"):
        sys.exit("soak: the merged files differ")
    print(f"soak: {kills} kills in {attempts} attempts, {finished} dumps were finished meanwhile; all equal the one that nobody killed")


if __name__ == "__main__":
    main()
