"""Networks for tables once more, slowly: loops over rows, features and heads, one obvious line at a time."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from glia.core.values import Batch
from glia.nets.ft_transformer import FTTransformer
from glia.nets.realmlp import RealMLP
from glia.nets.resnet_mlp import ResNetMLP


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    centered = x - x.mean(-1, keepdim=True)
    return centered / (centered.square().mean(-1, keepdim=True) + 1e-5).sqrt() * weight + bias


def affine(x: Tensor, state: dict[str, Tensor], name: str) -> Tensor:
    return x @ state[f"{name}.weight"].T + state[f"{name}.bias"]


def attend(ask: Tensor, tokens: Tensor, state: dict[str, Tensor], name: str, heads: int) -> tuple[Tensor, Tensor]:
    """Return what one row's asking tokens gather, (Q, D), and the weights, (H, Q, T)."""
    q, k, v = (affine(x, state, f"{name}.{part}") for x, part in ((ask, "query"), (tokens, "key"), (tokens, "value")))
    size = q.shape[1] // heads
    gathered, weights = [], []
    for head in range(heads):
        part = slice(head * size, (head + 1) * size)
        weight = torch.zeros(len(q), len(k))
        for i in range(len(q)):
            scores = torch.stack([q[i, part] @ k[j, part] / math.sqrt(size) for j in range(len(k))])
            weight[i] = scores.exp() / scores.exp().sum()
        weights.append(weight)
        gathered.append(weight @ v[:, part])
    return affine(torch.cat(gathered, 1), state, f"{name}.out"), torch.stack(weights)


def ft_transformer(net: FTTransformer, batch: Batch, heads: int) -> tuple[Tensor, list[list[Tensor]]]:
    """Return the answers, (B, width), and the attention weights by row and block."""
    state = net.state_dict()
    answers, looked = [], []
    for row in range(len(batch)):
        tokens = [state["cls"]]
        for i, x in enumerate(batch.values["number"][row]):
            tokens.append(state["numbers.weight"][i] * x + state["numbers.bias"][i])
        start = 0
        for i, code in enumerate(batch.values["category"][row]):
            tokens.append(state["categories.weight"][start + int(code)] + state["category_bias"][i])
            start += net.inputs["category"].cardinalities[i]
        tokens.append(affine(batch.values["dense"][row], state, "dense"))
        x = torch.stack(tokens)
        looked.append([])
        for block in range(len(net.blocks)):
            name = f"blocks.{block}"
            normed = x
            if block > 0:
                normed = layer_norm(x, state[f"{name}.attention_norm.weight"], state[f"{name}.attention_norm.bias"])
            gathered, weights = attend(normed, normed, state, f"{name}.attention", heads)
            looked[row].append(weights)
            x = x + gathered
            normed = layer_norm(x, state[f"{name}.hidden_norm.weight"], state[f"{name}.hidden_norm.bias"])
            hidden = affine(normed, state, f"{name}.expand")
            half = hidden.shape[1] // 2
            x = x + affine(hidden[:, :half] * hidden[:, half:].relu(), state, f"{name}.contract")
        cls = layer_norm(x[0], state["last.0.weight"], state["last.0.bias"]).relu()
        answers.append(affine(cls, state, "output_layer"))
    return torch.stack(answers), looked


def batch_norm(x: Tensor, state: dict[str, Tensor], name: str) -> Tensor:
    std = (state[f"{name}.running_var"] + 1e-5).sqrt()
    return (x - state[f"{name}.running_mean"]) / std * state[f"{name}.weight"] + state[f"{name}.bias"]


def resnet_mlp(net: ResNetMLP, x: Tensor) -> Tensor:
    """Return the answers to flat inputs, as in section 3.2 of Gorishniy et al. (2021)."""
    state = net.state_dict()
    x = affine(x, state, "input_layer")
    for block in range(len(net.blocks)):
        hidden = affine(batch_norm(x, state, f"blocks.{block}.0"), state, f"blocks.{block}.1")
        x = x + affine(hidden.relu(), state, f"blocks.{block}.4")
    return affine(batch_norm(x, state, "last.0").relu(), state, "output_layer")


def pbld(x: Tensor, state: dict[str, Tensor], name: str) -> Tensor:
    """Return the periodic embeddings of one row, flat, feature by feature (Holzmüller et al. 2024)."""
    parts = []
    for i, value in enumerate(x):
        waves = torch.cos(2 * torch.pi * state[f"{name}.frequency"][i] * value + state[f"{name}.phase"][i])
        parts += [waves @ state[f"{name}.weight"][i] + state[f"{name}.bias"][i], value[None]]
    return torch.cat(parts)


def realmlp(net: RealMLP, numbers: Tensor, rest: Tensor, function: torch.nn.Module) -> Tensor:
    """Return the answers to numbers and what stands beside them already flat."""
    state = net.state_dict()
    embedded = torch.stack([pbld(row, state, "flat.numbers") for row in numbers])
    x = torch.cat([embedded, rest], 1) * state["scale"]
    for layer in range(len(net.layers)):
        weight, bias = state[f"layers.{layer}.linear.weight"], state[f"layers.{layer}.linear.bias"]
        x = x @ weight.T / math.sqrt(weight.shape[1]) + bias
        slope = state[f"layers.{layer}.activation.slope"]
        x = (1 - slope) * x + slope * function(x)
    weight, bias = state["output_layer.weight"], state["output_layer.bias"]
    return x @ weight.T / math.sqrt(weight.shape[1]) + bias
