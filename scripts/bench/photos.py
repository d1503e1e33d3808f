#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a folder of JPEG files for timing: as large, as detailed and as varied in size as bird photographs.

    photos.py OUT [--images 480] [--classes 12] [--seed 0] [--plain]

OUT/train/CLASS/N.jpg and OUT/val/CLASS/N.jpg, three to one. Sizes follow CUB-200-2011, where the long side of nearly every
picture is 500 pixels. Contents: noise of all scales, a striped ellipse in the color of the class, sensor grain; quality 92,
4:2:0. --plain: of one gray instead, for what depends on sizes alone. Equal arguments give equal bytes as long as numpy, Pillow and libjpeg are the same. Needs numpy and Pillow.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

# width, height, share
SIZES = [
    (500, 375, 30), (500, 333, 20), (375, 500, 12), (500, 334, 6), (500, 400, 6), (333, 500, 5), (400, 500, 4), (500, 335, 4),
    (500, 347, 3), (500, 281, 3), (500, 500, 2), (500, 420, 2), (341, 500, 1), (470, 353, 1), (297, 214, 1),
]


def noise(draw, width: int, height: int, fall: float) -> np.ndarray:
    """[height, width]: eight scales, each `fall` times the amplitude of the coarser one."""
    total = np.zeros((height, width), np.float32)
    for scale in range(1, 9):
        cells = 2**scale
        grid = draw.uniform(-1, 1, (max(2, cells * height // 500), max(2, cells * width // 500))).astype(np.float32)
        total += fall**scale * np.asarray(Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC))
    return total


def photo(number: int, label: int, classes: int, seed: int, plain: bool) -> Image.Image:
    draw = np.random.default_rng([seed, number])
    shares = np.array([share for *_, share in SIZES], float)
    width, height, _ = SIZES[draw.choice(len(SIZES), p=shares / shares.sum())]
    if plain:
        return Image.new("RGB", (width, height), "gray")
    light = 125 + 70 * noise(draw, width, height, draw.uniform(0.72, 0.88))
    colors = [30 * noise(draw, width, height, 0.55) for _ in range(2)]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    angle, size = draw.uniform(0, np.pi), min(width, height) * draw.uniform(0.28, 0.4)
    dx, dy = x - width * draw.uniform(0.35, 0.65), y - height * draw.uniform(0.35, 0.65)
    along, across = dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)
    subject = np.clip(12 * (1 - (along / size) ** 2 - (2 * across / size) ** 2), 0, 1)
    stripes = 140 + 26 * np.sin(along / (2.2 + label % 5)) + 60 * noise(draw, width, height, 0.72)
    light += subject * (stripes - light)
    hue = 2 * np.pi * label / classes
    for channel, amount in zip(colors, (60 * np.cos(hue), 45 * np.sin(hue))):
        channel += subject * (amount - channel)
    grain = draw.uniform(12, 32) * (draw.random((height, width, 3)) + draw.random((height, width, 3)) - 1)
    pixels = np.stack((light + colors[0], light + colors[1], light - (colors[0] + colors[1]) / 2), 2) + grain
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--images", type=int, default=480, help="how many in all")
    parser.add_argument("--classes", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plain", action="store_true", help="gray pictures")
    options = parser.parse_args()
    if options.images < 4 * options.classes:
        parser.error("each class needs four pictures, one of them in val")
    for number in range(options.images):
        label = number % options.classes
        split = "val" if number // options.classes % 4 == 3 else "train"
        path = options.out / split / f"class{label:03d}" / f"{number:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        photo(number, label, options.classes, options.seed, options.plain).save(path, quality=92, subsampling="4:2:0")


if __name__ == "__main__":
    main()
