#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes golden/transforms.json: what the published transforms make of pictures for given draws, with Pillow's pixels.

    make_transforms.py [FOLDER]     FOLDER is golden/ beside this script by default

A row: transform, source width and height, seed, epoch, sample id, flip, crop [first width, first height, left, top, width,
height] or [], final width and height, XXH3-64 of the final RGB bytes. The source is the picture of pattern() below. Draws
are NumPy's Philox, numbered as in the loader: see augmentation.cpp. Pillow 13 swaps the two passes of some reductions; what
is written here is always the horizontal pass first, made of two resizes of one axis each.

Needs Pillow >= 10.2, numpy and xxhash; made with the versions in "made_by".
"""

import json
import sys
from pathlib import Path

import numpy as np
import xxhash
from PIL import Image, ImageOps

FLIP, BRANCH, SHORT_SIDE, CROP_SHORT_SIDE, CROP_WIDTH, CROP_HEIGHT, LEFT, TOP = range(8)
AUGMENTATION = 1
PHOTOS = ((500, 375), (333, 500), (400, 400))
SMALL = ((50, 37), (37, 50), (96, 96), (200, 61), (28, 28), (61, 140))


class Draws:
    def __init__(self, seed: int, epoch: int, sample: int):
        self.seed, self.epoch, self.sample = seed, epoch, sample

    def bits(self, draw: int) -> int:
        counter = [AUGMENTATION - 1, self.epoch, self.sample, draw]  # NumPy adds 1 before the first block
        return int(np.random.Philox(key=[self.seed, 0], counter=counter).random_raw())

    def half(self, draw: int) -> bool:
        return (self.bits(draw) >> 11) * 2.0**-53 < 0.5

    def between(self, draw: int, low: int, high: int) -> int:
        return low + (self.bits(draw) * (high - low + 1) >> 64)


def pattern(width: int, height: int) -> Image.Image:
    """The tests make the same picture: every byte from its place alone."""
    i = np.arange(width * height * 3, dtype=np.uint64)
    bytes_ = (i * np.uint64(2654435761) + (i * i >> np.uint64(3))) >> np.uint64(11) & np.uint64(255)
    return Image.fromarray(bytes_.astype(np.uint8).reshape(height, width, 3))


def resize(picture: Image.Image, short: int, longest: int | None) -> Image.Image:
    w, h = picture.size
    low, high = min(w, h), max(w, h)
    if longest and high / low * short > longest:
        short = round(longest * low / high)
    if low == short:
        return picture
    width, height = (short, short * h // w) if w < h else (short * w // h, short)
    for size in ((width, h), (width, height)):
        if size != picture.size:
            picture = picture.resize(size, Image.Resampling.BILINEAR)
    return picture


def transformed(name: str, picture: Image.Image, draws: Draws) -> list:
    kind, _, number = name.partition(":")
    size = int(number or 800)

    def scaled(length: int) -> int:
        return (length * size * 2 + 800) // 1600

    flip = kind != "val" and draws.half(FLIP)
    if flip:
        picture = ImageOps.mirror(picture)
    crop = []
    short = scaled(800)
    if kind == "train":
        short = scaled(480 + 32 * draws.between(SHORT_SIDE, 0, 10))
        if not draws.half(BRANCH):
            picture = resize(picture, scaled((400, 500, 600)[draws.between(CROP_SHORT_SIDE, 0, 2)]), None)
            w = draws.between(CROP_WIDTH, scaled(384), min(picture.width, scaled(600)))
            h = draws.between(CROP_HEIGHT, scaled(384), min(picture.height, scaled(600)))
            x = draws.between(LEFT, 0, picture.width - w)
            y = draws.between(TOP, 0, picture.height - h)
            crop = [*picture.size, x, y, w, h]
            picture = picture.crop((x, y, x + w, y + h))
    picture = resize(picture, short, scaled(1333))
    return [flip, crop, *picture.size, xxhash.xxh3_64_hexdigest(picture.tobytes())]


def cases():
    for number, size in enumerate(PHOTOS * 4):
        yield "train", size, (42, 3, 17 + number)
    yield "val", PHOTOS[0], (0, 0, 0)
    for number in range(60):
        size = SMALL[number % len(SMALL)]
        yield ("train:64", "train:96", "flip:96", "val:64", "train:200")[number % 5], size, (number // 7, number % 4, number)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "golden"
    rows = []
    for name, size, (seed, epoch, sample) in cases():
        result = transformed(name, pattern(*size), Draws(seed, epoch, sample))
        rows.append(f"  {json.dumps([name, *size, seed, epoch, sample, *result])}")
    made_by = json.dumps({"Pillow": Image.__version__, "numpy": np.__version__})
    columns = "transform, width, height, seed, epoch, sample, flip, crop, final width, final height, rgb"
    text = ",\n".join(rows)
    (folder / "transforms.json").write_text(f'{{"made_by": {made_by},\n "{columns}": [\n{text}\n ]}}\n')


if __name__ == "__main__":
    main()
