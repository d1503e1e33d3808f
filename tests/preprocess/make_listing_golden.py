#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes golden/listings.json: random folder trees and how an image folder of them is listed.

Usage: make_listing_golden.py [--check]. The listing is that of a model of torchvision's ImageFolder written with
os.walk; where torchvision is installed, both are compared. --check compares with the committed file instead of
writing it. In the file, bytes of paths other than plain ones are percent-encoded.
"""

import json
import os
import random
import sys
import tempfile

EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
PLAIN = set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/")
STEMS = [
    b"", b"1", b"10", b"2", b"002", b"b", b"b-", b"B", b"a b", b".dot", b"line\nbreak", b"quote'\"", b"$(id)", b"-rf", b"%41",
    b"bad\xff", b"bad\xc3", b"\xed\xa0\x80", "\uffe0".encode(), "\U0001f426".encode(), "é".encode(), b"e\xcc\x81", b"~", b"dir.jpg",
    b"x" * 240,
]
ENDINGS = [b".jpg", b".JPG", b".jpeg", b".Png", b".ppm", b".bmp", b".PGM", b".tif", b".tiff", b".webp", b".gif", b".txt", b"",
           b".jpg.bak"]


def escaped(path):
    return "".join(chr(byte) if byte in PLAIN else f"%{byte:02X}" for byte in path)


def random_tree(draw):
    """Entries in the order of making: [kind, path, target or None]; kind is file, folder or link."""
    entries, taken = [], set()

    def add(kind, path, target=None):
        if path in taken or path.endswith((b"/", b"/.", b"/..")):
            return False
        taken.add(path)
        entries.append([kind, path, target])
        return True

    def fill(folder, depth):
        for _ in range(draw.randint(0, 5)):
            name = draw.choice(STEMS) + draw.choice(ENDINGS)
            add("file", folder + b"/" + name)
        for _ in range(draw.randint(0, 3 if depth else 0)):
            below = folder + b"/" + draw.choice(STEMS + [b"z.png", b"0"])
            if add("folder", below):
                fill(below, depth - 1)

    for name in (b"elsewhere", b"train"):
        add("folder", name)
    add("folder", b"elsewhere/inner")
    fill(b"elsewhere/inner", 1)
    add("file", b"elsewhere/one.dat")
    for number in range(draw.randint(1, 6)):
        folder = b"train/" + draw.choice(STEMS + [b"001", b"c", b"C"])
        if draw.random() < 0.2:
            add("link", folder, b"../elsewhere")
        elif add("folder", folder):
            add("file", folder + b"/%d.jpg" % number)
            fill(folder, 3)
            if draw.random() < 0.5:
                add("link", folder + b"/linked", b"../../elsewhere/inner")
            if draw.random() < 0.5:
                add("link", folder + b"/linked.png", b"../../elsewhere/one.dat")
    add("file", b"train/plain.jpg")
    return entries


def make(root, entries):
    for kind, path, target in entries:
        full = os.path.join(os.fsencode(root), path)
        if kind == "folder":
            os.mkdir(full)
        elif kind == "link":
            os.symlink(target, full)
        else:
            open(full, "wb").close()


def listing(split):
    """Class names and (path, label) of the pictures of a split folder, as ImageFolder finds them."""
    classes = sorted(entry.name for entry in os.scandir(split) if entry.is_dir())
    files = []
    for label, name in enumerate(classes):
        for folder, _, names in sorted(os.walk(os.path.join(split, name), followlinks=True)):
            for file in sorted(names):
                if file.lower().endswith(EXTENSIONS):
                    files.append((os.path.join(folder, file), label))
    return classes, files


def compare_with_torchvision(split, classes, files):
    try:
        from torchvision.datasets import ImageFolder
    except ImportError:
        return False
    real = ImageFolder(split, allow_empty=True)
    assert real.classes == classes and real.samples == files, split
    return True


def main():
    draw = random.Random(5)
    trees, compared = [], 0
    for _ in range(24):
        entries = random_tree(draw)
        with tempfile.TemporaryDirectory() as root:
            make(root, entries)
            split = os.path.join(root, "train")
            classes, files = listing(split)
            compared += compare_with_torchvision(split, classes, files)
            below = [[escaped(os.fsencode(path[len(split) + 1:])), label] for path, label in files]
        trees.append({
            "entries": [[kind, escaped(path)] + ([escaped(target)] if target else []) for kind, path, target in entries],
            "classes": [escaped(os.fsencode(name)) for name in classes],
            "files": below,
        })
    text = "[\n" + ",\n".join(json.dumps(tree) for tree in trees) + "\n]\n"
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden", "listings.json")
    print(f"{len(trees)} trees, {sum(len(tree['files']) for tree in trees)} pictures, {compared} compared with torchvision")
    if "--check" in sys.argv[1:]:
        sys.exit(0 if open(path).read() == text else "golden/listings.json differs")
    with open(path, "w") as out:
        out.write(text)


if __name__ == "__main__":
    main()
