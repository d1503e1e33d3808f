#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes golden/reference_style.json: the published overlay recipe carried out by OpenCV's Python module.

Pictures and maps follow from formulas that the test repeats, so only sizes and the XXH3-64 of the RGB bytes are stored.
Some pictures go through a file in golden/ first, which both sides decode.
Made with Debian 12's python3-opencv (4.6), the version of the library that the tests link; needs numpy and xxhash.
"""

import json
from pathlib import Path

import cv2
import numpy as np
import xxhash

# Width, height, columns, rows of pictures and maps by formula.
PLAIN = [(500, 375, 34, 25), (28, 28, 6, 6), (37, 29, 5, 4), (64, 200, 2, 7), (333, 500, 17, 25), (20, 20, 1, 1),
         (101, 77, 3, 3), (16, 90, 1, 6), (281, 300, 25, 27), (640, 427, 34, 23), (1, 1, 1, 1), (1, 47, 1, 2),
         (53, 1, 4, 1), (2, 2, 3, 3), (3, 7, 2, 2), (15, 15, 7, 7), (799, 33, 42, 2), (64, 64, 64, 64), (9, 201, 1, 13),
         (256, 255, 8, 9)]
# The same with a map of one value.
CONSTANT = [(40, 31, 3, 2), (7, 5, 1, 1), (120, 90, 34, 25)]
# The same with a picture from a file.
FILES = [("color.jpg", 97, 61, 4, 2), ("grey.jpg", 61, 97, 2, 4), ("color.png", 35, 44, 2, 2), ("grey.png", 83, 20, 3, 1)]


def pattern(width: int, height: int) -> np.ndarray:
    """RGB, [height, width, 3]: smooth in both directions, some noise."""
    y, x, c = np.mgrid[0:height, 0:width, 0:3].astype(np.uint64)
    noise = (x * np.uint64(2654435761) + y * np.uint64(40503) + c * np.uint64(97)) >> np.uint64(7)
    return ((x * 3 + y * 2 + c * 40 + noise % np.uint64(23)) % np.uint64(256)).astype(np.uint8)


def attention(width: int, height: int, number: int) -> np.ndarray:
    """[height, width] float32: multiples of 1/1024, so that every step is exact in both languages."""
    r, c = np.mgrid[0:height, 0:width]
    return ((r * 37 + c * 101 + r * c * 13 + number * 7) % 251).astype(np.float32) / np.float32(1024)


def overlay(picture: np.ndarray, weights: np.ndarray) -> np.ndarray:
    image = cv2.resize(picture[..., ::-1].copy(), None, fx=0.8, fy=0.8, interpolation=cv2.INTER_LINEAR)
    # Enlarging a constant leaves rounding noise, which is no heat.
    constant_map = weights.min() == weights.max()
    heat = cv2.resize(weights, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_CUBIC)
    low, high = heat.min(), heat.max()
    levels = np.uint8((heat - low) / (high - low) * np.float32(255)) if not constant_map else np.zeros(heat.shape, np.uint8)
    colors = cv2.applyColorMap(levels, cv2.COLORMAP_JET)
    colors = cv2.GaussianBlur(cv2.medianBlur(colors, 15), (15, 15), 0)
    mixed = (image.astype(np.uint16) + colors) >> 1
    return np.ascontiguousarray(mixed.astype(np.uint8)[..., ::-1])


def constant(width: int, height: int) -> np.ndarray:
    return np.full((height, width), 0.3, np.float32)


def write_file(path: Path, rgb: np.ndarray) -> np.ndarray:
    """Stores a picture, gray if its name says so; returns what the published tool reads of it, as RGB."""
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    cv2.imwrite(str(path), cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY) if path.stem == "grey" else bgr)
    return cv2.imread(str(path))[..., ::-1]


def main() -> None:
    folder = Path(__file__).parent / "golden"
    folder.mkdir(exist_ok=True)
    rows = []

    def add(file: str, kind: str, sizes: tuple, picture: np.ndarray, weights: np.ndarray) -> None:
        result = overlay(picture, weights)
        rows.append([file, kind, *sizes, result.shape[1], result.shape[0], xxhash.xxh3_64_hexdigest(result.tobytes())])

    for number, sizes in enumerate(PLAIN):
        add("", "pattern", sizes, pattern(*sizes[:2]), attention(*sizes[2:], number))
    for sizes in CONSTANT:
        add("", "constant", sizes, pattern(*sizes[:2]), constant(*sizes[2:]))
    for number, (name, *sizes) in enumerate(FILES):
        picture = write_file(folder / name, pattern(*sizes[:2]))
        add(name, "pattern", sizes, picture, attention(*sizes[2:], number))
    text = ",\n".join("  " + json.dumps(row) for row in rows)
    (folder / "reference_style.json").write_text(
        f'{{"made_by": "OpenCV {cv2.__version__}",\n'
        f' "file, map, width, height, columns, rows, new width, new height, rgb": [\n{text}\n ]}}\n')


if __name__ == "__main__":
    main()
