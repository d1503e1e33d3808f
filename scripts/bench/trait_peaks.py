#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Says how often the peak of a head's map lies in the box of the trait that makes the class, beside what chance would give.

    trait_peaks.py DUMP BOXES [--record FILE]

DUMP is a dump of the test split of the generated fine-grained set (scripts/trait_set.py), BOXES its boxes.csv. A map's peak is the center of what its
largest cell looks at (the first of equals); chance is the share of cells whose center lies in the box. The best head, of all and of each class, is
chosen on every other sample and counted on the others, so that choosing it does not flatter it. Each figure stands for the box, and for the box
with 8 pixels of the picture around it. Python with h5py and NumPy.
"""

import argparse
import csv
import json
from pathlib import Path

import h5py
import numpy as np

MARGINS = (0, 8)  # pixels of the picture


def inside(box: tuple, margin: float, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    left, top, width, height = box
    rows = (y >= top - margin) & (y <= top + height + margin)
    columns = (x >= left - margin) & (x <= left + width + margin)
    return rows[:, None] & columns[None, :]


def centers(cells: int, stride: int, resized: float, source: float) -> np.ndarray:
    return np.minimum(stride * np.arange(cells) + 0.5, resized) * source / resized


def look(dump: h5py.File, boxes: dict) -> tuple[np.ndarray, np.ndarray]:
    """Hits [margin, sample, layer, head or mean] and chance [margin, sample]."""
    layers, queries, heads = (int(n) for n in dump["map"].attrs["block"])
    split = dump.attrs["split"]
    split = split.decode() if isinstance(split, bytes) else split
    offsets, names, stride = dump["path_offset"][:], dump["path"][:], int(dump.attrs["stride"])
    hits = np.zeros((len(MARGINS), len(dump["grid"]), layers, heads + 1), bool)
    chance = np.zeros((len(MARGINS), len(dump["grid"])))
    for i, (h, w) in enumerate(dump["grid"][:].astype(int)):
        path = f"{split}/" + bytes(names[int(offsets[i]) : int(offsets[i + 1])]).decode()
        first = int(dump["start"][i])
        maps = dump["map"][first : first + layers * queries * heads * h * w].astype("f8").reshape(layers, queries, heads, h * w)[:, 0]
        maps = np.concatenate([maps, maps.mean(1, keepdims=True)], 1)  # [layer, head, cell], the mean last
        (source_h, source_w), (resized_h, resized_w) = dump["source_size"][i], dump["resized_size"][i]
        y, x = centers(h, stride, resized_h, source_h), centers(w, stride, resized_w, source_w)
        for m, margin in enumerate(MARGINS):
            good = inside(boxes[path], margin, y, x).ravel()
            hits[m, i] = good[maps.argmax(-1)]
            chance[m, i] = good.mean()
    return hits, chance


def best_head(hits: np.ndarray) -> tuple[tuple, np.ndarray]:
    """Layer and head with the most hits on every other sample, and their share on the others [margin]."""
    chosen_on, counted_on = hits[:, 1::2].mean(1), hits[:, ::2].mean(1)
    place = np.unravel_index(chosen_on[0].argmax(), chosen_on[0].shape)
    return place, counted_on[:, place[0], place[1]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dump", type=Path)
    parser.add_argument("boxes", type=Path)
    parser.add_argument("--record", type=Path, help="write the figures to this JSON file, too")
    asked = parser.parse_args()
    with asked.boxes.open(newline="") as file:
        boxes = {row["path"]: tuple(float(row[name]) for name in ("x", "y", "width", "height")) for row in csv.DictReader(file)}
    with h5py.File(asked.dump / "index.h5" if asked.dump.is_dir() else asked.dump) as dump:
        hits, chance = look(dump, boxes)
        layer_names = [int(n) for n in dump.attrs["layers"]]
        labels, classes = dump["label"][:], [name.decode() for name in dump["classes"][:]]
        head_names = [f"head {int(n)}" for n in dump.attrs["heads"]] + ["mean of heads"]
    best, best_share = best_head(hits)
    of_class = {name: best_head(hits[:, labels == c]) for c, name in enumerate(classes)}
    title = lambda place: f"layer {layer_names[place[0]]}, {head_names[place[1]]}"
    percent = lambda shares: [round(float(share), 4) for share in shares]
    figures = {
        "samples": hits.shape[1],
        "margins": MARGINS,
        "chance": percent(chance.mean(1)),
        "best": {"head": title(best), "share": percent(best_share)},
        "classes": {name: {"head": title(place), "share": percent(share)} for name, (place, share) in of_class.items()},
        "heads": {title(place): percent(hits[:, :, place[0], place[1]].mean(1)) for place in np.ndindex(hits.shape[2:])},
    }
    if asked.record:
        asked.record.write_text(json.dumps(figures, indent=1) + "\n")
    line = lambda name, pair: print(f"{name:<40}" + "  ".join(f"{100 * share:10.1f} %" for share in pair))
    print(f"{figures['samples']} samples".ljust(40) + f"{'in the box':>12}  {'8 pixels':>12}")
    line("chance", figures["chance"])
    line(f"best: {figures['best']['head']}", figures["best"]["share"])
    for name, one in figures["classes"].items():
        line(f"  {name}: {one['head']}", one["share"])
    for name, pair in figures["heads"].items():
        line(name, pair)


if __name__ == "__main__":
    main()
