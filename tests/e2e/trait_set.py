#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws a small set with scripts/trait_set.py twice, looks at its marks and packs it with boxes and parts.

    trait_set.py PROGRAMS SCRIPT     folder of the programs, scripts/trait_set.py
"""

import csv
import json
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

COLORS = {"red": (215, 45, 45), "blue": (45, 75, 220)}


def pixels_of(png: bytes) -> tuple[int, int, list]:
    """Width, height and rows of a PNG as the script writes them: RGB, without filters."""
    at, data, size = 8, b"", (0, 0)
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + length]
        size = struct.unpack(">II", body[:8]) if kind == b"IHDR" else size
        data += body if kind == b"IDAT" else b""
        at += 12 + length
    raw, stride = zlib.decompress(data), 1 + 3 * size[0]
    return *size, [raw[row * stride + 1 : (row + 1) * stride] for row in range(size[1])]


def files_of(folder: Path) -> dict:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def main() -> None:
    programs, script = Path(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for out, seed in (("a", 3), ("b", 3), ("c", 4)):
            subprocess.run([sys.executable, script, folder / out, "--train", "24", "--val", "16", "--seed", str(seed)], check=True)
        a, b, c = (files_of(folder / out) for out in "abc")
        assert a == b and len(a) == 24 + 16 + 2, "the same options give the same files"
        assert a.keys() == c.keys() and a != c, "another seed gives other pictures"
        parts = list(csv.DictReader((folder / "a/parts.csv").open()))
        for row in csv.DictReader((folder / "a/boxes.csv").open()):
            width, height, rows = pixels_of((folder / "a/pictures" / row["path"]).read_bytes())
            x, y, w, h = (float(row[field]) for field in ("x", "y", "width", "height"))
            assert 0 <= x < width and 0 <= y < height, row
            color, trait = row["path"].split("/")[1].split("_")
            center = rows[round(y + h / 2)][3 * round(x + w / 2) :][:3]
            assert tuple(center) == COLORS[color], f"{row}: {tuple(center)} in the middle of its box"
            colored = {tuple(line[3 * i : 3 * i + 3]) for line in rows for i in range(width)} & set(COLORS.values())
            assert colored == {COLORS[color]}, f"{row}: marks of {colored}"
            mine = [part for part in parts if part["path"] == row["path"]]
            assert len(mine) == 4
            spot = next(part for part in mine if part["part"] == trait)
            assert abs(float(spot["x"]) - x - w / 2) < 0.02 and abs(float(spot["y"]) - y - h / 2) < 0.02
        subprocess.run([programs / "intr-pack", "pack", folder / "a/pictures", "--boxes", folder / "a/boxes.csv",
                        "--parts", folder / "a/parts.csv", "--out", folder / "set", "--quiet"], check=True)  # fmt: skip
        packed = json.loads((folder / "set/dataset.json").read_text())
        assert len(packed["classes"]) == 8, packed["classes"]


if __name__ == "__main__":
    main()
