#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills attention dumps at random moments, again and again, and checks that what comes out equals a dump that was never killed.

    soak_dump.py BIN MODEL DATA OUT KILLS [--ranks 1,2,4] [--parts 3] [--seed 0] [options of intr-attend, such as --piece-samples 2]

BIN holds the programs, MODEL is a weight file, DATA a packed set, OUT must not exist. Each attempt goes on with the same folder, on a number of
ranks drawn from --ranks, or as one of --parts parts (0 = never), or as two jobs at once; SIGKILL ends all of its processes, or a single rank, at
any moment or once a few more pieces are in place. The other ranks must not wait for a dead one. A dump that ends before it is killed must equal the whole one, file by file but for dump.json, which
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


def processes(session: int) -> dict[int, int]:
    """Those of a session that are alive, each with its parent."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit():
                state, parent, _, of = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
                if int(of) == session and state != "Z":
                    found[int(entry.name)] = int(parent)
        except OSError:
            pass  # it ended
    return found


def kill(run: subprocess.Popen, rng: random.Random) -> None:
    """One rank, or all that belongs to a job."""
    alive = processes(run.pid)
    ranks = [pid for pid, parent in alive.items() if parent == run.pid]
    for pid in [rng.choice(ranks)] if ranks and rng.random() < 0.5 else alive:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it ended


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

    def pieces(self, folder: str) -> int:
        return len(list((self.out / folder).glob("piece-*.h5")))

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

    def attempt(self, rng: random.Random, whole_s: float) -> bool:
        """One or two jobs on the folder. Returns whether one was killed while it ran."""
        runs = []
        for _ in range(rng.choice((1, 1, 2))):
            if self.asked.parts > 0 and rng.random() < 0.4:
                runs.append(self.start("killed", part=f"{rng.randrange(self.asked.parts)}/{self.asked.parts}"))
            else:
                runs.append(self.start("killed", rng.choice(self.asked.ranks)))
        # Some are killed at any moment, most once there are some more pieces.
        if rng.random() < 0.3:
            wanted, end = 1 << 30, time.monotonic() + rng.uniform(0, whole_s)
        else:
            wanted, end = self.pieces("killed") + rng.randint(1, 4), time.monotonic() + 60
        while time.monotonic() < end and self.pieces("killed") < wanted and any(run.poll() is None for run in runs):
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.01))  # into the writing of the next one
        alive = [run for run in runs if run.poll() is None]
        for run in alive:
            kill(run, rng)
        for run in runs:
            _, errors = run.communicate()
            if run.returncode not in (0, -signal.SIGKILL) and run not in alive:
                sys.exit(f"soak: a job left with {run.returncode}: {errors.decode()}")
        return bool(alive)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
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
    kills = attempts = finished = partly = 0
    while kills < asked.kills:
        attempts += 1
        if attempts > 20 * asked.kills + 20:
            sys.exit("soak: the dump ends before it can be killed: give it more samples")
        if soak.attempt(rng, whole_s):
            kills += 1
            partly += 0 < soak.pieces("killed") < soak.pieces("whole")
        if (asked.out / "killed" / "dump.json").exists():
            finished += 1
            soak.finish("killed")  # a job may have been killed while it tidied up
            soak.compare("killed")
            shutil.rmtree(asked.out / "killed")
    soak.finish("killed")
    soak.compare("killed")
    if soak.merge("whole") != soak.merge("killed"):
        sys.exit("soak: the merged files differ")
    if 5 * partly < kills:
        sys.exit(f"soak: only {partly} of {kills} kills left a dump with some of its pieces: give it more samples")
    print(f"soak: {kills} kills in {attempts} attempts, {partly} of them amid the pieces; {finished} dumps were finished meanwhile; all are equal")


if __name__ == "__main__":
    main()
