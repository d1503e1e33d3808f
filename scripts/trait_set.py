#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws a fine-grained data set: birds whose class is the color of one of four small marks, and nothing else.

    trait_set.py OUT [--train 1600] [--val 400] [--seed 0]
    intr-pack pack OUT/pictures --boxes OUT/boxes.csv --parts OUT/parts.csv --out SET

Every bird has a mark on crown, breast, wing and tail. Three are gray, one is red or blue: eight classes, such as red_wing. Size, place, side,
body color and background are drawn at random, pictures have 72 to 128 pixels a side. boxes.csv holds the box of the colored mark, parts.csv
the centers of all four: where a map should look is known. The same options give the same files. Python alone.
"""

import argparse
import math
import random
import struct
import zlib
from pathlib import Path

PARTS = {"crown": (0.30, -0.25), "breast": (0.20, 0.07), "wing": (-0.06, -0.05), "tail": (-0.42, 0.02)}  # in body lengths, facing right
COLORS = {"red": (215, 45, 45), "blue": (45, 75, 220)}
MARK = 0.085  # radius, in body lengths
SIDES = (72, 128)


class Picture:
    def __init__(self, width: int, height: int, rng: random.Random):
        self.width, self.height = width, height
        base, spread = rng.randint(70, 190), rng.randint(8, 24)
        shades = bytes(max(0, min(255, base + (v - 128) * spread // 128)) for v in range(256))
        self.rows = [bytearray(rng.randbytes(3 * width).translate(shades)) for _ in range(height)]

    def ellipse(self, x: float, y: float, rx: float, ry: float, color: tuple) -> None:
        for row in range(max(0, math.ceil(y - ry)), min(self.height, math.floor(y + ry) + 1)):
            half = rx * math.sqrt(max(0.0, 1 - ((row - y) / ry) ** 2))
            first, last = max(0, math.ceil(x - half)), min(self.width, math.floor(x + half) + 1)
            if last > first:
                self.rows[row][3 * first : 3 * last] = bytes(color) * (last - first)

    def png(self) -> bytes:
        def chunk(kind: bytes, data: bytes) -> bytes:
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        pixels = zlib.compress(b"".join(b"\0" + bytes(row) for row in self.rows), 6)
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def bird(rng: random.Random, trait: str, color: tuple) -> tuple[Picture, dict, tuple]:
    """A picture, the centers of its parts, and the box (x, y, width, height) of the mark that makes its class."""
    picture = Picture(rng.randint(*SIDES), rng.randint(*SIDES), rng)
    body = min(picture.width, picture.height) * rng.uniform(0.75, 0.95)
    facing = rng.choice((-1, 1))
    x = picture.width / 2 + rng.uniform(-1, 1) * (picture.width - body) / 4
    y = picture.height / 2 + rng.uniform(-1, 1) * (picture.height - 0.7 * body) / 4
    plumage = tuple(rng.randint(60, 170) for _ in range(3))
    draw = lambda dx, dy, rx, ry: picture.ellipse(x + facing * dx * body, y + dy * body, rx * body, ry * body, plumage)
    draw(-0.42, 0.02, 0.17, 0.10)
    draw(0.0, 0.0, 0.34, 0.21)
    draw(0.30, -0.20, 0.15, 0.15)
    radius, centers = MARK * body, {}
    for part, (dx, dy) in PARTS.items():
        centers[part] = (x + facing * dx * body, y + dy * body)
        picture.ellipse(*centers[part], radius, radius, color if part == trait else (rng.randint(90, 200),) * 3)
    left, top = centers[trait][0] - radius, centers[trait][1] - radius
    return picture, centers, (max(0.0, left), max(0.0, top), 2 * radius, 2 * radius)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--train", type=int, default=1600, help="pictures")
    parser.add_argument("--val", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    classes = [(f"{name}_{part}", part, color) for part in PARTS for name, color in COLORS.items()]
    options.out.mkdir(parents=True)
    with (options.out / "boxes.csv").open("w") as boxes, (options.out / "parts.csv").open("w") as parts:
        boxes.write("path,x,y,width,height\n")
        parts.write("path,part,x,y,visible\n")
        for split, count in (("train", options.train), ("val", options.val)):
            for number in range(count):
                rng = random.Random(f"{options.seed}/{split}/{number}")
                name, trait, color = classes[number % len(classes)]
                picture, centers, box = bird(rng, trait, color)
                path = f"{split}/{name}/{number:05}.png"
                file = options.out / "pictures" / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(picture.png())
                boxes.write(path + "".join(f",{value:.2f}" for value in box) + "\n")
                for part, (x, y) in centers.items():
                    parts.write(f"{path},{part},{x:.2f},{y:.2f},1\n")


if __name__ == "__main__":
    main()
