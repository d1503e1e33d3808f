#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes optimizer_vectors.h: three steps of PyTorch's clip_grad_norm_ and AdamW in double.

    python3 make_optimizer_vectors.py > optimizer_vectors.h

Two groups with their own rates, the second half of the first one without decay. Values and
gradients are formulas that the test repeats. Written with PyTorch 2.11.
"""
import torch


def values(count, phase):
    return torch.sin(torch.arange(count, dtype=torch.float64) * 0.7 + phase).float().double()


sizes = [5, 3, 4]  # group 0 with decay, group 0 without, group 1 with decay
params = [torch.nn.Parameter(values(n, 1.0 + i)) for i, n in enumerate(sizes)]
groups = [
    {"params": [params[0]], "lr": 1e-2, "weight_decay": 0.1},
    {"params": [params[1]], "lr": 1e-2, "weight_decay": 0.0},
    {"params": [params[2]], "lr": 1e-3, "weight_decay": 0.1},
]
optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.999), eps=1e-8)
norms = []
for step in range(3):
    # The third step's norm is below the limit of 1: no clipping there.
    scale = [1.0, 3.0, 0.125][step]
    for i, p in enumerate(params):
        p.grad = (values(sizes[i], 10.0 * step + i) * scale).float().double()
    norms.append(torch.nn.utils.clip_grad_norm_(params, 1.0).item())
    optimizer.step()

print("// SPDX-License-Identifier: Apache-2.0")
print(f"// Made by make_optimizer_vectors.py with PyTorch {torch.__version__.split('+')[0]}.")
print("#pragma once\n\nnamespace intr::test {\n")
print("inline constexpr double kNorms[] = {%s};" % ", ".join(f"{n:.17g}" for n in norms))
for name, rows in (
    ("kParameters", params),
    ("kExpAvg", [optimizer.state[p]["exp_avg"] for p in params]),
    ("kExpAvgSq", [optimizer.state[p]["exp_avg_sq"] for p in params]),
):
    flat = [f"{v:.17g}" for row in rows for v in row.detach().tolist()]
    print(f"inline constexpr double {name}[] = {{")
    for i in range(0, len(flat), 3):
        print("    " + ", ".join(flat[i : i + 3]) + ",")
    print("};")
print("\n}  // namespace intr::test")
