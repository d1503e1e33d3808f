#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a packed set with h5py alone, as docs/shard-format.md shows it. The lines are taken from that page.

    h5py_reads.py PROGRAMS PAGE     folder of the programs, docs/shard-format.md
"""

import contextlib
import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py


def make_source(folder: Path) -> None:
    """Fourteen pictures a split in two classes, as PPM files that need no library."""
    for first, split in ((0, "train"), (100, "val")):
        for number in range(14):
            path = folder / split / f"class{number % 2}" / f"{number:02}.ppm"
            path.parent.mkdir(parents=True, exist_ok=True)
            width, height = 8 + number, 6
            path.write_bytes(b"P6 %d %d 255\n" % (width, height) + bytes((first + number * 7 + i) % 256 for i in range(width * height * 3)))


def read_everything(path: Path) -> dict:
    """Every data set of a file -> its values."""
    values = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: values.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return values


def main() -> None:
    programs, page = Path(sys.argv[1]), Path(sys.argv[2])
    lines = re.search(r"```python\n(.*?)```", page.read_text(), re.S).group(1)
    assert len(lines.strip().splitlines()) == 3, lines
    with tempfile.TemporaryDirectory() as scratch:
        source, packed = Path(scratch, "source"), Path(scratch, "set")
        make_source(source)
        subprocess.run([programs / "intr-pack", "pack", source, "--out", packed, "--quiet"], check=True)

        names, printed = {"h5py": h5py}, io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(lines.replace("SET/", f"{packed}/"), names)
        files = sorted((source / "val").rglob("*.ppm"))  # an image folder's order
        assert names["jpg"] == files[names["i"]].read_bytes(), "the bytes of the sample"
        assert printed.getvalue().split()[0] == "1", printed.getvalue()
        assert "class1" in printed.getvalue(), printed.getvalue()
        names["f"].close()

        shard, index = (read_everything(packed / name) for name in ("val-00000-of-00001.h5", "val.index.h5"))
        assert len(shard["offset"]) == 15 and shard["offset"][-1] == len(shard["data"])
        for name in set(shard) & set(index):
            assert shard[name].tobytes() == index[name].tobytes() or name == "classes", name
        assert list(shard["classes"]) == list(index["classes"]) == [b"class0", b"class1"]
        assert {"data", "offset", "hash", "label", "sample_id", "path", "codec", "mode"} <= set(shard)
        assert {"shard_of", "begin", "length", "shard/file", "shard/bytes", "shard/xxh3_128"} <= set(index)
        print(f"{len(shard)} data sets of a shard and {len(index)} of an index were read")


if __name__ == "__main__":
    main()
