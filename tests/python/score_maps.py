#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Computes the measures of `intr-score maps` a second time, with h5py and NumPy, from a dump's files alone, and compares.

    score_maps.py PROGRAMS RANDOM_DUMP     random dumps, boxes and parts, many options
    score_maps.py PROGRAMS --dump DUMP [options of intr-score maps]     a dump that is there

Written from the formulas of docs/scores.md, map by map and as directly as they stand there; nothing of it is taken from the
C++ code. Every column of samples.csv and heads.csv, and every mean, interval, share and bin of summary.json must agree to 1e-6.
"""
import argparse
import csv
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np

NAN = float("nan")
TOLERANCE = 1e-6
BOX_BASELINES = ("box_mass_uniform", "box_mass_center_prior", "pointing_0_chance", "pointing_15_chance")


# ---- the dump ----
class Dump:
    """Columns of index.h5 in sample-id order, and maps read from the piece that holds them."""

    def __init__(self, folder):
        self.folder = Path(folder)
        file = h5py.File(self.folder / "index.h5", "r")
        self.column = {name: file[name][:] for name in file if name not in ("map", "rollout", "value", "encoder")}
        self.heads = [int(n) for n in file.attrs["heads"]]
        self.layers = [int(n) for n in file.attrs["layers"]]
        self.stride = int(file.attrs["stride"])
        self.block = [int(n) for n in file["map"].attrs["block"]]
        split = file.attrs["split"]
        self.split = split.decode() if isinstance(split, bytes) else split
        self.classes = [name.decode() for name in file["classes"][:]]
        self.pieces = {}

    def __len__(self):
        return len(self.column["sample_id"])

    def path(self, i):
        first, last = self.column["path_offset"][i : i + 2]
        return bytes(self.column["path"][int(first) : int(last)]).decode()

    def maps(self, i):
        """[layers, Q, heads, cells] in double, each divided by its sum."""
        number, row = int(self.column["piece"][i]), int(self.column["row"][i])
        if number not in self.pieces:
            self.pieces[number] = h5py.File(self.folder / f"piece-{number:05}.h5", "r")
        piece = self.pieces[number]
        h, w = (int(n) for n in piece["grid"][row])
        shape = (*self.block, h * w)
        start = int(piece["start"][row])
        maps = piece["map"][start : start + math.prod(shape)].astype(np.float64).reshape(shape)
        return maps / maps.sum(-1, keepdims=True)


# ---- section 3: where cells lie ----
def axis(cells, resized, source, stride, geometry):
    """Borders and points of an axis in pixels of the source."""
    if geometry == "stretch":
        edges = np.arange(cells + 1) * resized / cells
        points = (edges[:-1] + edges[1:]) / 2
    else:
        edges = np.clip(stride * np.arange(cells + 1) - stride / 2 + 0.5, 0, resized)
        edges[0], edges[-1] = 0, resized
        points = np.clip(stride * np.arange(cells) + 0.5, 0, resized)
    return edges * (source / resized), points * (source / resized)


# ---- section 6 ----
def entropy(a):
    a = a[a > 0]
    return float(-(a * np.log(a)).sum())


def divergence(p, q):
    return (entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2) / math.log(2)


def first_largest(a):
    return int(np.flatnonzero(a >= a.max() * (1 - 1e-12))[0])


def inside(x, y, box, margin):
    bx, by, bw, bh = box
    return (bx - margin <= x) & (x <= bx + bw + margin) & (by - margin <= y) & (y <= by + bh + margin)


def overlap(edges, points, low, high):
    length = np.diff(edges)
    covered = np.clip(np.minimum(edges[1:], high) - np.maximum(edges[:-1], low), 0, None)
    return np.where(length > 0, covered / np.where(length > 0, length, 1), (points >= low) & (points <= high))


def half_mass(a, mass):
    order = np.argsort(-a, kind="stable")
    count = int(np.flatnonzero(np.cumsum(a[order]) >= mass - 1e-12)[0]) + 1
    chosen = np.zeros(len(a), bool)
    chosen[order[:count]] = True
    return chosen


class Picture:
    """One sample: its places, box and visible parts."""

    def __init__(self, dump, i, box, parts, geometry):
        h, w = (int(n) for n in dump.column["grid"][i])
        (self.height, self.width), resized = dump.column["source_size"][i].astype(float), dump.column["resized_size"][i].astype(float)
        self.y_edges, self.y_points = axis(h, resized[0], self.height, dump.stride, geometry)
        self.x_edges, self.x_points = axis(w, resized[1], self.width, dump.stride, geometry)
        self.y, self.x = (grid.ravel() for grid in np.meshgrid(self.y_points, self.x_points, indexing="ij"))
        if box and not (min(box[0] + box[2], self.width) > max(box[0], 0) and min(box[1] + box[3], self.height) > max(box[1], 0)):
            box = None  # outside the picture
        self.w, self.box = w, box
        self.parts = {k: (x, y) for k, (x, y, seen) in parts.items() if seen and 0 <= x <= self.width and 0 <= y <= self.height}
        if box:
            rows = overlap(self.y_edges, self.y_points, box[1], box[1] + box[3])
            columns = overlap(self.x_edges, self.x_points, box[0], box[0] + box[2])
            self.in_box = np.outer(rows, columns).ravel()
            self.box_diagonal = math.hypot(box[2], box[3])

    def cell_of(self, point):
        row = np.flatnonzero(self.y_edges[:-1] <= point[1])[-1]
        column = np.flatnonzero(self.x_edges[:-1] <= point[0])[-1]
        return int(row) * self.w + int(column)

    def measure(self, a, other):
        """The measures of one map, but part coverage."""
        s, e, j = len(a), entropy(a), first_largest(a)
        m = {"entropy": e, "entropy_normalized": e / math.log(s) if s > 1 else NAN, "effective_area": math.exp(e) / s}
        m |= {"peak": a[j], "peak_uniform": s * a[j], "peak_x": self.x[j], "peak_y": self.y[j]}
        cx, cy = (a * self.x).sum(), (a * self.y).sum()
        m |= {"center_x": cx, "center_y": cy}
        m["spread"] = math.sqrt((a * ((self.x - cx) ** 2 + (self.y - cy) ** 2)).sum()) / math.hypot(self.width, self.height)
        m["class_contrast"] = NAN if other is None else divergence(a, other)
        m |= dict.fromkeys(("box_mass", "box_lift", "pointing_0", "pointing_15", "part_coverage", "part_chance", "part_lift", "part_distance"), NAN)
        if self.box:
            m["box_mass"] = (a * self.in_box).sum()
            uniform = self.in_box.mean()
            m["box_lift"] = m["box_mass"] / uniform if uniform > 0 else NAN
            for margin in (0, 15):
                m[f"pointing_{margin}"] = float(inside(self.x[j], self.y[j], self.box, margin))
        m["nearest"] = -1
        if self.parts:
            away = {k: math.hypot(x - self.x[j], y - self.y[j]) for k, (x, y) in self.parts.items()}
            m["nearest"] = min(away, key=lambda k: (away[k], k))
            if self.box and self.box_diagonal > 0:
                m["part_distance"] = away[m["nearest"]] / self.box_diagonal
        return m

    def cover(self, m, chosen):
        if self.parts:
            m["part_coverage"] = sum(chosen[self.cell_of(p)] for p in self.parts.values()) / len(self.parts)
            m["part_chance"] = chosen.mean()
            m["part_lift"] = m["part_coverage"] / m["part_chance"]

    def baselines(self):
        if not self.box:
            return dict.fromkeys(BOX_BASELINES, NAN)
        prior = np.exp(-0.5 * (((self.x - self.width / 2) / (self.width / 4)) ** 2 + ((self.y - self.height / 2) / (self.height / 4)) ** 2))
        chance = {f"pointing_{margin}_chance": inside(self.x, self.y, self.box, margin).mean() for margin in (0, 15)}
        return {"box_mass_uniform": self.in_box.mean(), "box_mass_center_prior": (prior / prior.sum() * self.in_box).sum()} | chance


def score(dump, i, picture, query, layer, mass):
    """A sample: values of its own, of the head mean, of each head; peaks of heads."""
    c = {name: dump.column[name][i] for name in ("label", "query", "logit", "top_class", "top_logit", "log_z")}
    label, top = int(c["label"]), [int(n) for n in c["top_class"]]
    logits = c["top_logit"].astype(np.float64)
    sample = {"right": float(top[0] == label) if label >= 0 else NAN, "probability": min(1, math.exp(logits[0] - float(c["log_z"])))}
    sample["margin"] = logits[0] - logits[1] if len(top) > 1 else NAN
    sample |= dict.fromkeys(("class_margin", "head_diversity_cosine", "head_diversity_information", *BOX_BASELINES), NAN)
    own = label if query == "true" else top[0]
    slots = [int(n) for n in c["query"]]
    n = sum(head >= 0 for head in dump.heads)
    if own < 0 or own not in slots:
        return sample, None, [None] * n
    sample |= picture.baselines()
    others = [k for k in top if k != own]
    if others:
        sample["class_margin"] = float(c["logit"][slots.index(own)]) - logits[top.index(others[0])]
    maps = dump.maps(i)[layer]  # [Q, heads, cells]
    single = [k for k, head in enumerate(dump.heads) if head >= 0]

    def heads_and_mean(slot):
        heads = [maps[slot, k] for k in single]
        return heads, maps[slot, dump.heads.index(-1)] if -1 in dump.heads else np.mean(heads, axis=0)

    heads, mean = heads_and_mean(slots.index(own))
    other_heads, other_mean = [None] * n, None
    if others and others[0] in slots:
        other_heads, other_mean = heads_and_mean(slots.index(others[0]))
    of_mean = picture.measure(mean, other_mean)
    of_heads = [picture.measure(a, b) for a, b in zip(heads, other_heads)]
    sets = [half_mass(a, mass) for a in heads] or [half_mass(mean, mass)]
    for m, chosen in zip(of_heads, sets):
        picture.cover(m, chosen)
    picture.cover(of_mean, np.any(sets, axis=0))
    if n > 1:
        cosines = [a @ b / math.sqrt((a @ a) * (b @ b)) for k, a in enumerate(heads) for b in heads[k + 1 :]]
        sample["head_diversity_cosine"] = 1 - np.mean(cosines)
        sample["head_diversity_information"] = (entropy(np.mean(heads, axis=0)) - np.mean([entropy(a) for a in heads])) / math.log(n)
    return sample, of_mean, of_heads


# ---- bootstrap: Philox4x64-10, vectorized ----
def wide_product(a, b):
    """High and low words of products of 64-bit numbers."""
    mask, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    a0, a1, b0, b1 = a & mask, a >> half, b & mask, b >> half
    low, middle1, middle2 = a0 * b0, a1 * b0, a0 * b1
    carry = ((low >> half) + (middle1 & mask) + (middle2 & mask)) >> half
    return a1 * b1 + (middle1 >> half) + (middle2 >> half) + carry, a * b


def philox(counter, key):
    c0, c1, c2, c3 = (np.asarray(word, np.uint64) for word in counter)
    k0, k1 = (np.array([word], np.uint64) for word in key)
    for _ in range(10):
        high0, low0 = wide_product(np.uint64(0xD2E7470EE14C6C93), c0)
        high1, low1 = wide_product(np.uint64(0xCA5A826395121157), c2)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = k0 + np.uint64(0x9E3779B97F4A7C15), k1 + np.uint64(0xBB67AE8584CAA73B)
    return c0


def draws(units, replicates, seed):
    """How often each unit is drawn, [replicates, units]."""
    times = np.zeros((replicates, units))
    for r in range(replicates):
        d = np.arange(units, dtype=np.uint64)
        word = philox((np.full(units, 8), np.full(units, r), d, np.zeros(units)), (seed, 0))
        picked, _ = wide_product(word, np.full(units, units, np.uint64))
        np.add.at(times[r], picked.astype(int), 1)
    return times


def replicated(times, values):
    values = np.asarray(values, float)
    there = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return times @ np.where(there, values, 0) / (times @ there)


def interval(replicates):
    replicates = replicates[~np.isnan(replicates)]
    return tuple(np.quantile(replicates, (0.025, 0.975))) if len(replicates) else (NAN, NAN)


def estimate(times, values):
    values = np.asarray(values, float)
    n = int((~np.isnan(values)).sum())
    return (float(np.nanmean(values)) if n else NAN, *interval(replicated(times, values)), n, len(values) - n)


# ---- comparison ----
class Comparison:
    def __init__(self):
        self.numbers, self.worst = 0, 0.0

    def same(self, found, wanted, what):
        found, wanted = (NAN if value is None else float(value) for value in (found, wanted))
        self.numbers += 1
        if math.isnan(found) or math.isnan(wanted):
            assert math.isnan(found) and math.isnan(wanted), f"{what}: {found}, not {wanted}"
            return
        error = abs(found - wanted) / max(1.0, abs(wanted))
        self.worst = max(self.worst, error)
        assert error <= TOLERANCE, f"{what}: {found}, not {wanted}"

    def estimate(self, found, wanted, what):
        for key, value in zip(("mean", "low", "high", "n", "n_nan"), wanted):
            self.same(found[key], value, f"{what}, {key}")


def read_boxes(file, split):
    if not file:
        return {}
    return {row["path"].removeprefix(f"{split}/"): tuple(float(np.float32(row[k])) for k in ("x", "y", "width", "height")) for row in table(file)}


def read_parts(file, split):
    names, parts = [], {}
    for row in table(file) if file else ():
        if row["part"] not in names:
            names.append(row["part"])
        place = (float(np.float32(row["x"])), float(np.float32(row["y"])), row["visible"] == "1")
        parts.setdefault(row["path"].removeprefix(f"{split}/"), {})[names.index(row["part"])] = place
    return names, parts


def table(file):
    with open(file, newline="") as stream:
        return list(csv.DictReader(stream))


def check_tables(check, out, dump, part_names, scored):
    """samples.csv and heads.csv, field by field."""
    name_of = lambda m: part_names[m["nearest"]] if m and m["nearest"] >= 0 else ""
    samples, heads = table(out / "samples.csv"), iter(table(out / "heads.csv"))
    assert len(samples) == len(scored)
    numbers = [head for head in dump.heads if head >= 0]
    for row, (i, sample, mean, of_heads) in zip(samples, scored):
        assert int(row["sample"]) == dump.column["sample_id"][i] and row["path"] == dump.path(i)
        label = int(dump.column["label"][i])
        assert row["class"] == (dump.classes[label] if label >= 0 else "") and row["predicted"] == dump.classes[dump.column["top_class"][i][0]]
        assert row["nearest_part"] == name_of(mean)
        columns = [name for name in row if name not in ("sample", "path", "class", "predicted", "nearest_part")]
        for name in columns:
            check.same(row[name], sample[name] if name in sample else mean[name] if mean else NAN, f"sample {row['sample']}, {name}")
        for head, of_head in zip(numbers, of_heads):
            line = next(heads)
            assert (line["sample"], int(line["head"])) == (row["sample"], head) and line["nearest_part"] == name_of(of_head)
            for name in [name for name in line if name not in ("sample", "head", "nearest_part")]:
                check.same(line[name], of_head[name] if of_head else NAN, f"sample {row['sample']}, head {head}, {name}")
    assert next(heads, None) is None


BASELINES = {"box_mass": {"uniform": "box_mass_uniform", "center_prior": "box_mass_center_prior"}, "pointing_0": {"chance": "pointing_0_chance"},
             "pointing_15": {"chance": "pointing_15_chance"}, "part_coverage": {"chance": "part_chance"}}  # fmt: skip


def check_measures(check, measures, scored, times):
    """Means, intervals and baselines of what each sample has."""
    value = lambda entry, name: entry[1][name] if name in entry[1] else entry[2][name] if entry[2] else NAN
    for measure in measures:
        name = measure["id"]
        if name in ("calibration_error", "part_consistency", "part_focus"):
            continue
        own = np.array([value(entry, name) for entry in scored])
        check.estimate(measure, estimate(times, own), name)
        for k, head in enumerate(measure.get("heads", [])):
            check.estimate(head, estimate(times, [entry[3][k][name] if entry[3][k] else NAN for entry in scored]), f"{name}, head {k}")
        assert set(measure.get("baselines", {})) == set(BASELINES.get(name, {})), name
        for key, column in BASELINES.get(name, {}).items():
            base = np.array([value(entry, column) for entry in scored])
            check.estimate(measure["baselines"][key], estimate(times, base), f"{name}, {key}")
            check.estimate(measure["baselines"][key]["difference"], estimate(times, own - base), f"{name} - {key}")


def check_calibration(check, summary, scored, times):
    right = np.array([entry[1]["right"] for entry in scored])
    probability = np.array([entry[1]["probability"] for entry in scored])
    known = ~np.isnan(right)
    bins = np.clip(np.ceil(probability * 15).astype(int) - 1, 0, 14)

    def error(weights):
        total = (weights * known).sum()
        gaps = [abs((weights * np.where(known & (bins == b), right - probability, 0)).sum()) for b in range(15)]
        return sum(gaps) / total if total else NAN

    found = next(m for m in summary["measures"] if m["id"] == "calibration_error")
    wanted = (error(np.ones(len(scored))), *interval(np.array([error(row) for row in times])), known.sum(), (~known).sum())
    check.estimate(found, wanted, "calibration_error")
    for b, row in enumerate(summary["calibration"]):
        there = known & (bins == b)
        check.same(row["n"], there.sum(), f"bin {b}")
        check.same(row["accuracy"], right[there].mean() if there.any() else NAN, f"bin {b}, accuracy")
        check.same(row["probability"], probability[there].mean() if there.any() else NAN, f"bin {b}, probability")


def check_parts(check, summary, dump, scored, pictures, times, seed, replicates, num_parts):
    """Shares of nearest parts, focus, and consistency over classes."""
    n = len(summary["heads"])
    nearest = np.array([[m["nearest"] if m else -1 for m in entry[3]] for entry in scored]).reshape(len(scored), n)
    seen = [k for k in range(num_parts) if any(k in picture.parts for picture, entry in zip(pictures, scored) if entry[2])]

    def focus(shares):
        return 1 - entropy(np.array(shares)) / math.log(len(shares)) if len(shares) > 1 and not np.isnan(shares).any() else NAN

    found = next(m for m in summary["measures"] if m["id"] == "part_focus")
    of_heads, of_replicates = [], []
    for head in range(n):
        columns = [np.where(nearest[:, head] < 0, NAN, nearest[:, head] == k) for k in range(num_parts)]
        for k in range(num_parts):
            check.same(summary["part_shares"]["nearest"][head]["shares"][k], np.nanmean(columns[k]) if (nearest[:, head] >= 0).any() else NAN, f"share of part {k}")
        own = focus([np.nanmean(columns[k]) if (nearest[:, head] >= 0).any() else NAN for k in seen])
        drawn = np.array([focus(row) for row in np.array([replicated(times, columns[k]) for k in seen]).T]) if seen else np.full(len(times), NAN)
        count = int((nearest[:, head] >= 0).sum()) if num_parts else 0
        check.estimate(found["heads"][head], (own, *interval(drawn), count, len(scored) - count), f"part_focus, head {head}")
        of_heads.append(own)
        of_replicates.append(drawn)
    if n:
        check.estimate(found, (np.mean(of_heads), *interval(np.mean(of_replicates, axis=0)), count, len(scored) - count), "part_focus")

    labels = [int(dump.column["label"][entry[0]]) for entry in scored]
    rows = []
    for c in sorted(set(labels) - {-1}):
        mine = [k for k, label in enumerate(labels) if label == c and pictures[k].box and scored[k][2]]
        verdicts = []
        for head in range(n):
            best = NAN
            for part in range(num_parts):
                shown = [k for k in mine if part in pictures[k].parts]
                if len(shown) < 5:
                    continue
                peak = lambda k: (scored[k][3][head]["peak_x"], scored[k][3][head]["peak_y"])
                hit = [math.dist(peak(k), pictures[k].parts[part]) <= 0.1 * pictures[k].box_diagonal for k in shown]
                best = np.nanmax([best, float(np.mean(hit) >= 0.8)])
            verdicts.append(best)
        rows.append(verdicts)
    rows = np.array(rows).reshape(-1, n)
    found = next(m for m in summary["measures"] if m["id"] == "part_consistency")
    class_times = draws(len(rows), replicates, seed)
    if n:
        check.estimate(found, estimate(class_times, rows.mean(1)), "part_consistency")
    for head in range(n):
        check.estimate(found["heads"][head], estimate(class_times, rows[:, head]), f"part_consistency, head {head}")
    return rows


def compare(programs, folder, options, out):
    """Runs the program and computes everything again."""
    parser = argparse.ArgumentParser()
    for name, default in (("boxes", ""), ("parts", ""), ("query", "true"), ("geometry", "receptive")):
        parser.add_argument(f"--{name}", default=default)
    for name, default in (("layer", -1), ("seed", 0), ("replicates", 2000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--mass", type=float, default=0.5)
    asked = parser.parse_args(list(map(str, options)))
    subprocess.run([str(programs / "intr-score"), "maps", str(folder), "--out", str(out), "--quiet", *map(str, options)], check=True)
    dump = Dump(folder)
    boxes, (part_names, parts) = read_boxes(asked.boxes, dump.split), read_parts(asked.parts, dump.split)
    layer = -1 if asked.layer < 0 else dump.layers.index(asked.layer)
    pictures = [Picture(dump, i, boxes.get(dump.path(i)), parts.get(dump.path(i), {}), asked.geometry) for i in range(len(dump))]
    scored = [(i, *score(dump, i, pictures[i], asked.query, layer, asked.mass)) for i in range(len(dump))]
    summary = json.loads((out / "summary.json").read_text())
    times = draws(len(dump), asked.replicates, asked.seed)
    check = Comparison()
    check_tables(check, out, dump, part_names, scored)
    check_measures(check, summary["measures"], scored, times)
    check_calibration(check, summary, scored, times)
    rows = check_parts(check, summary, dump, scored, pictures, times, asked.seed, asked.replicates, len(part_names))
    consistent = f", {np.nansum(rows):.0f} of {(~np.isnan(rows)).sum()} pairs consistent" if rows.size else ""
    print(f"{len(dump)} samples, {' '.join(map(str, options))}: {check.numbers} numbers agree to {check.worst:.1e}{consistent}")


def write_annotations(folder, root, generator):
    """Boxes of most pictures, some half or wholly outside; three parts, of which one often follows the peak of head 0."""
    dump = Dump(folder)
    with open(root / "boxes.csv", "w", newline="") as boxes, open(root / "parts.csv", "w", newline="") as parts:
        box_rows, part_rows = csv.writer(boxes), csv.writer(parts)
        box_rows.writerow(("path", "x", "y", "width", "height"))
        part_rows.writerow(("path", "part", "x", "y", "visible"))
        for i in range(len(dump)):
            height, width = dump.column["source_size"][i].astype(float)
            name = ("", f"{dump.split}/")[i % 2] + dump.path(i)
            if i % 9:
                x, y = generator.uniform(-0.1, 0.7, 2) * (width, height)
                x += width if i % 20 == 3 else 0
                box_rows.writerow((name, round(x, 2), round(y, 2), round(width * generator.uniform(0.1, 0.6), 2), round(height * generator.uniform(0.1, 0.6), 2)))
            if i % 5 == 0:
                continue
            peak = Picture(dump, i, None, {}, "receptive")
            label = int(dump.column["label"][i])
            slots = list(dump.column["query"][i])
            j = first_largest(dump.maps(i)[-1][slots.index(label), 0]) if label in slots else 0
            places = [(peak.x[j], peak.y[j]), *generator.uniform(-0.05, 1.05, (2, 2)) * (width, height)]
            for part, (x, y) in zip(("follows", "wanders", "is seldom seen"), places):
                part_rows.writerow((name, part, round(x, 3), round(y, 3), int(generator.uniform() < (0.2 if part[0] == "i" else 0.9))))


def main():
    programs = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        if sys.argv[2] == "--dump":
            compare(programs, Path(sys.argv[3]), sys.argv[4:], root / "out")
            return
        maker = sys.argv[2]
        for number, (samples, heads, kind) in enumerate(((150, 4, "f16"), (60, 1, "f32"))):
            folder = root / f"dump-{number}"
            subprocess.run([maker, str(folder), str(samples), str(heads), "5", "7", kind], check=True)
            write_annotations(folder, root, np.random.default_rng(number))
            both = ("--boxes", root / "boxes.csv", "--parts", root / "parts.csv")
            compare(programs, folder, (*both, "--replicates", 300), root / f"out-{number}")
            compare(programs, folder, (*both, "--replicates", 50, "--query", "predicted", "--geometry", "stretch", "--mass", 0.8, "--seed", 17, "--layer", 0), root / f"out-{number}b")
        compare(programs, folder, ("--replicates", 20), root / "out-c")


if __name__ == "__main__":
    main()
