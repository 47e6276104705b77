"""What relative positions make of one query and one key, one number at a time."""

import cmath
import math


def xpos_score(query, key, distance, *, scale_base=512.0, gamma=0.4):
    """Return the score, each pair of channels read as one complex number."""
    width, total = len(query), 0.0
    for i in range(0, width, 2):
        a, b = complex(query[i], query[i + 1]), complex(key[i], key[i + 1])
        turn = cmath.exp(1j * distance * 10000 ** (-i / width))
        shrink = ((i / width + gamma) / (1 + gamma)) ** (distance / scale_base)
        total += shrink * (a * b.conjugate() * turn).real
    return total / math.sqrt(width)


def t5_bucket(distance, buckets, max_distance):
    """Return the range of a distance, as the text has it."""
    single = buckets // 2
    if distance < single:
        return max(distance, 0)
    share = math.log(distance / single) / math.log(max_distance / single)
    return min(buckets - 1, single + math.floor(share * (buckets - single) + 1e-9))


def kerple_log(distance, scale, bend):
    return -scale * math.log(1 + bend * abs(distance))


def kerple_power(distance, scale, bend):
    return -scale * abs(distance) ** bend


def fire(query_position, key_position, *, bend, threshold, first, second):
    """Return the bias of each head; `first` and `second` are the matrix and bias of a layer."""
    distance = abs(query_position - key_position)
    farthest = max(query_position, threshold)
    share = math.log(bend * distance + 1) / (math.log(bend * farthest + 1) + 1e-6)
    (gains, shifts), (matrix, bias) = first, second
    hidden = [max(gain[0] * share + shift, 0.0) for gain, shift in zip(gains, shifts, strict=True)]
    return [
        sum(w * x for w, x in zip(row, hidden, strict=True)) + each
        for row, each in zip(matrix, bias, strict=True)
    ]


def transformer_xl_score(query, key, distance, *, u, v, matrix):
    """Return the score of one head; `matrix` [head width, width] makes keys of distances."""
    width = len(matrix[0])
    angles = [distance / 10000 ** (2 * i / width) for i in range(width // 2)]
    waves = [*map(math.sin, angles), *map(math.cos, angles)]
    of_distance = [sum(w * x for w, x in zip(row, waves, strict=True)) for row in matrix]
    by_key = sum((a + b) * c for a, b, c in zip(query, u, key, strict=True))
    by_distance = sum((a + b) * c for a, b, c in zip(query, v, of_distance, strict=True))
    return (by_key + by_distance) / math.sqrt(len(query))
