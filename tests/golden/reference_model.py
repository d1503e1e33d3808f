# SPDX-License-Identifier: Apache-2.0
"""INTR written for reading: the numbers in tests/golden/model come from this file, in plain PyTorch.

The model is INTR (Paul et al., ICLR 2024, arXiv 2311.04157): the backbone, encoder and decoder of DETR (Carion et
al., ECCV 2020) with one query per class and one shared vector that scores every query. Nothing here is fast: attention
weights are formed in full, norms are not folded, and everything stays in the precision of its input. Names and shapes
of the state dict are the published ones.

Legend: B images, C classes, D width, N heads, L decoder layers, H x W padded image, h x w feature cells.
Needs torch and torchvision.
"""

import math
from dataclasses import dataclass

import torch
import torchvision
from torch import nn
from torch.nn import functional as F


@dataclass
class ModelConfig:
    """The fields of the C++ ModelConfig that shape the computation, under the same names."""

    num_classes: int
    backbone: str = "resnet50"
    dilation: bool = False
    position_embedding: str = "sine"
    enc_layers: int = 6
    dec_layers: int = 6
    hidden_dim: int = 256
    nheads: int = 8
    dim_feedforward: int = 2048
    pre_norm: bool = False


class FrozenNorm(nn.Module):
    """Batch norm of four constants."""

    def __init__(self, channels):
        super().__init__()
        for name, value in (("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0), ("running_var", 1.0)):
            self.register_buffer(name, torch.full((channels,), value))

    def forward(self, x):
        gain = self.weight * torch.rsqrt(self.running_var + 1e-5)
        offset = self.bias - self.running_mean * gain
        return x * gain[None, :, None, None] + offset[None, :, None, None]


def resnet_body(config):
    """A torchvision ResNet without its pooling and classifier, with frozen norms."""
    whole = torchvision.models.get_model(
        config.backbone,
        weights=None,
        norm_layer=FrozenNorm,
        replace_stride_with_dilation=[False, False, config.dilation],
    )
    kept = [(name, part) for name, part in whole.named_children() if name not in ("avgpool", "fc")]
    body = nn.Sequential()
    for name, part in kept:
        body.add_module(name, part)
    return body, whole.fc.in_features


def sine_position(padding, width, dtype):
    """padding (B, h, w) bool, true where padded -> (B, width, h, w): y in the first half, x in the second."""
    half = width // 2
    channel = torch.arange(half, dtype=dtype, device=padding.device)
    wavelength = 10000 ** (2 * (channel // 2) / half)
    halves = []
    for axis in (1, 2):
        count = torch.cumsum(~padding, dim=axis, dtype=dtype)
        share = count / (count.narrow(axis, -1, 1) + 1e-6)
        angle = (share * (2 * math.pi)).unsqueeze(-1) / wavelength
        wave = torch.empty_like(angle)
        wave[..., 0::2] = torch.sin(angle[..., 0::2])
        wave[..., 1::2] = torch.cos(angle[..., 1::2])
        halves.append(wave)
    return torch.cat(halves, dim=-1).movedim(-1, 1)


class LearnedPosition(nn.Module):
    def __init__(self, half):
        super().__init__()
        self.row_embed = nn.Embedding(50, half)
        self.col_embed = nn.Embedding(50, half)

    def forward(self, padding):
        batch, h, w = padding.shape
        by_column = self.col_embed.weight[None, :w, :].expand(h, w, -1)
        by_row = self.row_embed.weight[:h, None, :].expand(h, w, -1)
        return torch.cat((by_column, by_row), dim=-1).permute(2, 0, 1).expand(batch, -1, -1, -1)


class Attention(nn.Module):
    """Multi-head attention with the parameter names of torch.nn.MultiheadAttention, batch first."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.empty(3 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(self, query, key, value, padding=None):
        """(B, rows, D) each; padding (B, keys) -> the mixed values (B, rows, D) and the weights (B, N, rows, keys)."""
        w_q, w_k, w_v = self.in_proj_weight.chunk(3)
        b_q, b_k, b_v = self.in_proj_bias.chunk(3)

        def split(x):
            return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

        q, k, v = split(F.linear(query, w_q, b_q)), split(F.linear(key, w_k, b_k)), split(F.linear(value, w_v, b_v))
        scores = (q / math.sqrt(q.shape[-1])) @ k.mT
        if padding is not None:
            scores = scores.masked_fill(padding[:, None, None, :], -math.inf)
        weights = scores.softmax(dim=-1)
        return self.out_proj((weights @ v).transpose(1, 2).flatten(2)), weights


class Layer(nn.Module):
    """What encoder and decoder layers share: feed-forward, and where the norms sit."""

    def __init__(self, config, attentions):
        super().__init__()
        width = config.hidden_dim
        for name in attentions:
            setattr(self, name, Attention(width, config.nheads))
        self.linear1 = nn.Linear(width, config.dim_feedforward)
        self.linear2 = nn.Linear(config.dim_feedforward, width)
        for number in range(1, len(attentions) + 2):
            setattr(self, f"norm{number}", nn.LayerNorm(width))
        self.relu = nn.ReLU()
        self.pre_norm = config.pre_norm

    def residual(self, norm, x, change):
        return x + change(norm(x)) if self.pre_norm else norm(x + change(x))

    def feed_forward(self, x):
        return self.linear2(self.relu(self.linear1(x)))


class EncoderLayer(Layer):
    def __init__(self, config):
        super().__init__(config, ["self_attn"])

    def forward(self, x, position, padding):
        x = self.residual(self.norm1, x, lambda v: self.self_attn(v + position, v + position, v, padding)[0])
        return self.residual(self.norm2, x, self.feed_forward)


class DecoderLayer(Layer):
    def __init__(self, config):
        super().__init__(config, ["self_attn", "multihead_attn"])

    def forward(self, x, embed, memory, padding):
        seen = []

        def look(v):
            mixed, weights = self.multihead_attn(v + embed, memory, memory, padding)
            seen.append(weights)
            return mixed

        x = self.residual(self.norm1, x, lambda v: self.self_attn(v + embed, v + embed, v)[0])
        x = self.residual(self.norm2, x, look)
        return self.residual(self.norm3, x, self.feed_forward), seen[0]


class Stack(nn.Module):
    def __init__(self, layers, norm):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        if norm is not None:
            self.norm = norm


class ReferenceModel(nn.Module):
    def __init__(self, config):
        super().__init__()
        width = config.hidden_dim
        body, channels = resnet_body(config)
        # The order of these members is the published order of the state dict.
        self.transformer = nn.Module()
        self.transformer.encoder = Stack(
            [EncoderLayer(config) for _ in range(config.enc_layers)], nn.LayerNorm(width) if config.pre_norm else None
        )
        self.transformer.decoder = Stack([DecoderLayer(config) for _ in range(config.dec_layers)], nn.LayerNorm(width))
        self.presence_vector = nn.Linear(width, 1)
        self.query_embed = nn.Embedding(config.num_classes, width)
        self.input_proj = nn.Conv2d(channels, width, 1)
        features = nn.Module()
        features.body = body
        self.backbone = nn.ModuleList([features])
        if config.position_embedding == "learned":
            self.backbone.append(LearnedPosition(width // 2))
        self.config = config

    def position(self, padding, dtype):
        if self.config.position_embedding == "learned":
            return self.backbone[1](padding)
        return sine_position(padding, self.config.hidden_dim, dtype)

    def forward(self, images, padding):
        """images (B, 3, H, W), zero where padded; padding (B, H, W) bool, true where padded -> dict of results."""
        features = self.backbone[0].body(images)
        h, w = features.shape[-2:]
        rows = torch.arange(h) * images.shape[2] // h
        columns = torch.arange(w) * images.shape[3] // w
        small = padding[:, rows][:, :, columns]
        position = self.position(small, images.dtype)
        padded = small.flatten(1)

        memory = self.input_proj(features).flatten(2).mT
        for layer in self.transformer.encoder.layers:
            memory = layer(memory, position.flatten(2).mT, padded)
        if self.config.pre_norm:
            memory = self.transformer.encoder.norm(memory)

        embed = self.query_embed.weight.expand(len(images), -1, -1)
        state, hidden, attention = torch.zeros_like(embed), [], []
        for layer in self.transformer.decoder.layers:
            state, weights = layer(state, embed, memory, padded)
            hidden.append(self.transformer.decoder.norm(state))
            attention.append(weights)
        return {
            "logits": self.presence_vector(hidden[-1]).squeeze(-1),
            "attention": torch.stack(attention),
            "hidden": torch.stack(hidden),
            "memory": memory.mT.unflatten(2, (h, w)),
            "position": position,
            "feature_padding": small,
        }
