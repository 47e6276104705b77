"""What positions do to a vector or a score, one number at a time."""

import math


def rotary(
    vector, position, *, base=10000.0, fraction=1.0, layout="half", pace=lambda angle, _: angle
):
    """Return the vector turned; `pace` changes the angle per token of pair i."""
    turned = round(fraction * len(vector) / 2) * 2
    out = [float(each) for each in vector]
    for i in range(turned // 2):
        first, second = (i, i + turned // 2) if layout == "half" else (2 * i, 2 * i + 1)
        angle = position * pace(base ** (-2 * i / turned), i)
        a, b = vector[first], vector[second]
        out[first] = a * math.cos(angle) - b * math.sin(angle)
        out[second] = b * math.cos(angle) + a * math.sin(angle)
    return out


def sinusoid(position, width, layout="interleaved"):
    """Return the encoding [width] of one position."""
    out = [0.0] * width
    for i in range(width // 2):
        angle = position / 10000 ** (2 * i / width)
        sine, cosine = (2 * i, 2 * i + 1) if layout == "interleaved" else (i, width // 2 + i)
        out[sine], out[cosine] = math.sin(angle), math.cos(angle)
    return out


def alibi_slopes(heads):
    """Return the slopes as the paper's text has them: a geometric series from 2^(-8/heads) on."""
    if heads & (heads - 1) == 0:
        ratio = 2 ** (-8 / heads)
        return [ratio * ratio**h for h in range(heads)]
    smaller = 1
    while smaller * 2 <= heads:
        smaller *= 2
    doubled = alibi_slopes(2 * smaller)
    return alibi_slopes(smaller) + doubled[::2][: heads - smaller]


def ramp(positions, first, span, edge, offset):
    """Return the height of linspace's ramp at each position."""
    return [offset + edge * (position - first) / (span - 1) for position in positions]
