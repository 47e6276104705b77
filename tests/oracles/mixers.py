"""Mixers without attention, one token and one number at a time, in float64."""

import math

import numpy as np


def convolution(x, weight, bias=None, documents=None):
    """Return [length, channels] of one row `x`; `weight` is [channels, kernel], its last now."""
    length, channels = x.shape
    kernel = weight.shape[1]
    out = np.zeros((length, channels))
    for t in range(length):
        for channel in range(channels):
            for back in range(kernel):
                if t - back >= 0 and (documents is None or documents[t - back] == documents[t]):
                    out[t, channel] += weight[channel, kernel - 1 - back] * x[t - back, channel]
            out[t, channel] += 0.0 if bias is None else bias[channel]
    return out


def scan(x, steps, rates, write, read, *, begins=(), start=None):
    """Return y [length, channels] of one row and the last state; `begins` forget the state."""
    channels, states = rates.shape
    state = np.zeros((channels, states)) if start is None else start.copy()
    out = np.zeros(x.shape)
    for t in range(len(x)):
        for channel in range(channels):
            for n in range(states):
                old = 0.0 if t in begins else state[channel, n]
                fade = math.exp(steps[t, channel] * rates[channel, n])
                state[channel, n] = fade * old + steps[t, channel] * write[t, n] * x[t, channel]
                out[t, channel] += read[t, n] * state[channel, n]
    return out, state


def recurrence(queries, keys, values, decays, *, begins=(), start=None):
    """Return o [length, channels of values] of one head and the last sum of outer products.

    `decays` [length, channels of keys] are what is left of each row of the sum, no logarithms.
    """
    rows, columns = keys.shape[1], values.shape[1]
    total = np.zeros((rows, columns)) if start is None else start.copy()
    out = np.zeros(values.shape)
    for t in range(len(keys)):
        for i in range(rows):
            for j in range(columns):
                old = 0.0 if t in begins else total[i, j]
                total[i, j] = decays[t, i] * old + keys[t, i] * values[t, j]
                out[t, j] += queries[t, i] * total[i, j]
    return out, total


def sigmoid(x):
    """Return 1 / (1 + e^-x)."""
    return 1 / (1 + np.exp(-x))


def silu(x):
    """Return x sigmoid(x)."""
    return x * sigmoid(x)


def linear_attention(x, weights, decays, *, width, epsilon):
    """Return a layer [length, model width] with q, k, v, g (gate), o and gain in `weights`.

    `decays` [heads, length, width] are no logarithms; as many key heads as query heads.
    """
    found = []
    for head in range(len(decays)):
        own = slice(head * width, (head + 1) * width)
        queries, keys, values = (x @ weights[name][own].T for name in "qkv")
        out, _ = recurrence(queries, keys, values, decays[head])
        out = out / math.sqrt(width)
        norms = np.sqrt((out**2).mean(axis=-1, keepdims=True) + epsilon)
        found.append(weights["gain"] * out / norms)
    gated = np.concatenate(found, axis=-1) * silu(x @ weights["g"].T)
    return gated @ weights["o"].T
