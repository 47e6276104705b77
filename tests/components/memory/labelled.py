"""Streams of keys that say which token they are, shown to a memory by itself, window by window."""

import torch

from components.memory import Seen, Window

WIDTH = 4


def shown(memory, lengths, documents=None, resets=()):
    """What every query of a stream sees, in windows of these lengths.

    Args:
        memory: of sizes with one layer.
        lengths: of the windows, one behind the other.
        documents: for each token of the only row, the document that it belongs to.
        resets: numbers of the windows in front of which the row is reset.

    Returns:
        For each token a list of (token that it sees, how many positions further back that stands),
        in the order of the keys.
    """
    state, found, begin = memory.start(1, torch.device("cpu")), [], 0
    for number, length in enumerate(lengths):
        if number in resets:
            state = memory.reset(torch.tensor([True]), state)
        own = None
        if documents is not None:
            before = documents[begin - 1] if begin else documents[0]
            own = torch.tensor([documents[begin : begin + length]]) - before
        window, seen = next_window(memory, state, length, begin, own)
        recalled = memory.recall(0, seen, state)
        found += [_seen_by(recalled, query) for query in range(length)]
        state = memory.write(window, window.x, [seen], state)
        begin += length
    return found


def next_window(memory, state, length, begin=0, documents=None):
    """A window of tokens from `begin` on, and what a layer would hand to the memory."""
    window = memory.add_tokens(Window.of(torch.zeros(1, length, 1), documents), state)
    labels = torch.arange(begin, begin + length, dtype=torch.float64)
    keys = labels[:, None].expand(1, 1, length, WIDTH)
    places = window.positions
    visible = window.visible()
    seen = Seen(keys, keys, keys, places, places, visible, keys[..., :1], window.goes_on())
    return window, seen


def _seen_by(seen, query):
    assert torch.equal(seen.keys, seen.values)
    places = seen.query_positions[0, query] - seen.key_positions[0]
    each = zip(
        seen.keys[0, 0, :, 0].int().tolist(), places.tolist(), seen.visible[0, query], strict=True
    )
    return [(label, distance) for label, distance, visible in each if visible]
