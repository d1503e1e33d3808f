#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Speed and memory of reading weight files: makes files of DETR-R50's size and one of 500 MB, and measures.

    python3 tests/bench/weights_bench.py WEIGHTS_BENCH [ROUNDS]      (default: 15 rounds)

WEIGHTS_BENCH is the built program of weights_bench.cpp. Needs torch, safetensors and numpy. What we aim for: loading
takes at most 1.5 times as long as reading the bytes and at most the file's size + 64 MB, opening 500 MB at most 50 ms.
"""
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import save_file


def detr_like(values, tensors=458):
    """So many float32 values in as many tensors as DETR has, from biases to layers of a million and more."""
    sizes = [256] * (tensors - 80)
    rest = (values - sum(sizes)) // 80
    return {f"transformer.layers.{i}.weight": torch.randn(size) for i, size in enumerate(sizes + [rest] * 80)}


TORCH_LOAD = """
import sys, time, torch
torch.set_num_threads(1)
begin = time.perf_counter()
content = torch.load(sys.argv[1], weights_only=True)
print(1000 * (time.perf_counter() - begin))
"""


def torch_load_ms(path, processes=5):
    """In processes of their own: a second time torch would find its memory ready."""
    command = [sys.executable, "-c", TORCH_LOAD, path]
    return statistics.median(float(subprocess.check_output(command)) for _ in range(processes))


def main(program, rounds=15):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        state = {"model": detr_like(41_524_768)}
        torch.save(state, folder / "detr_zip.pth")
        torch.save(state, folder / "detr_legacy.pth", _use_new_zipfile_serialization=False)
        save_file(state["model"], folder / "detr.safetensors")
        torch.save({"model": detr_like(125_000_000)}, folder / "large_zip.pth")
        files = sorted(folder.iterdir())
        lines = subprocess.run([program, str(rounds), *map(str, files)], check=True, capture_output=True, text=True).stdout
        for line in lines.splitlines():
            result = json.loads(line)
            path = Path(result["file"])
            if path.suffix == ".pth":
                result["torch_load_ms"] = round(torch_load_ms(path), 2)
                result["load_per_torch_load"] = round(result["load_ms"] / result["torch_load_ms"], 3)
            print(json.dumps(result | {"file": path.name}))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
