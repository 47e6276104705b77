"""What a layer does to one token, one number at a time."""

import math


def gelu(x):
    return x * (1 + math.erf(x / math.sqrt(2))) / 2


def relu(x):
    return x if x > 0 else 0.0


def silu(x):
    return x / (1 + math.exp(-x))


def layer_norm(vector, gain, bias, epsilon=1e-5):
    mean = sum(vector) / len(vector)
    variance = sum((each - mean) ** 2 for each in vector) / len(vector)
    scale = 1 / math.sqrt(variance + epsilon)
    return [(each - mean) * scale * g + b for each, g, b in zip(vector, gain, bias, strict=True)]


def rms_norm(vector, gain, epsilon=1e-6):
    scale = 1 / math.sqrt(sum(each * each for each in vector) / len(vector) + epsilon)
    return [each * scale * g for each, g in zip(vector, gain, strict=True)]


def linear(vector, matrix, bias=None):
    out = [sum(w * x for w, x in zip(row, vector, strict=True)) for row in matrix]
    return out if bias is None else [each + b for each, b in zip(out, bias, strict=True)]


def plain(vector, up, down, activation):
    return linear([activation(each) for each in linear(vector, up)], down)


def gated(vector, gate, up, down, activation):
    gates = [activation(each) for each in linear(vector, gate)]
    lifted = linear(vector, up)
    return linear([g * u for g, u in zip(gates, lifted, strict=True)], down)
