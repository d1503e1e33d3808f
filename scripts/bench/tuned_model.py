# SPDX-License-Identifier: Apache-2.0
"""INTR in PyTorch as a careful user would write it for speed, with the weights that intr-bench takes.

Channels-last, frozen norms folded into the convolutions, stem and first stage without autograd, fused attention that keeps no
weights, masks only where something is padded. Post-norm models with sine positions. Needs torch, torchvision and numpy.
"""

import math
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "golden"))
from reference_model import ModelConfig, ReferenceModel, sine_position

FROZEN = ("backbone.0.body.conv1.", "backbone.0.body.layer1.")
CHECK_SIZES = [(160, 192), (128, 224)]
CLIP_MAX_NORM = 0.1
WARM_UPS = 2  # steps before anything is timed


def units(name: str, count: int) -> np.ndarray:
    """Numbers in [-1, 1) that follow from a name: formula_units() of the C++ code."""
    key = 14695981039346656037
    for byte in name.encode():
        key = (key ^ byte) * 1099511628211 % 2**64
    z = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(key)
    z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return ((z ^ z >> np.uint64(31)) >> np.uint64(40)).astype(np.float64) / 2**23 - 1


def bench_weight(name: str, shape: tuple) -> torch.Tensor:
    """A parameter's values in comparisons: formula_weight(), with output projections a quarter of it."""
    center, scale = 0.0, 0.125
    if len(shape) == 4:
        scale = math.sqrt(2 / math.prod(shape[1:]))
    elif len(shape) == 2:
        scale = 1.0 if name.endswith("_embed.weight") else math.sqrt((27 if name.endswith("in_proj_weight") else 3) / shape[1])
    elif name.endswith("running_var"):
        center, scale = 1.0, 0.5
    elif name.endswith("weight"):
        center, scale = 1.0, 0.25
    values = (center + scale * units(name, math.prod(shape))).astype(np.float32)
    if name.endswith(("out_proj.weight", "linear2.weight")):
        values /= 4
    return torch.from_numpy(values).reshape(shape)


def reference_model(config: ModelConfig) -> ReferenceModel:
    model = ReferenceModel(config)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            tensor.copy_(bench_weight(name, tuple(tensor.shape)))
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not name.startswith(FROZEN))
    return model


def optimizer_of(model: nn.Module, fused: bool | None) -> torch.optim.Optimizer:
    """The published recipe's, over what trains."""
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    groups = [
        {"params": [p for name, p in named if "backbone" not in name], "lr": 5e-5},
        {"params": [p for name, p in named if "backbone" in name], "lr": 1e-5},
    ]
    return torch.optim.AdamW(groups, weight_decay=1e-6, fused=fused)


class TunedModel(nn.Module):
    """forward(images (B, 3, H, W), padding (B, H, W) bool or None where nothing is padded) -> logits (B, K)."""

    def __init__(self, model: ReferenceModel, dropout: float = 0.1):
        super().__init__()
        self.model, self.dropout, self.folded = model, dropout, {}
        body = model.backbone[0].body
        for part in (body, model.input_proj):
            part.to(memory_format=torch.channels_last)
        for conv, norm in self.pairs(body):
            gain = norm.weight * torch.rsqrt(norm.running_var + 1e-5)
            shift = norm.bias - norm.running_mean * gain
            gain = gain.view(-1, 1, 1, 1)
            self.folded[conv] = (gain, shift, None if conv.weight.requires_grad else (conv.weight * gain).detach())

    @staticmethod
    def pairs(body):
        yield body.conv1, body.bn1
        for stage in (body.layer1, body.layer2, body.layer3, body.layer4):
            for block in stage:
                for number in (1, 2, 3):
                    if hasattr(block, f"conv{number}"):
                        yield getattr(block, f"conv{number}"), getattr(block, f"bn{number}")
                if block.downsample is not None:
                    yield block.downsample[0], block.downsample[1]

    def convolve(self, conv, x):
        gain, shift, frozen = self.folded[conv]
        weight = conv.weight * gain if frozen is None else frozen
        return F.conv2d(x, weight, shift, conv.stride, conv.padding, conv.dilation)

    def block(self, block, x):
        names = [name for name in ("conv1", "conv2", "conv3") if hasattr(block, name)]
        y = x
        for name in names[:-1]:
            y = F.relu_(self.convolve(getattr(block, name), y))
        y = self.convolve(getattr(block, names[-1]), y)
        return F.relu_(y + (x if block.downsample is None else self.convolve(block.downsample[0], x)))

    def features(self, images):
        body = self.model.backbone[0].body
        with torch.no_grad():
            x = images.contiguous(memory_format=torch.channels_last)
            x = F.max_pool2d(F.relu_(self.convolve(body.conv1, x)), 3, 2, 1)
            for block in body.layer1:
                x = self.block(block, x)
        for stage in (body.layer2, body.layer3, body.layer4):
            for block in stage:
                x = self.block(block, x)
        return x

    def drop(self, x):
        return F.dropout(x, self.dropout, self.training)

    def attend(self, a, query, key, value, allowed):
        """Projections that share their input are one product."""
        d, w, b = query.shape[-1], a.in_proj_weight, a.in_proj_bias
        if query is key:
            (q, k), v = F.linear(query, w[: 2 * d], b[: 2 * d]).chunk(2, -1), F.linear(value, w[2 * d :], b[2 * d :])
        else:
            q, (k, v) = F.linear(query, w[:d], b[:d]), F.linear(key, w[d:], b[d:]).chunk(2, -1)
        q, k, v = (t.unflatten(-1, (a.heads, -1)).transpose(1, 2) for t in (q, k, v))
        rate = self.dropout if self.training else 0.0
        return a.out_proj(F.scaled_dot_product_attention(q, k, v, allowed, rate).transpose(1, 2).flatten(2))

    def feed_forward(self, layer, x):
        return layer.linear2(self.drop(F.relu(layer.linear1(x))))

    def forward(self, images, padding=None):
        model = self.model
        x = self.features(images)
        h, w = x.shape[-2:]
        if padding is None:
            small = torch.zeros(len(images), h, w, dtype=torch.bool, device=images.device)
        else:
            small = padding[:, torch.arange(h) * images.shape[2] // h][:, :, torch.arange(w) * images.shape[3] // w]
        allowed = ~small.flatten(1)[:, None, None, :] if bool(small.any()) else None
        position = sine_position(small, model.config.hidden_dim, torch.float32).flatten(2).mT
        cells = model.input_proj(x).flatten(2).mT
        for layer in model.transformer.encoder.layers:
            placed = cells + position
            cells = layer.norm1(cells + self.drop(self.attend(layer.self_attn, placed, placed, cells, allowed)))
            cells = layer.norm2(cells + self.drop(self.feed_forward(layer, cells)))
        embed = model.query_embed.weight.expand(len(images), -1, -1)
        state = torch.zeros_like(embed)
        for layer in model.transformer.decoder.layers:
            placed = state + embed
            state = layer.norm1(state + self.drop(self.attend(layer.self_attn, placed, placed, state, None)))
            state = layer.norm2(state + self.drop(self.attend(layer.multihead_attn, state + embed, cells, cells, allowed)))
            state = layer.norm3(state + self.drop(self.feed_forward(layer, state)))
        return model.presence_vector(model.transformer.decoder.norm(state)).squeeze(-1)


def check_logits(model: nn.Module) -> list:
    """What every program of a comparison computes for two pictures, in evaluation mode."""
    images, padding = torch.zeros(2, 3, 160, 224), torch.ones(2, 160, 224, dtype=torch.bool)
    for k, (h, w) in enumerate(CHECK_SIZES):
        images[k, :, :h, :w] = torch.from_numpy(2 * units(f"check{k}", 3 * h * w)).reshape(3, h, w)
        padding[k, :h, :w] = False
    device = next(model.parameters()).device
    images, padding = images.to(device), padding.to(device)
    training = model.training
    model.eval()
    with torch.no_grad():
        logits = model(images, padding)
    model.train(training)
    return logits.flatten().tolist()
