# SPDX-License-Identifier: Apache-2.0
"""INTR at the cost of its published code: the function of tests/golden/reference_model.py, computed as that code computes it.

Everything float32 and channels-first; torch.nn.MultiheadAttention with sequences first, asked for the weights of every head; each
decoder layer asks its cross-attention a second time, for weights averaged over the heads, which nobody uses; the norms' gain and
offset are multiplied onto every feature map; weights and states of all layers are stacked. Needs torch, torchvision and numpy.
"""

import torch
import torch.nn.functional as F
from torch import nn
from tuned_model import ReferenceModel, sine_position


class PublishedModel(nn.Module):
    """forward(images (B, 3, H, W), padding (B, H, W) bool) -> logits (B, K). Post-norm models with sine positions."""

    def __init__(self, model: ReferenceModel, dropout: float = 0.1):
        super().__init__()
        self.model, self.dropout, self.attention = model, dropout, {}
        for name, part in model.named_modules():
            if name.endswith(("self_attn", "multihead_attn")):
                self.attention[part] = self.torch_attention(part)

    def torch_attention(self, part) -> nn.MultiheadAttention:
        """PyTorch's own module over the same parameters; outside of `model`, so that they are registered once."""
        own = nn.MultiheadAttention(part.out_proj.in_features, part.heads, dropout=self.dropout)
        own.in_proj_weight, own.in_proj_bias, own.out_proj = part.in_proj_weight, part.in_proj_bias, part.out_proj
        return own

    def train(self, mode: bool = True):
        for attention in self.attention.values():
            attention.train(mode)
        return super().train(mode)

    def drop(self, x):
        return F.dropout(x, self.dropout, self.training)

    def feed_forward(self, layer, x):
        return self.drop(layer.linear2(self.drop(layer.relu(layer.linear1(x)))))

    def cross(self, layer, x, memory, padded):
        attention = self.attention[layer.multihead_attn]
        mixed, by_head = attention(x, memory, memory, key_padding_mask=padded, average_attn_weights=False)
        _, averaged = attention(x, memory, memory, key_padding_mask=padded)
        return self.drop(mixed), by_head, averaged

    def forward(self, images, padding):
        model = self.model
        features = model.backbone[0].body(images)
        small = F.interpolate(padding[None].float(), size=features.shape[-2:]).to(torch.bool)[0]
        position = sine_position(small, model.config.hidden_dim, torch.float32).flatten(2).permute(2, 0, 1)
        padded = small.flatten(1)
        memory = model.input_proj(features).flatten(2).permute(2, 0, 1)  # (S, B, D)
        for layer in model.transformer.encoder.layers:
            placed = memory + position
            mixed, _ = self.attention[layer.self_attn](placed, placed, memory, key_padding_mask=padded)
            memory = layer.norm1(memory + self.drop(mixed))
            memory = layer.norm2(memory + self.feed_forward(layer, memory))
        embed = model.query_embed.weight.unsqueeze(1).repeat(1, len(images), 1)  # (K, B, D)
        state, states, weights, averages = torch.zeros_like(embed), [], [], []
        for layer in model.transformer.decoder.layers:
            placed = state + embed
            mixed, _ = self.attention[layer.self_attn](placed, placed, state)
            state = layer.norm1(state + self.drop(mixed))
            mixed, by_head, averaged = self.cross(layer, state + embed, memory, padded)
            state = layer.norm2(state + mixed)
            state = layer.norm3(state + self.feed_forward(layer, state))
            states.append(model.transformer.decoder.norm(state))
            weights.append(by_head)
            averages.append(averaged)
        torch.stack(weights)
        torch.stack(averages)
        return model.presence_vector(torch.stack(states).transpose(1, 2)[-1]).squeeze(-1)
