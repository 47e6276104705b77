"""The variants table of the page for a paper: its strings, never a number written anew."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from reports import parts
from reports.judged import has_answers, loss_name
from reports.manifest import Manifest
from reports.material import Material
from reports.numbers import count, margin, percent
from reports.rows import Row
from reports.wording import listed

MOST_SEEDS_NAMED = 10


@dataclass(frozen=True)
class Column:
    """A column of texts; numbers stand on the right."""

    heading: str
    side: Literal["left", "right"]
    cells: tuple[str, ...]


@dataclass(frozen=True)
class VariantsTable:
    """What is written, before any escaping.

    Fields:
        name: of the results.
        caption: the verdict, and what the intervals, the margin and the seeds are.
        stacks: columns of equal length, a cell for each variant in the order of the grid. Those
            that belong together are in one stack: below each other where there is little room.
    """

    name: str
    caption: str
    stacks: tuple[tuple[Column, ...], ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, beside each other."""
        return tuple(column for stack in self.stacks for column in stack)


def variants_table(material: Material) -> VariantsTable:
    """Return the table of the page with its caption."""
    manifest, shown = material.frames.manifest, material.rows
    level = parts.variants(material).level
    loss = _numbers(_capital(loss_name(manifest)), (row.loss for row in shown))
    accuracy = _numbers("Accuracy", (row.accuracy for row in shown))
    stacks = (
        (_words("Variant", (row.label for row in shown)),),
        (loss, accuracy) if has_answers(manifest) else (loss,),
        (
            _numbers(f"Against {material.baseline}", (row.difference for row in shown)),
            _numbers(f"{level} interval", (row.interval for row in shown)),
        ),
        (_words("Verdict", map(_word, shown)), _words("Seeds", (row.seeds for row in shown))),
        (_numbers("Parameters", (row.parameters for row in shown)),),
        (
            _numbers("Time of a cell", (row.time for row in shown)),
            _numbers("Training FLOPs", (row.flops for row in shown)),
        ),
        (
            _numbers("Own noise", (row.noise for row in shown)),
            _numbers("Its interval", (row.noise_interval for row in shown)),
        ),
    )
    return VariantsTable(manifest.name, caption(material), stacks)


def caption(material: Material) -> str:
    """Write the verdict, then what the numbers of the table are."""
    manifest = material.frames.manifest
    sentences = [
        material.verdict.text,
        f"{_capital(loss_name(manifest))} in nats per token{_own_interval(material.rows)}.",
        _against(material),
        "Own noise in multiples of the baseline's.",
        _margin(manifest),
        _seeds(manifest.seeds),
    ]
    return " ".join(each for each in sentences if each)


def _own_interval(shown: Sequence[Row]) -> str:
    if not any("±" in row.loss for row in shown):
        return ""
    return f", ± the {percent(0.95)} interval of the mean over seeds"


def _against(material: Material) -> str:
    """Say what the limits of the differences are; nothing where no difference has some."""
    claims = [each for each in material.against_baseline.values() if each.low is not None]
    if not claims:
        return ""
    manifest, level = material.frames.manifest, parts.variants(material).level
    always = "always-valid " if claims[0].interval == "always-valid" else ""
    many = claims[0].comparisons
    kind = always or ("simultaneous " if many > 1 else "")
    of_all = "1 comparison" if many == 1 else f"{count(many)} comparisons"
    return (
        f"Against {material.baseline}: {manifest.pairing} differences with {kind}intervals, "
        f"level {level}, {of_all}."
    )


def _margin(manifest: Manifest) -> str:
    if manifest.margin is None:
        return "No margin."
    return f"Margin: {margin(manifest.margin)} nats per token."


def _seeds(seeds: Sequence[int]) -> str:
    """Write `5 seeds: 0 to 4.`, or each of a few that are no range."""
    number = "1 seed" if len(seeds) == 1 else f"{count(len(seeds))} seeds"
    is_range = len(seeds) > 2 and all(b == a + 1 for a, b in pairwise(seeds))  # noqa: PLR2004
    names = [str(each) for each in seeds]
    shown = f"{names[0]} to {names[-1]}" if is_range else listed(names, limit=MOST_SEEDS_NAMED)
    return f"{number}: {shown}."


def _word(row: Row) -> str:
    return "baseline" if row.is_baseline else row.word


def _words(heading: str, cells: Iterable[str]) -> Column:
    return Column(heading, "left", tuple(cells))


def _numbers(heading: str, cells: Iterable[str]) -> Column:
    return Column(heading, "right", tuple(cells))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
