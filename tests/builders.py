"""Small real objects for tests: sizes, choices, decoders, documents."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from components.batching import Documents
from components.catalogue import read_catalogue
from components.causality import randomised
from components.decoder import Decoder
from components.initialise import initialise
from components.memory import Recall, Window
from components.memory.none import NoMemory
from components.mixer import Mixer
from components.options import Choice
from components.positions import Positions
from components.registry import build
from components.sizes import Sizes
from pipelines.train import carries_gradient

VOCABULARY = 11
WINDOW = 6
CONTEXT = 18

PARTS: dict[str, Any] = {
    "positions": "rotary",
    "memory": "none",
    "mixer": "attention",
    "mlp": "plain",
    "activation": "gelu",
    "norm": "layer",
    "topology": "sequential",
}

SIZES: dict[str, Any] = {"width": 16, "layers": 2, "heads": 4, "window": WINDOW}


def sizes(**changed: int) -> Sizes:
    """The sizes of the builders' decoder, but for what is `changed`."""
    plain = {
        "width": 16,
        "layers": 2,
        "heads": 4,
        "kv_heads": 4,
        "head_width": 4,
        "window": WINDOW,
        "context": CONTEXT,
        "vocabulary": VOCABULARY,
    }
    return Sizes(**(plain | changed))


def choice(kind: str, name: str, **options: Any) -> Choice:
    """A component with its defaults filled in."""
    return read_catalogue().choice(kind, name, options)


def component(kind: str, name: str, *runtime: object, **options: Any) -> Any:
    """A component by itself, built as a decoder would build it."""
    return build(choice(kind, name, **options), *runtime)


def parts(**kinds: Any) -> dict[str, tuple[Choice, ...]]:
    """The parts of a cell: each a name, `{name: options}`, or a list of these."""
    return {kind: _members(kind, value) for kind, value in (PARTS | kinds).items()}


def untouched(*, vocabulary: int = VOCABULARY, context: int = CONTEXT, **settings: Any) -> Decoder:
    """A decoder as its constructor leaves it; `settings` are parts and options of the model."""
    kinds = {key: value for key, value in settings.items() if key in PARTS}
    options = SIZES | {key: value for key, value in settings.items() if key not in PARTS}
    return component("model", "decoder", parts(**kinds), vocabulary, context, **options)


def decoder(*, seed: int = 0, **settings: Any) -> Decoder:
    """A decoder with the initial values of a cell."""
    model = untouched(**settings)
    initialise(model, seed, model.sizes.layers, model.init)
    return model


def random_decoder(*, seed: int = 0, **settings: Any) -> Decoder:
    """A decoder in float64 whose parameters are all random: no gate is shut, no bias is 0."""
    return randomised(untouched(**settings), seed).double()


def some_tokens(rows: int = 3, length: int = CONTEXT, seed: int = 0) -> Tensor:
    """Random tokens [rows, length]."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(VOCABULARY, (rows, length), generator=generator)


def some_values(*shape: int, seed: int = 0) -> Tensor:
    """Normal values in float64."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def mixed(mixer: Mixer, x: Tensor, encoder: Positions | None = None) -> Tensor:
    """What a mixer makes of one window `x` [batch, length, width], without a memory."""
    encoder = encoder or Positions(mixer.sizes)
    recall = Recall(NoMemory(mixer.sizes), 0, None)
    made: Tensor = mixer(x, Window.of(x), encoder, recall, mixer.start(len(x), x.device)).x
    return made


def waves(pace: float, shift: float, *shape: int) -> Tensor:
    """Known values of one row: sin(pace t + shift), t = 0, 1, .. in the order of the memory."""
    places = torch.arange(math.prod(shape), dtype=torch.float64)
    return torch.sin(pace * places + shift).reshape(1, *shape)


def windowed(model: Decoder, tokens: Tensor, window: int | None = None) -> Tensor:
    """The logits of all windows, one behind the other, with the memory carried over."""
    state = model.start(len(tokens))
    parts = []
    for each in tokens.split(window or model.sizes.window, dim=1):
        logits, state, _ = model(each, state)
        parts.append(logits)
    return torch.cat(parts, dim=1)


def reached_windows(model: Decoder, count: int = 4) -> tuple[list[bool], list[bool]]:
    """For each window but the first, whether its loss reaches the one before it; and is told to."""
    embedded = [
        model.embedding(part).detach().requires_grad_()
        for part in some_tokens(length=count * WINDOW).split(WINDOW, dim=1)
    ]
    state, found, told = model.start(3), [], []
    for index, x in enumerate(embedded):
        logits, state, _ = model.from_embeddings(x, state)
        told.append(carries_gradient(state))
        if index:
            (gradient,) = torch.autograd.grad(
                logits.sum(), embedded[index - 1], allow_unused=True, retain_graph=True
            )
            found.append(gradient is not None and bool(gradient.any()))
    return found, told[:-1]


def documents(lengths: Sequence[int], end: int = 255) -> Documents:
    """Documents of these lengths, the end token included; no two tokens but the ends are alike."""
    starts = np.cumsum([0, *lengths])
    tokens = 1000 + np.arange(starts[-1])
    tokens[starts[1:] - 1] = end
    return Documents(tokens.astype(np.uint16), starts.astype(np.int64))


def _members(kind: str, value: Any) -> tuple[Choice, ...]:
    if isinstance(value, list):
        return tuple(member for each in value for member in _members(kind, each))
    if isinstance(value, Mapping):
        return tuple(choice(kind, name, **options) for name, options in value.items())
    return (choice(kind, value),)
