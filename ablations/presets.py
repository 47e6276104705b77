"""Presets: the scales at which any grid can run."""

from dataclasses import dataclass
from pathlib import Path

from ablations.assignments import read_settings
from ablations.language import Settings
from ablations.tree import Node, Problems, grown
from ablations.yaml_source import read_source
from components.catalogue import Catalogue
from components.errors import unknown

PRESETS = Path(__file__).parent / "presets"


@dataclass(frozen=True)
class Preset:
    """A scale: model size, tokens, batch, context.

    Fields:
        name: the file.
        description: one line.
        settings: what it sets; a grid's `set` and axes come on top.
    """

    name: str
    description: str
    settings: Settings


def preset_names() -> tuple[str, ...]:
    """Return the presets there are, sorted."""
    return tuple(sorted(file.stem for file in PRESETS.glob("*.yaml")))


def read_preset(node: Node, catalogue: Catalogue) -> Preset:
    """Read the preset that a grid or the command line names.

    Raises:
        UserError: there is none of that name, or its file is wrong.
    """
    name = node.value
    if name not in preset_names():
        problem = unknown(f"preset {node.plain}", str(name), preset_names(), "presets")
        raise node.refuse(problem.what, *problem.hints)
    source = read_source(PRESETS / f"{name}.yaml")
    problems = Problems(source.problems)
    values = dict(source.values)
    description = values.pop("description", "")
    settings = read_settings(grown(values, source.place), catalogue, problems)
    problems.settle()
    return Preset(str(name), str(description), settings)
