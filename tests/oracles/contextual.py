"""What encoders make of what lies between a key and a query, one score at a time."""

import math


def forgetting(logits, query, key):
    """Return what is added to the score; `logits` are those of one head's gates, key by key."""
    return -sum(math.log1p(math.exp(-logits[place])) for place in range(key + 1, query + 1))


def cope(query, scores, visible, key, table):
    """Return what is added to the score of one query for one key that it sees.

    Args:
        query: the vector.
        scores: of the query, key by key.
        visible: key by key.
        key: its place.
        table: a vector for each count.
    """
    count = 0.0
    for place in range(key, len(scores)):
        if visible[place]:
            count += 1 / (1 + math.exp(-scores[place]))
    count = min(count, len(table) - 1)
    whole = int(count)
    share = count - whole

    def score_of(place):
        return sum(a * b for a, b in zip(query, table[place], strict=True))

    if not share:
        return score_of(whole)
    return (1 - share) * score_of(whole) + share * score_of(whole + 1)
