#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether fast forms cost accuracy: trains with fp32 and bf16, with and without sorting by size, several seeds each.

    accuracy.py BIN DATA OUT [--seeds 3] [--record FILE] [options of intr-train, such as --epochs 4 --image-size 96]

BIN holds the programs, DATA is a packed set, runs go to OUT/FORM-SEED; what is finished there is not done again. Prints the top-1 accuracy
after the last epoch of every run, and for each form its mean, the standard deviation over seeds and the difference from fp32 in the
published order, with the standard error of that difference. Python alone.
"""

import argparse
import json
import math
import statistics
import subprocess
from pathlib import Path

FORMS = {
    "fp32-published-order": ["--precision", "fp32", "--bucket-window", "1"],
    "fp32-sorted": ["--precision", "fp32"],
    "bf16-published-order": ["--precision", "bf16", "--bucket-window", "1"],
    "bf16-sorted": ["--precision", "bf16"],
}


def last_accuracy(run: Path) -> float:
    records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [record["acc1"] for record in records if record["kind"] == "eval"][-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("bin", type=Path)
    parser.add_argument("data")
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--record", type=Path, help="write the accuracies to this file, as JSON")
    asked, more = parser.parse_known_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    found = {form: [] for form in FORMS}
    for seed in range(1, asked.seeds + 1):  # forms in turns, so that what is there after a while can be compared
        for form, options in FORMS.items():
            run = asked.out / f"{form}-{seed}"
            command = [asked.bin / "intr-train", "--data", asked.data, "--out", run, "--seed", seed, "--quiet", *options, *more]
            if not (run / "DONE").exists():
                subprocess.run(list(map(str, command)), check=True)
            found[form].append(last_accuracy(run))
            print(f"seed {seed}, {form}: {found[form][-1]:.2f} %", flush=True)
    first = found[next(iter(FORMS))]
    rows = {}
    for form, values in found.items():
        spread = statistics.stdev(values) if len(values) > 1 else 0.0
        error = math.hypot(spread, statistics.stdev(first) if len(first) > 1 else 0.0) / math.sqrt(len(values))
        rows[form] = {"acc1": values, "mean": statistics.mean(values), "deviation": spread,
                      "difference": statistics.mean(values) - statistics.mean(first), "standard_error": error}  # fmt: skip
        print(f"{form:22} {rows[form]['mean']:6.2f} % (deviation {spread:.2f}), {rows[form]['difference']:+.2f} +- {error:.2f}")
    if asked.record:
        asked.record.write_text(json.dumps({"options": more, "seeds": asked.seeds, "forms": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
