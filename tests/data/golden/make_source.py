#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the pictures of the golden set of schema 1.0 (Pillow 13.0). The set itself was made once:

    python3 make_source.py SOURCE
    SOURCE_DATE_EPOCH=946684800 intr-pack pack SOURCE --out set-1.0

It must stay readable by every program that reads 1.x: never make it again, add sets beside it.
"""
import pathlib
import sys

from PIL import Image

root = pathlib.Path(sys.argv[1])


def picture(size, seed, mode="RGB"):
    image = Image.new("RGB", size)
    image.putdata([((x * 7 + seed) % 256, (y * 11 + seed) % 256, (x * y + seed) % 256)
                   for y in range(size[1]) for x in range(size[0])])
    return image.convert(mode)


def save(name, image, **options):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)


for split, shift in (("train", 0), ("val", 100)):
    save(f"{split}/B/photo.jpg", picture((32, 24), 1 + shift), quality=90)
    save(f"{split}/b/progressive.jpg", picture((24, 32), 2 + shift), quality=80, progressive=True)
    save(f"{split}/heron/grey.png", picture((16, 16), 3 + shift, "L"))
save("train/heron/png named.jpg", picture((20, 20), 4), format="PNG")
save("train/heron/sub/ü.png", picture((20, 20), 5))
