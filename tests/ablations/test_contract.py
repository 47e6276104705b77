"""The checks of users' own components find what is wrong with them."""

from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

import pytest

from ablations.contract import Check, checks
from components.errors import UserError

HEAD = '''"""A broken one."""

from dataclasses import replace

import numpy as np
import torch
from torch import nn

from components.batching import Batch, Batching
from components.memory import Memory
from components.mixer import Mixed, Mixer
from components.optimizer import OptimizerComponent
from components.positions import Positions
from components.registry import component
from components.schedule import Schedule

'''

BODY = '''
@component("{kind}", "{name}")
class Broken({base}):
    """Be wrong.

    Formula:  none.
    Shapes:   any.
    Options:
    Errors:   none.
    Source:   {source}
    """

'''


@dataclass(frozen=True)
class Wrong:
    """A component that is wrong, the check that finds it, and a part of what it says."""

    kind: str
    name: str
    base: str
    body: str
    what: str
    said: str


def check_of(folder: Path, wrong: Wrong) -> Check:
    """Write the component and return its check."""
    (folder / wrong.kind).mkdir()
    source = "" if wrong.name == "nameless" else "nobody"
    text = BODY.format(kind=wrong.kind, name=wrong.name, base=wrong.base, source=source)
    path = folder / wrong.kind / f"{wrong.name}.py"
    path.write_text(HEAD + text + indent(wrong.body.strip("\n"), "    "), encoding="utf-8")
    expected = f"{wrong.kind}/{wrong.name} {wrong.what}"
    (found,) = [each for each in checks(folder) if str(each) == expected]
    return found


NORM = """
def __init__(self, width):
    super().__init__()
    self.gain = nn.Parameter(torch.ones(width))

def forward(self, x):
    return {}
"""

MEMORY = """
carries = True

def start(self, batch, device):
    return torch.zeros(batch, 1, self.sizes.width, device=device)

def add_tokens(self, window, state):
    return replace(window, x=window.x + state)

def write(self, window, x, seen, state):
    return x.mean(dim=1, keepdim=True).detach(){}

def reset(self, rows, state):
    return {}
"""

FORGETFUL = "state.masked_fill(rows[:, None, None], 0)"

RATE = """
learning_rate = 0.1

def make(self):
    return torch.optim.SGD([each for _, each in self.parameters{}], lr={}, maximize={})
"""

ORDERED = """
count = 0

def batch(self, seed, step):
    self.count += 1
    rows = np.full((self.rows, self.context), self.count % 10 + seed)
    return Batch(rows, rows, np.zeros((self.rows, self.context // self.window), dtype=bool))
"""

NARROW = """
def batch(self, seed, step):
    rows = np.zeros((self.rows, 3), dtype=np.int32)
    return Batch(rows, rows, rows[:, :1] == 0)
"""

ABOVE = """
def factor(self, step):
    return 1.0 + step
"""


def norm(name: str, found: str, what: str, said: str) -> Wrong:
    return Wrong("norm", name, "nn.Module", NORM.format(found), what, said)


def memory(name: str, written: str, reset: str, said: str) -> Wrong:
    return Wrong(
        "memory", name, "Memory", MEMORY.format(written, reset), "forgets row by row", said
    )


def optimizer(name: str, body: str, what: str, said: str) -> Wrong:
    return Wrong("optimizer", name, "OptimizerComponent", body, what, said)


PEAK = "has every parameter once at the peak"
FUTURE = "sees no future and learns everywhere"

WRONG = (
    norm("nameless", "self.gain * x", "declares itself", "names no source"),
    norm("future", "self.gain * x - x.mean(dim=1, keepdim=True)", FUTURE, "future|later"),
    norm("idle", "x + 0 * self.gain.detach()", FUTURE, "no gradient reaches"),
    norm("rows", "self.gain * x - x[:1]", "keeps rows apart", "depends on the other rows"),
    norm("single", "self.gain.float() * x.float()", "keeps shape and precision", "dtype"),
    norm("hollow", "self.gain * x * x.max().item()", "can be planned", "meta"),
    norm("wild", "self.gain * x * float('nan')", "trains", "a loss is not finite"),
    memory("stubborn", "", "state", "remembers something"),
    memory("forgetful", "", "0 * state", "a row forgets when another one is reset"),
    memory("liar", " * 0", FORGETFUL, "`carries` is True, untruly"),
    optimizer("partial", RATE.format("[1:]", 0.1, "False"), PEAK, "parameters are missing"),
    optimizer("other", RATE.format("", 0.2, "False"), PEAK, "groups begin at"),
    optimizer("uphill", RATE.format("", 0.1, "True"), "trains", "the loss goes from"),
    Wrong(
        "schedule", "above", "Schedule", ABOVE, "stays between 0 and the peak", r"outside of \(0, 1"
    ),
    Wrong(
        "batching", "ordered", "Batching", ORDERED, "is a function of seed and step", "depend on"
    ),
    Wrong("batching", "narrow", "Batching", NARROW, "has the promised shapes", "shapes are"),
)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: f"{wrong.kind}/{wrong.name}")
def test_what_is_wrong_with_a_component_is_found(wrong: Wrong, tmp_path: Path) -> None:
    check = check_of(tmp_path, wrong)
    with pytest.raises((ValueError, RuntimeError, UserError), match=wrong.said):
        check.run()


def test_every_component_of_a_folder_is_checked_and_no_other(tmp_path: Path) -> None:
    check_of(tmp_path, norm("fine", "self.gain * x", "trains", "")).run()
    assert {(each.entry.kind, each.entry.name) for each in checks(tmp_path)} == {("norm", "fine")}
