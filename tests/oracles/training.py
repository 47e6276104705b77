"""Optimizer steps and learning rates, one number at a time."""

import math


def adamw(weight, gradients, *, rate, beta1, beta2, epsilon, decay):
    """Return one weight after a step for each gradient."""
    mean = square = 0.0
    for step, gradient in enumerate(gradients, start=1):
        mean = beta1 * mean + (1 - beta1) * gradient
        square = beta2 * square + (1 - beta2) * gradient**2
        corrected = mean / (1 - beta1**step)
        root = math.sqrt(square / (1 - beta2**step))
        weight = weight - rate * decay * weight - rate * corrected / (root + epsilon)
    return weight


def cosine(done, steps, warmup, least):
    """Return the factor after `done` of `steps` updates, 0 before the first."""
    if done < warmup:
        return done / warmup
    share = (done - warmup) / (steps - warmup)
    return least + (1 - least) * (1 + math.cos(math.pi * share)) / 2
