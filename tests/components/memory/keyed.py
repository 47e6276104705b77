"""Memories by themselves, with random queries, keys and values."""

import torch

from components.memory import Seen, Window
from tests.builders import component, sizes, some_values

WIDTH = 4


def memory_of(name, *, depth=1, kv_heads=4, **options):
    """A memory of `depth` layers in float64, whose parameters are all random."""
    memory = component("memory", name, sizes(layers=depth, kv_heads=kv_heads), **options).double()
    for number, parameter in enumerate(memory.parameters()):
        parameter.data = some_values(*parameter.shape, seed=1000 + number)
    return memory


def some_keys(seed, *, rows=2, length=5, kv_heads=4, documents=None):
    """What a layer would hand to a memory in one window."""
    window = window_of(rows, length, documents)
    queries = some_values(rows, 4, length, WIDTH, seed=seed)
    keys, values = some_values(2, rows, kv_heads, length, WIDTH, seed=seed + 100)
    places = window.positions
    goes_on = window.goes_on()
    return Seen(queries, keys, values, places, places, window.visible(), goes_on=goes_on)


def window_of(rows, length, documents=None):
    """The window that `some_keys` stand in."""
    return Window.of(torch.zeros(rows, length, 1, dtype=torch.float64), documents)


def written(memory, seen, state=None, documents=None):
    """The state behind windows, of each of which all layers hand on the same keys."""
    state = memory.start(len(seen[0].keys), torch.device("cpu")) if state is None else state
    for number, own in enumerate(seen):
        window = window_of(len(own.keys), own.queries.shape[2], documents and documents[number])
        state = memory.write(window, window.x, [own] * memory.sizes.layers, state)
    return state
