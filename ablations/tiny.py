"""Tiny cells and components by themselves, for the tests of components in folders of users' own."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from components.batching import Batching, Documents
from components.catalogue import component_files
from components.causality import randomised
from components.memory import Recall, Window
from components.memory.none import NoMemory
from components.options import Choice, filled
from components.positions import Positions
from components.registry import build, component_class, load_files, read_options
from components.sizes import Sizes
from pipelines.cell import Cell, Data, Training
from pipelines.train import new_model

if TYPE_CHECKING:
    from components.decoder import Decoder
    from components.mixer import Mixer

PARTS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "positions": ("rotary", {}),
    "memory": ("none", {}),
    "mixer": ("attention", {}),
    "mlp": ("plain", {}),
    "activation": ("gelu", {}),
    "norm": ("layer", {}),
    "topology": ("sequential", {}),
    "optimizer": ("adamw", {"learning_rate": 0.01}),
    "schedule": ("constant", {}),
    "batching": ("packed", {}),
}
"""The components that stand around the one that is looked at, with their options."""

WINDOW = 6
CONTEXT = 18
VOCABULARY = 11
BATCH = 4
STEPS = 40


def load(folder: Path) -> None:
    """Import the component files of a folder, so that `component` finds what they declare."""
    load_files(component_files(folder))


def sizes(**changed: Any) -> Sizes:
    """Return the sizes of a tiny cell, but for what is `changed`."""
    own = Sizes(
        width=16, layers=2, heads=4, kv_heads=4, head_width=4,
        window=WINDOW, context=CONTEXT, vocabulary=VOCABULARY,
    )  # fmt: skip
    return replace(own, **changed)


def component(kind: str, name: str, *runtime: object, **options: Any) -> Any:
    """Return a component by itself, built as a decoder would build it.

    Raises:
        UserError: an unknown option, or one that the component refuses.
    """
    return build(choice(kind, name, options), *runtime)


def choice(kind: str, name: str, options: Mapping[str, Any]) -> Choice:
    """Return a component that is loaded, or one of the project, with its defaults filled in."""
    path = f"{kind}/{name}"
    declared = read_options(path, component_class(kind, name))
    return Choice(kind, name, filled(path, declared, options))


def mixed(mixer: "Mixer", x: Tensor, encoder: Positions | None = None) -> Tensor:
    """Return what a mixer makes of one window `x` [batch, length, width], without a memory."""
    encoder = encoder or Positions(mixer.sizes)
    recall = Recall(NoMemory(mixer.sizes), 0, None)
    made: Tensor = mixer(x, Window.of(x), encoder, recall, mixer.start(len(x), x.device)).x
    return made


def cell_with(kind: str, name: str, **model: Any) -> Cell:
    """Return a tiny cell with a component, and options of the model."""
    parts = {each: (choice(each, *rest),) for each, rest in {**PARTS, kind: (name, {})}.items()}
    own = {"width": 16, "layers": 2, "heads": 4, "window": WINDOW, **model}
    training = Training(context=CONTEXT, batch=BATCH, steps=STEPS, precision="float32")
    return Cell({}, 0, choice("model", "decoder", own), parts, Data(), training)


def model_with(kind: str, name: str, **model: Any) -> "Decoder":
    """Return the decoder of a tiny cell, with its initial values."""
    return new_model(cell_with(kind, name, **model), VOCABULARY)


def random_model_with(kind: str, name: str) -> "Decoder":
    """Return it in float64, all parameters random: no gate is shut, no bias is 0."""
    return randomised(model_with(kind, name)).double()


def batching_with(name: str) -> Batching:
    """Return what fills the rows of a tiny cell."""
    made: Batching = component("batching", name, text(), CONTEXT, WINDOW, BATCH)
    return made


def tokens(rows: int = 3) -> Tensor:
    """Return random tokens [rows, context]."""
    generator = torch.Generator().manual_seed(0)
    return torch.randint(VOCABULARY, (rows, CONTEXT), generator=generator)


def text() -> Documents:
    """Return documents that count, each in steps of its own: there is something to learn."""
    end = VOCABULARY - 1
    dice = np.random.default_rng(0)
    made = [
        np.append((dice.integers(end) + dice.integers(1, 4) * np.arange(length)) % end, end)
        for length in dice.integers(4, 40, size=40)
    ]
    starts = np.cumsum([0, *map(len, made)]).astype(np.int64)
    return Documents(np.concatenate(made).astype(np.uint16), starts)


def read(model: "Decoder", rows: Tensor, state: Any = None) -> Tensor:
    """Return the logits of all windows of `rows` [rows, length], the memory carried over."""
    state = model.start(len(rows)) if state is None else state
    logits = []
    for part in rows.split(WINDOW, dim=1):
        each, state, _ = model(part, state)
        logits.append(each)
    return torch.cat(logits, dim=1)
