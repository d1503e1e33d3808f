#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Training steps or evaluation of INTR in PyTorch: what `intr-bench step` and `intr-bench eval` are compared with.

    baseline_step.py train published [--size 672x896] [--batch-size 4] [--shapes FILE [--sample N]]
    baseline_step.py eval tuned --bf16 …

published   costs what the published code costs (published_model.py). Training computes gradients of stem and first stage too and clips
            over them, though the optimizer never sees them, and AdamW goes tensor by tensor: so does that code when it fine-tunes.
tuned       the same function as a careful user writes it (tuned_model.py); frozen part without gradients, fused AdamW; --bf16: autocast.

Takes part in rounds.py. A round is one pass over the batches, a step each. Timed is what follows once a batch is in memory: forward
pass, loss and, in training, backward pass, clip and update; on a GPU also the copy of the batch to it. Pictures are noise where they
are valid and zero where padded.
Memory that is freed goes back to the system as Python users have it; MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 in
the environment keeps it. Needs torch, torchvision and numpy.
"""

import argparse
import json
import resource
import sys
import time
from itertools import cycle
from pathlib import Path

import torch
import torch.nn.functional as F
from published_model import PublishedModel
from tuned_model import CLIP_MAX_NORM, WARM_UPS, ModelConfig, TunedModel, check_logits, optimizer_of, reference_model


def peak_rss_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


IMPORTED_RSS_MB = peak_rss_mb()


def area(shape: dict) -> int:
    return shape["padded"][0] * shape["padded"][1] * len(shape["images"])


def spaced(shapes: list, count: int) -> list:
    """`count` of them, evenly spaced in order of padded area, in the order in which they came: as intr-bench takes them."""
    ranked = sorted(range(len(shapes)), key=lambda k: area(shapes[k]))
    return [shapes[k] for k in sorted(ranked[(2 * i + 1) * len(shapes) // (2 * count)] for i in range(count))]


def shapes_of(options) -> list:
    if options.shapes:
        shapes = json.loads(options.shapes.read_text())["batches"]
        return spaced(shapes, options.sample) if 0 < options.sample < len(shapes) else shapes
    size = [int(side) for side in options.size.split("x")]
    return [{"padded": size, "images": [size] * options.batch_size}] * options.steps


def batches(shapes: list, noise: torch.Tensor, classes: int):
    for shape in shapes:
        count, (height, width) = len(shape["images"]), shape["padded"]
        images, padding = torch.zeros(count, 3, height, width), torch.ones(count, height, width, dtype=torch.bool)
        for k, (h, w) in enumerate(shape["images"]):
            images[k, :, :h, :w] = noise[k, :, :h, :w]
            padding[k, :h, :w] = False
        yield images, padding, torch.arange(count) % classes


class Work:
    def __init__(self, options):
        torch.manual_seed(0)
        published = options.form == "published"
        self.device = torch.device(options.device)
        reference = reference_model(ModelConfig(num_classes=options.classes)).to(self.device)
        self.model = (PublishedModel if published else TunedModel)(reference).train(options.mode == "train")
        self.autocast = lambda: torch.autocast(options.device, dtype=torch.bfloat16, enabled=options.bf16)
        self.published = published
        if options.mode == "train":
            self.optimizer = optimizer_of(reference, fused=None if published else True)
            if published:  # after the optimizer was made, as that code does it
                reference.requires_grad_(True)
            self.clipped = [p for p in reference.parameters() if p.requires_grad]
        self.run = self.train_step if options.mode == "train" else self.evaluate

    def now(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()

    def logits(self, images, padding):
        if not self.published and not bool(padding.any()):
            padding = None
        with self.autocast():
            return self.model(images.to(self.device), padding if padding is None else padding.to(self.device)).float()

    def train_step(self, images, padding, labels) -> dict:
        times = [self.now()]
        loss = F.cross_entropy(self.logits(images, padding), labels.to(self.device))
        loss.item()
        times.append(time.perf_counter())
        self.optimizer.zero_grad()
        loss.backward()
        times.append(time.perf_counter())
        torch.nn.utils.clip_grad_norm_(self.clipped, CLIP_MAX_NORM, foreach=None if self.published else True)
        self.optimizer.step()
        times.append(self.now())
        return dict(zip(("forward_s", "backward_s", "optimizer_s"), (b - a for a, b in zip(times, times[1:]))))

    @torch.no_grad()
    def evaluate(self, images, padding, labels) -> dict:
        begin = time.perf_counter()
        logits = self.logits(images, padding)
        F.cross_entropy(logits, labels.to(self.device)).item()
        logits.topk(5).indices.tolist()
        return {"forward_s": time.perf_counter() - begin}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=("train", "eval"))
    parser.add_argument("form", choices=("published", "tuned"))
    parser.add_argument("--size", default="672x896", metavar="HxW")
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--steps", type=int, default=1, help="batches of that size in a round")
    parser.add_argument("--shapes", type=Path, metavar="FILE", help="replay the batch shapes of this file instead")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="only so many of them")
    parser.add_argument("--classes", type=int, default=200)
    parser.add_argument("--threads", type=int, default=0, help="0: PyTorch's choice")
    parser.add_argument("--bf16", action="store_true", help="tuned only")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    options = parser.parse_args()
    if options.bf16 and options.form == "published":
        parser.error("the published code has no bf16")
    if options.threads:
        torch.set_num_threads(options.threads)
    shapes, work = shapes_of(options), Work(options)
    sides = [max(shape["padded"][axis] for shape in shapes) for axis in (0, 1)]
    noise = torch.randn(max(len(shape["images"]) for shape in shapes), 3, *sides, generator=torch.Generator().manual_seed(0))
    say = lambda message: print(json.dumps(message), flush=True)
    torch.backends.cudnn.allow_tf32 = False  # for the check; the default is back when steps are timed
    with work.autocast():
        check = check_logits(work.model)
    torch.backends.cudnn.allow_tf32 = True
    for batch, _ in zip(cycle(batches(shapes, noise, options.classes)), range(WARM_UPS)):
        work.run(*batch)
    images, padded = sum(len(s["images"]) for s in shapes), sum(map(area, shapes))
    valid = sum(h * w for s in shapes for h, w in s["images"])
    say({
        "ready": True, "check": check, "tolerance": 0.05 if options.bf16 else 1e-5, "torch": torch.__version__,
        "threads": torch.get_num_threads(), "batches_per_round": len(shapes), "pad_fraction": 1 - valid / padded,
        "valid_mpx_per_image": valid / images / 1e6, "imported_rss_mb": IMPORTED_RSS_MB,
    })  # fmt: skip
    for line in sys.stdin:
        if line.strip() == "round":
            each = [work.run(*batch) for batch in batches(shapes, noise, options.classes)]
            phases = {name: sum(one[name] for one in each) for name in each[0]}
            say({"seconds": sum(phases.values()), "work": images, **phases})
    gpu = {"peak_gpu_mb": torch.cuda.max_memory_allocated() / 2**20} if options.device == "cuda" else {}
    say({"done": True, "peak_rss_mb": peak_rss_mb(), **gpu})


if __name__ == "__main__":
    main()
