#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Training steps on several ranks of this machine with PyTorch's DistributedDataParallel over Gloo.

    baseline_ddp.py [--ranks 2] [--size 480x640] [--batch-size 2] [--classes 200]

Takes part in rounds.py, beside `mpirun -n 2 intr-bench step --serve` with the same options. The model is tuned_model.py; each
rank computes on its own share of the cores; 25 MiB buckets that gradients are views of; fused AdamW. A round is one step of
every rank, all starting together: forward pass, loss, backward pass, clip, update. Its time is the slowest rank's.
Needs torch, torchvision and numpy (pip install torch torchvision numpy).
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn.functional as F
from torch.nn.parallel import DistributedDataParallel
from tuned_model import CLIP_MAX_NORM, WARM_UPS, ModelConfig, TunedModel, check_logits, optimizer_of, reference_model


class Rank:
    def __init__(self, options, number: int):
        torch.manual_seed(number)
        self.inner = TunedModel(reference_model(ModelConfig(num_classes=options.classes)))
        self.model = DistributedDataParallel(self.inner, gradient_as_bucket_view=True).train()
        self.optimizer = optimizer_of(self.inner, fused=True)
        self.parameters = [p for p in self.inner.parameters() if p.requires_grad]
        height, width = map(int, options.size.split("x"))
        self.images = torch.randn(options.batch_size, 3, height, width)
        self.labels = torch.arange(options.batch_size) % options.classes

    def step(self) -> None:
        loss = F.cross_entropy(self.model(self.images), self.labels)
        loss.item()
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, CLIP_MAX_NORM, foreach=True)
        self.optimizer.step()

    def timed_step(self) -> float:
        dist.barrier()
        begin = time.perf_counter()
        self.step()
        return time.perf_counter() - begin

    def require_equal_ranks(self) -> None:
        for name, parameter in self.inner.named_parameters():
            low, high = parameter.detach().clone(), parameter.detach().clone()
            dist.all_reduce(low, dist.ReduceOp.MIN)
            dist.all_reduce(high, dist.ReduceOp.MAX)
            if not torch.equal(low, high):
                raise SystemExit(f"ranks differ in {name}")


def work(number: int, options, store: str, pipe) -> None:
    cores = sorted(os.sched_getaffinity(0))
    mine = cores[number * len(cores) // options.ranks : (number + 1) * len(cores) // options.ranks]
    os.sched_setaffinity(0, mine)
    torch.set_num_threads(len(mine))
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=number, world_size=options.ranks)
    rank = Rank(options, number)
    check = check_logits(rank.inner)
    for _ in range(WARM_UPS):
        rank.step()
    rank.require_equal_ranks()
    pipe.send({"check": check, "threads": len(mine)})
    while pipe.recv():
        pipe.send(rank.timed_step())
    pipe.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    dist.barrier()
    del rank
    dist.destroy_process_group()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--size", default="480x640", metavar="HxW")
    parser.add_argument("--batch-size", type=int, default=2, help="of each rank")
    parser.add_argument("--classes", type=int, default=200)
    options = parser.parse_args()
    if len(os.sched_getaffinity(0)) < options.ranks:
        raise SystemExit(f"{options.ranks} ranks need as many cores")
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    context = mp.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        pipes = []
        for number in range(options.ranks):
            pipe, theirs = context.Pipe()
            context.Process(target=work, args=(number, options, f"{folder}/store", theirs), daemon=True).start()
            theirs.close()
            pipes.append(pipe)
        say = lambda message: print(json.dumps(message), flush=True)
        ready = [pipe.recv() for pipe in pipes][0]
        say({"ready": True, **ready, "tolerance": 1e-5, "ranks": options.ranks, "torch": torch.__version__})
        for line in sys.stdin:
            if line.strip() != "round":
                continue
            for pipe in pipes:
                pipe.send(True)
            seconds = max([pipe.recv() for pipe in pipes])
            say({"seconds": seconds, "work": options.ranks * options.batch_size})
        for pipe in pipes:
            pipe.send(False)
        say({"done": True, "peak_rss_mb": max(pipe.recv() for pipe in pipes)})


if __name__ == "__main__":
    main()
