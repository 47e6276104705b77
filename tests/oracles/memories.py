"""What memories beside attention find, one token and one score at a time, in float64."""

import math

import numpy as np


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def unit(x):
    return x / math.sqrt(sum(each * each for each in x))


def nearest(query, keys, values, scale, neighbours):
    """Return what one query finds among the keys of earlier windows, and how many it took."""
    ranked = sorted(
        ((sum(unit(query) * unit(key)), j) for j, key in enumerate(keys)), reverse=True
    )[:neighbours]
    weights = [math.exp(scale * cosine) for cosine, _ in ranked]
    found = np.zeros_like(query)
    for weight, (_, j) in zip(weights, ranked, strict=True):
        found += weight / sum(weights) * values[j]
    return found, len(ranked)


def feature(x):
    """Return elu(x) + 1, number by number."""
    return np.array([each + 1 if each > 0 else math.exp(each) for each in x])


def associated(windows, update):
    """Return what the queries of each window find, of one head.

    Args:
        windows: a list of (queries, keys, values), each [tokens, width].
        update: linear or delta.
    """
    width = windows[0][0].shape[1]
    matrix, weight = np.zeros((width, width)), np.zeros(width)

    def read(x):
        total = sum(x[c] * weight[c] for c in range(width))
        if total == 0:
            return np.zeros(width)
        return (
            np.array([sum(x[c] * matrix[c, d] for c in range(width)) for d in range(width)]) / total
        )

    found = []
    for queries, keys, values in windows:
        found.append(np.array([read(feature(query)) for query in queries]))
        told = [read(feature(key)) if update == "delta" else 0 for key in keys]
        for key, value, known in zip(keys, values, told, strict=True):
            for c in range(width):
                matrix[c] += feature(key)[c] * (value - known)
                weight[c] += feature(key)[c]
    return found


def grouped(keys, rate, how):
    """Return the compressed keys of one head; `how` is mean or max."""
    made = {
        "mean": lambda group: sum(group) / len(group),
        "max": lambda group: np.max(group, axis=0),
    }
    return np.array([made[how](keys[g : g + rate]) for g in range(0, len(keys), rate)])


def convolved(keys, kernel):
    """Return the compressed keys of all heads [heads, groups, width] of keys [heads, keys, width].

    Args:
        keys: of all heads.
        kernel: [channels out, channels in, rate], of the channels of all heads.
    """
    heads, count, width = keys.shape
    rate = kernel.shape[2]
    groups = []
    for begin in range(0, count, rate):
        made = np.zeros(heads * width)
        for r in range(min(rate, count - begin)):
            made += kernel[:, :, r] @ np.concatenate([keys[h, begin + r] for h in range(heads)])
        groups.append(made.reshape(heads, width))
    return np.array(groups).transpose(1, 0, 2)
