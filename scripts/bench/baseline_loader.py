#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The published way to load pictures: torchvision's ImageFolder with DETR's transforms and PyTorch's DataLoader.

    baseline_loader.py DATA --split val|train [--output float|u8] [--batch-size 12] [--workers 0 1 2 4] [--shapes FILE]

Takes part in rounds.py: loads the split once with each number of workers, then goes on with the fastest. A round is an epoch;
work is counted in pictures. float: bytes become float32, are normalized and padded with zeros to the largest of the batch, as
the published code does. u8: it stops behind the resize and pads bytes. Training batches are shuffled and the last, smaller one
is dropped. --shapes writes the padded shapes of an epoch's batches to a file, as intr-bench loader does, and leaves. The check is the CRC-32 of the first 16 pictures of the split, resized for validation.
Needs torch, torchvision and Pillow (pip install torch torchvision).
"""

import argparse
import json
import os
import random
import resource
import sys
import time
import warnings
import zlib
from pathlib import Path

import torch
import torchvision.transforms.functional as F
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder

SHORT_SIDES = list(range(480, 801, 32))
MEAN, DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def resize(image, short: int, longest: int = 0):
    w, h = image.size
    low, high = min(w, h), max(w, h)
    if longest and high / low * short > longest:
        short = round(longest * low / high)
    if low == short:
        return image
    return F.resize(image, [int(short * h / w), short] if w < h else [short, int(short * w / h)])


def augment(image):
    if random.random() < 0.5:
        image = F.hflip(image)
    if random.random() < 0.5:
        image = resize(image, random.choice((400, 500, 600)))
        w, h = (random.randint(384, min(side, 600)) for side in image.size)
        image = F.crop(image, random.randint(0, image.height - h), random.randint(0, image.width - w), h, w)
    return resize(image, random.choice(SHORT_SIDES), 1333)


class Transform:
    def __init__(self, split: str, output: str):
        self.training, self.floats = split == "train", output == "float"

    def __call__(self, image):
        image = augment(image) if self.training else resize(image, 800, 1333)
        return F.normalize(F.to_tensor(image), MEAN, DEVIATION) if self.floats else F.pil_to_tensor(image)


def collate(samples):
    """-> padded pictures [B, 3, H, W], padding [B, H, W] bool, labels [B]"""
    height, width = (max(image.shape[side] for image, _ in samples) for side in (1, 2))
    pixels = torch.zeros(len(samples), 3, height, width, dtype=samples[0][0].dtype)
    padding = torch.ones(len(samples), height, width, dtype=torch.bool)
    for i, (image, _) in enumerate(samples):
        pixels[i, :, : image.shape[1], : image.shape[2]] = image
        padding[i, : image.shape[1], : image.shape[2]] = False
    return pixels, padding, torch.tensor([label for _, label in samples])


def epoch(loader) -> dict:
    start, cpu, work, area, valid = time.perf_counter(), sum(os.times()[:4]), 0, 0, 0
    for pixels, padding, _ in loader:
        pixels.flatten()[:: 64 // pixels.element_size()].sum().item()  # one element of each cache line
        work, area, valid = work + len(pixels), area + padding.numel(), valid + int((~padding).sum())
    return {
        "seconds": time.perf_counter() - start, "work": work, "cpu_s": sum(os.times()[:4]) - cpu,
        "padded_mpx_per_image": area / work / 1e6, "pad_fraction": 1 - valid / area,
    }  # fmt: skip


def write_shapes(folder: ImageFolder, batch_size: int, training: bool, file: Path) -> None:
    """Sizes alone, so that workers send no pixels."""
    transform, folder.transform = folder.transform, None
    sizes = lambda samples: [list(transform(image).shape[1:]) for image, _ in samples]
    batches = []
    for images in DataLoader(folder, batch_size, shuffle=training, drop_last=training, num_workers=len(os.sched_getaffinity(0)), collate_fn=sizes):
        padded = [max(size[side] for size in images) for side in (0, 1)]
        batches.append({"padded": padded, "images": images})
    file.write_text(json.dumps({"batches": batches}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("--split", required=True, choices=("train", "val"))
    parser.add_argument("--output", default="float", choices=("float", "u8"))
    parser.add_argument("--batch-size", type=int, default=12)
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2, 4])
    parser.add_argument("--shapes", type=Path, metavar="FILE")
    options = parser.parse_args()
    random.seed(0)
    torch.manual_seed(0)
    warnings.filterwarnings("ignore", message="This DataLoader will create")  # more workers than cores are tried, too
    folder = ImageFolder(options.data / options.split, Transform(options.split, options.output))
    training = options.split == "train"
    if options.shapes:
        return write_shapes(folder, options.batch_size, training, options.shapes)
    loaders = {
        workers: DataLoader(folder, options.batch_size, shuffle=training, drop_last=training, num_workers=workers, collate_fn=collate)
        for workers in options.workers
    }
    tried = {workers: (e := epoch(loader))["work"] / e["seconds"] for workers, loader in loaders.items()}
    best = max(tried, key=tried.get)
    plain = ImageFolder(options.data / options.split, lambda image: resize(image, 800, 1333))
    check = [zlib.crc32(plain[i][0].tobytes()) for i in range(min(16, len(plain)))]
    print(json.dumps({"ready": True, "check": check, "workers": best, "pictures_per_second_by_workers": tried}), flush=True)
    for line in sys.stdin:
        print(json.dumps(epoch(loaders[best])), flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"done": True, "peak_rss_mb": round(peak, 1)}), flush=True)


if __name__ == "__main__":
    main()
