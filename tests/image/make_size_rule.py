#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes golden/size_rule.json: DETR's size rule for every picture of up to 1400 x 1400 pixels, as a hash.

    make_size_rule.py [FOLDER]     FOLDER is golden/ beside this script by default

Per (short side, maximum or 0 for none): the XXH3-64 of the results as little-endian int32, width then height, for widths
1 ... 1400 and within each for heights 1 ... 1400. The arithmetic is Python's: round() goes half to even, int() cuts.
Needs numpy and xxhash.
"""

import json
import sys
from pathlib import Path

import numpy as np
import xxhash

LARGEST = 1400
RULES = ((800, 1333), (480, 1333), (64, 107), (600, 0))


def resized(w: int, h: int, short: int, longest: int) -> tuple:
    low, high = float(min(w, h)), float(max(w, h))
    if longest and high / low * short > longest:
        short = int(round(longest * low / high))
    if (w <= h and w == short) or (h <= w and h == short):
        return w, h
    if w < h:
        return short, short * h // w
    return short * w // h, short


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "golden"
    sides = range(1, LARGEST + 1)
    rows = []
    for short, longest in RULES:
        sizes = np.array([resized(w, h, short, longest) for w in sides for h in sides], dtype="<i4")
        rows.append(f"  {json.dumps([short, longest, xxhash.xxh3_64_hexdigest(sizes.tobytes())])}")
    text = ",\n".join(rows)
    (folder / "size_rule.json").write_text(f'{{"short side, maximum, sizes": [\n{text}\n ]}}\n')


if __name__ == "__main__":
    main()
