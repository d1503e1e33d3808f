#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How the time of a step and of evaluation grows with classes, pixels and the batch: measures, fits, draws.

    growth.py OUT [--bin build/cpu-release/bin] [--what step eval] [--rounds 5] [--threads 2] [--model RUN --pictures FOLDER [--classes FILE]] [--redraw]

Writes OUT/growth.json and, for each sweep, OUT/growth-SWEEP.svg: log-log, time an image over what grows, with the fitted exponent. "rate"
(GFLOP/s) is that of the model's products; where it stays level, time grows as the mathematics says. The dashed lines are the time that
the products would take at the best rate of the sweep. Sweeps: classes K (480x640, two pictures), pixels (two pictures, 200 classes),
batch (320x480, 200 classes). With a trained run and the folder of its pictures also images: packing, evaluating, dumping and drawing 1,250
to 10,000 validation pictures, less the time that 16 take. Leave the machine alone while it runs. --redraw draws OUT/growth.json again.
Python alone.
"""

import argparse
import json
import math
import os
import subprocess
import tempfile
import time
from pathlib import Path

SWEEPS = {
    "classes": [dict(classes=k, height=480, width=640, batch=2) for k in (50, 100, 200, 400, 800, 1600)],
    "pixels": [dict(classes=200, height=h, width=w, batch=2) for h, w in ((256, 384), (384, 512), (480, 640), (672, 896), (896, 1184), (1152, 1536))],
    "batch": [dict(classes=200, height=320, width=480, batch=b) for b in (1, 2, 4, 8, 12)],
}  # fmt: skip


def measure(bench: Path, what: str, point: dict, options) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "result.json"
        command = [bench / "intr-bench", what, "--classes", point["classes"], "--size", f"{point['height']}x{point['width']}",
                   "--batch-size", point["batch"], "--threads", options.threads, "--rounds", options.rounds, "--json", file]  # fmt: skip
        subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        result = json.loads(file.read_text())
    seconds = 1 / result["summary"]["images_s"]["median"]
    return point | {
        "seconds_per_image": seconds, "peak_rss_mb": result["peak_rss_mb"], "machine": result["machine"],
        "gflop_per_s": result["summary"]["gflop_per_s"]["median"], "share_of_peak": result["summary"]["share_of_peak"]["median"],
    }  # fmt: skip


IMAGES = (1250, 2500, 5000, 10000)


def timed(command: list) -> tuple[float, float]:
    """Seconds and peak memory in MB of a command."""
    start = time.perf_counter()
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"failed: {command}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def measure_images(options) -> dict[str, list[dict]]:
    """program -> points; the best of `rounds` turns of each."""
    found: dict[tuple, list] = {}
    for images in (16, *IMAGES) * options.rounds:
        with tempfile.TemporaryDirectory() as folder:
            packed, dump = Path(folder) / "set", Path(folder) / "dump"
            model = ["--model", options.model, "--data", packed, "--threads", options.threads]
            programs = {
                "pack": [options.bin / "intr-pack", "pack", options.pictures, "--out", packed, "--limit", f"train=1,val={images}", "--quiet",
                         *(["--classes", options.classes] if options.classes else [])],
                "eval": [options.bin / "intr-eval", *model, "--split", "val"],
                "attend": [options.bin / "intr-attend", *model, "--split", "val", "--out", dump, "--quiet"],
                "render": [options.bin / "intr-render", "gallery", dump, "--data", packed, "--out", Path(folder) / "gallery", "--threads", options.threads, "--quiet"],
            }  # fmt: skip
            for program, command in programs.items():
                found.setdefault((program, images), []).append(timed(command))
    best = {key: min(values) for key, values in found.items()}
    return {
        program: [{"images": m, "seconds": best[program, m][0] - best[program, 16][0], "start_s": best[program, 16][0],
                   "peak_rss_mb": best[program, m][1]} for m in IMAGES]
        for program in programs
    }  # fmt: skip


def grown(sweep: str, point: dict) -> float:
    return point["height"] * point["width"] / 1e6 if sweep == "pixels" else point[sweep]


def exponent(points: list[tuple[float, float]]) -> float:
    """Slope of a line through log x and log y, least squares."""
    xs, ys = ([math.log(p[axis]) for p in points] for axis in (0, 1))
    mx, my = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - mx) * (y - my) for x, y in zip(xs, ys)) / sum((x - mx) ** 2 for x in xs)


def time_of(point: dict) -> float:
    return point["seconds_per_image"] if "seconds_per_image" in point else point["seconds"]


def at_best_rate(points: list[dict]) -> list[float]:
    """Seconds of each point, were all products, or images, done at the best rate among them."""
    if "seconds" in points[0]:
        best = max(p["images"] / p["seconds"] for p in points)
        return [p["images"] / best for p in points]
    best = max(p["gflop_per_s"] for p in points)
    return [p["seconds_per_image"] * p["gflop_per_s"] / best for p in points]


def drawing(sweep: str, measured: dict) -> str:
    """measured: name -> points."""
    width, height, left, bottom = 640, 400, 70, 50
    curves = {name: [(grown(sweep, p), time_of(p)) for p in points] for name, points in measured.items()}
    ideals = {name: [(grown(sweep, p), t) for p, t in zip(points, at_best_rate(points))] for name, points in measured.items()}
    every = [point for curve in [*curves.values(), *ideals.values()] for point in curve]
    low = [math.log10(min(p[axis] for p in every)) - 0.05 for axis in (0, 1)]
    high = [math.log10(max(p[axis] for p in every)) + 0.05 for axis in (0, 1)]
    at = lambda x, y: (
        left + (math.log10(x) - low[0]) / (high[0] - low[0]) * (width - left - 20),
        height - bottom - (math.log10(y) - low[1]) / (high[1] - low[1]) * (height - bottom - 30),
    )
    label = {"classes": "classes", "pixels": "megapixels of a picture", "batch": "pictures of a batch", "images": "images"}[sweep]
    side = "seconds" if sweep == "images" else "seconds an image"
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13">',
             f'<rect width="{width}" height="{height}" fill="white"/>',
             f'<text x="{width / 2}" y="{height - 12}" text-anchor="middle">{label}</text>',
             f'<text x="{left}" y="20">exponent of</text>',
             f'<text x="16" y="{height / 2}" text-anchor="middle" transform="rotate(-90 16 {height / 2})">{side}</text>']  # fmt: skip
    for x in sorted({p[0] for p in every}):
        px, _ = at(x, every[0][1])
        lines.append(f'<path d="M{px:.1f} 30V{height - bottom}" stroke="#e4e4e4"/>')
        lines.append(f'<text x="{px:.1f}" y="{height - bottom + 18}" text-anchor="middle">{round(x, 2):g}</text>')
    for y in [m * 10.0**e for e in range(math.floor(low[1]), math.ceil(high[1]) + 1) for m in (1, 2, 5)]:
        if low[1] <= math.log10(y) <= high[1]:
            _, py = at(every[0][0], y)
            lines.append(f'<path d="M{left} {py:.1f}H{width - 20}" stroke="#e4e4e4"/>')
            lines.append(f'<text x="{left - 8}" y="{py + 4:.1f}" text-anchor="end">{y:g}</text>')
    for number, (name, curve) in enumerate(curves.items()):
        color = ("#0b6e99", "#c2571a", "#5a8f29", "#7a4fa3")[number % 4]
        for line, style in ((ideals[name], 'stroke-dasharray="5 4"'), (curve, 'stroke-width="2"')):
            spots = [at(*p) for p in line]
            lines.append(f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in spots)}" fill="none" stroke="{color}" {style}/>')
        lines += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{color}"/>' for x, y in spots]
        lines.append(f'<text x="{left + 95 + 118 * number}" y="20" fill="{color}">{name}: {exponent(curve):.2f}</text>')
    return "\n".join([*lines, "</svg>", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--bin", type=Path, default=Path("build/cpu-release/bin"))
    parser.add_argument("--what", nargs="*", choices=("step", "eval"), default=["step", "eval"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--model", type=Path, help="trained run or weight file, for the sweep over images")
    parser.add_argument("--pictures", type=Path, help="folder of at least 10,000 validation pictures of its classes, as intr-pack takes it")
    parser.add_argument("--classes", type=Path, help="file of their class names, if the folder has none")
    parser.add_argument("--redraw", action="store_true")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    file = options.out / "growth.json"
    result = json.loads(file.read_text()) if options.redraw or not options.what else {}
    if options.model and not options.redraw:
        for program, points in measure_images(options).items():
            slope = exponent([(p["images"], p["seconds"]) for p in points])
            result[f"{program} images"] = {"exponent": slope, "points": points}
            print(f"{program}, images: exponent {slope:.3f}", *(f"{p['images']}: {p['seconds']:.2f} s, {p['peak_rss_mb']:.0f} MB" for p in points), sep="\n  ", flush=True)
    for sweep, points in [*SWEEPS.items(), ("images", [])]:
        for what in options.what if points and not options.redraw else []:
            measured = [measure(options.bin, what, point, options) for point in points]
            slope = exponent([(grown(sweep, p), p["seconds_per_image"]) for p in measured])
            result[f"{what} {sweep}"] = {"exponent": slope, "points": measured}
            print(f"{what}, {sweep}: exponent {slope:.3f}")
            for p in measured:
                print(f"  {grown(sweep, p):8.3g}  {p['seconds_per_image']:.3f} s an image  {p['gflop_per_s']:6.0f} GFLOP/s  {p['peak_rss_mb']:.0f} MB", flush=True)
        curves = {name.split()[0]: found["points"] for name, found in result.items() if name.endswith(sweep)}
        if curves:
            (options.out / f"growth-{sweep}.svg").write_text(drawing(sweep, curves))
    file.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
