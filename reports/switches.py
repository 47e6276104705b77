"""Two figures at one place, of which the reader sees the one chosen; one alone needs no switch."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from reports.drawings.drawing import Drawing


@dataclass(frozen=True)
class Shown:
    """One of the figures: its anchor, the word on its button, and what is drawn."""

    id: str
    word: str
    drawing: Drawing


@dataclass(frozen=True)
class Switch:
    """The figures of a section, the first one shown first.

    Fields:
        id: of the group of buttons.
        legend: what is chosen.
        choices: all of them, those with nothing to draw as well.
    """

    id: str
    legend: str
    choices: tuple[Shown, ...]

    @cached_property
    def drawn(self) -> tuple[Shown, ...]:
        """The figures that have something to draw; if none has, the first, which says why."""
        some = tuple(each for each in self.choices if not each.drawing.problem)
        return some or self.choices[:1]

    @property
    def title(self) -> str:
        """Heading of the section."""
        return self.choices[0].drawing.title

    @property
    def notes(self) -> tuple[str, ...]:
        """Why a figure is not there, where another one is."""
        shown = {each.id for each in self.drawn}
        return tuple(each.drawing.problem for each in self.choices if each.id not in shown)

    @property
    def drawings(self) -> Mapping[str, Drawing]:
        """Anchor -> figure."""
        return {each.id: each.drawing for each in self.choices}
