"""Softmax attention, one score at a time."""

import math

import numpy as np


def attention(queries, keys, values, visible, bias=None):
    """Return [heads, queries, head_width] of one row; `visible` is [queries, keys]."""
    heads, count, width = queries.shape
    shared = heads // len(keys)
    out = np.zeros((heads, count, values.shape[-1]))
    for head in range(heads):
        for i in range(count):
            scores = {}
            for j in range(keys.shape[1]):
                if visible[i][j]:
                    product = sum(
                        queries[head, i, c] * keys[head // shared, j, c] for c in range(width)
                    )
                    extra = bias[head, i, j] if bias is not None else 0.0
                    scores[j] = product / math.sqrt(width) + extra
            total = sum(math.exp(score) for score in scores.values())
            for j, score in scores.items():
                out[head, i] += math.exp(score) / total * values[head // shared, j]
    return out


def layer(x, weights, *, width, visible, encode=lambda vector, _: vector, bias=None):
    """Return one attention layer [length, model width] with projections q, k, v, o as matrices."""

    def split(matrix):
        projected = np.array([matrix @ token for token in x])
        parts = projected.reshape(len(x), -1, width).transpose(1, 0, 2)
        return parts.copy()

    queries, keys, values = (split(weights[name]) for name in "qkv")
    for part in (queries, keys):
        for head in part:
            for place in range(len(x)):
                head[place] = encode(head[place], place)
    mixed = attention(queries, keys, values, visible, bias)
    return np.array(
        [weights["o"] @ np.concatenate([head[place] for head in mixed]) for place in range(len(x))]
    )


def causal(count, window=None):
    """Return who sees whom [count, count]: what came before, of the same window."""
    window = window or count
    return [[j <= i and j // window == i // window for j in range(count)] for i in range(count)]
