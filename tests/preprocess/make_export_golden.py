#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the golden files of the test of `intr-pack export`: pictures, and what Pillow makes of them.

    make_export_golden.py [FOLDER]     FOLDER is golden/ beside this script by default

golden/export_*.{jpg,png}  three pictures; sample i of a split is the i-th in order of name
golden/export.json         for a sample, transform, seed and epoch: flip, crop, sizes, and the XXH3-64 of the RGB bytes

Nothing here is taken from the program: draws come from NumPy's Philox, sizes from the published rule, pixels from
Pillow. Pillow 13 swaps the two passes of some reductions; here the horizontal pass always comes first. Needs
Pillow >= 10.2, numpy and xxhash; made with the versions in "made_by".
"""

import json
import sys
from pathlib import Path

import numpy as np
import PIL
import xxhash
from PIL import Image


def draw(seed, epoch, sample, number):
    """Word 0 of Philox4x64-10 with key (seed, 0) and counter (1, epoch, sample, number): NumPy adds 1 to the first word."""
    generator = np.random.Philox(key=[seed, 0], counter=[0, epoch, sample, number])
    return int(generator.random_raw())


def below(bits, n):
    return bits * n >> 64


def half(bits):
    return (bits >> 11) * 2.0**-53 < 0.5


def scaled(length, size):
    """length * size / 800, rounded half up."""
    return (2 * length * size + 800) // 1600


def resized(source, size, maximum):
    """The published rule; source and result are (width, height)."""
    w, h = source
    if maximum is not None:
        smaller, larger = float(min(w, h)), float(max(w, h))
        if larger / smaller * size > maximum:
            size = int(round(maximum * smaller / larger))
    if (w <= h and w == size) or (h <= w and h == size):
        return w, h
    if w < h:
        return size, int(size * h / w)
    return int(size * w / h), size


def resize(image, size):
    narrowed = image if size[0] == image.width else image.resize((size[0], image.height), Image.BILINEAR)
    return narrowed if size[1] == image.height else narrowed.resize(size, Image.BILINEAR)


def transformed(image, name, seed, epoch, sample):
    """The picture and the decisions that led to it."""
    kind, _, size = name.partition(":")
    size = int(size or 800)
    facts = {"flip": False, "crop": None}
    if kind == "none":
        return image, facts
    bits = [draw(seed, epoch, sample, number) for number in range(8)]
    if kind != "val" and half(bits[0]):
        facts["flip"] = True
        image = image.transpose(Image.FLIP_LEFT_RIGHT)
    short, long = size, scaled(1333, size)
    if kind == "train":
        short = [scaled(s, size) for s in range(480, 801, 32)][below(bits[2], 11)]
        if not half(bits[1]):
            first = resized(image.size, [scaled(s, size) for s in (400, 500, 600)][below(bits[3], 3)], None)
            image = resize(image, first)
            low, high = scaled(384, size), scaled(600, size)
            w = low + below(bits[4], min(first[0], high) - low + 1)
            h = low + below(bits[5], min(first[1], high) - low + 1)
            left, top = below(bits[6], first[0] - w + 1), below(bits[7], first[1] - h + 1)
            image = image.crop((left, top, left + w, top + h))
            facts["crop"] = [w, h, left, top, *first]
    return resize(image, resized(image.size, short, long)), facts


def photo(seed, width, height):
    """Smooth shapes: [height, width, 3] uint8."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    bands = []
    for _ in range(3):
        fx, fy, phase = random.uniform(4, 18), random.uniform(4, 18), random.uniform(0, 6)
        bands.append(128 + 60 * np.sin(fx * x / width + phase) + 60 * np.cos(fy * y / height))
    return np.stack(bands, -1).clip(0, 255).astype(np.uint8)


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "golden"
    folder.mkdir(parents=True, exist_ok=True)
    names = ["export_0.jpg", "export_1.png", "export_2.jpg"]
    Image.fromarray(photo(1, 500, 375)).save(folder / names[0], quality=60)
    Image.fromarray(photo(2, 61, 90)).convert("P", palette=Image.ADAPTIVE).save(folder / names[1])
    Image.fromarray(photo(3, 240, 320)).save(folder / names[2], quality=60)
    wanted = [(s, t, 42, 0) for s in range(3) for t in ("none", "val:96")] + [(0, "val", 42, 0), (0, "train", 42, 1)]
    wanted += [(s, t, seed, e) for s in range(3) for t in ("train:128", "flip:64") for seed, e in
               ((42, 0), (42, 1), (42, 2), (7, 3))]
    cases = []
    for sample, transform, seed, epoch in wanted:
        image, facts = transformed(Image.open(folder / names[sample]).convert("RGB"), transform, seed, epoch, sample)
        cases.append({"sample": sample, "transform": transform, "seed": seed, "epoch": epoch, **facts,
                      "final": list(image.size), "rgb": xxhash.xxh3_64_hexdigest(image.tobytes())})
    made_by = f"Pillow {PIL.__version__}, numpy {np.__version__}"
    lines = ",\n".join("  " + json.dumps(case) for case in cases)
    (folder / "export.json").write_text(f'{{"made_by": {json.dumps(made_by)},\n"cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
