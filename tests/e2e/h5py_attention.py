#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads an attention dump with h5py alone, as docs/attention-format.md shows it. The lines are taken from that page.

    h5py_attention.py PROGRAMS PAGE     folder of the programs, docs/attention-format.md
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np
from h5py_reads import make_source

MODEL = """--backbone resnet18 --backbone-stages 3 --hidden-dim 32 --nheads 2 --enc-layers 2 --dec-layers 2 --dim-feedforward 64
    --image-size 64 --epochs 1 --batch-size 7 --micro-batch 7 --threads 1 --device cpu --quiet""".split()


def as_on_the_page(lines: str, file: Path, row: int) -> np.ndarray:
    names = {}
    exec(lines.replace("dump/index.h5", str(file)).replace("i = 17", f"i = {row}"), names)
    maps = names["maps"]
    names["f"].close()
    return maps


def check_fields(folder: Path) -> None:
    """What else is stored has the shapes of the page, and says what it should."""
    with h5py.File(folder / "index.h5") as f:
        layers, queries, heads = f["map"].attrs["block"]
        for i, (h, w) in enumerate(f["grid"][:]):
            rollout = f["rollout"][f["rollout_start"][i] :][: layers * queries * heads * h * w].astype(np.float64)
            assert np.allclose(rollout.reshape(-1, h * w).sum(1), 1, atol=2e-3)
            value = f["value"][f["value_start"][i] :][: layers * heads * h * w]
            assert (value > 0).all() and np.isfinite(value).all()
        assert f.attrs["value_p99"] > 0 and f.attrs["rollout_p99"] > 1


def main() -> None:
    programs, page = Path(sys.argv[1]), Path(sys.argv[2])
    lines = re.search(r"```python\n(.*?)```", page.read_text(), re.S).group(1)
    assert len(lines.strip().splitlines()) == 4, lines  # one of them imports
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        make_source(root / "source")
        run = lambda *words: subprocess.run(list(map(str, words)), check=True, stdout=subprocess.DEVNULL)
        run(programs / "intr-pack", "pack", root / "source", "--out", root / "set", "--quiet")
        run(programs / "intr-train", "--data", root / "set", "--out", root / "run", *MODEL)
        dump = [programs / "intr-attend", "--model", root / "run", "--data", root / "set", "--piece-samples", 4, "--batch-size", 3,
                "--layers", "all", "--threads", 1, "--device", "cpu", "--quiet"]  # fmt: skip
        run(*dump, "--out", root / "half", "--values", "norm", "--encoder", "rollout")
        run(*dump, "--out", root / "single", "--dtype", "f32")
        os.chdir("/")  # the index finds its pieces from anywhere
        for name, kind in (("half", np.float16), ("single", np.float32)):
            folder, merged = root / name, root / f"{name}.h5"
            run(programs / "intr-attend", "merge", folder, "--into", merged)
            with h5py.File(folder / "index.h5") as f:
                grids, places = f["grid"][:], list(zip(f["piece"][:], f["row"][:]))
            assert len(grids) == 14
            for i, (h, w) in enumerate(grids):
                maps = as_on_the_page(lines, folder / "index.h5", i)
                assert maps.dtype == kind and maps.shape == (2, 2, 2, h, w), (maps.dtype, maps.shape)
                assert np.allclose(maps.astype(np.float64).sum((3, 4)), 1, atol=2e-3)
                assert (maps == as_on_the_page(lines, merged, i)).all()
                assert (maps == as_on_the_page(lines, folder / f"piece-{places[i][0]:05}.h5", places[i][1])).all()
        check_fields(root / "half")
        (root / "half/piece-00001.h5").unlink()
        for i, (piece, _) in enumerate(places):
            gone = np.isnan(as_on_the_page(lines, root / "half/index.h5", i)).all()
            assert gone == (piece == 1), (i, piece)
        print(f"{len(grids)} samples of two dumps were read")


if __name__ == "__main__":
    main()
