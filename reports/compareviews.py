"""What the template of a comparison says: one frozen value, nothing left to compute."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from reports import provenance
from reports.carrying import size_of
from reports.carrywords import Told, together
from reports.cellviews import seeds_text
from reports.claims import Caveat
from reports.comparerows import BesideRow, Pooled, beside, pooled
from reports.comparison import Comparison
from reports.context import Words, headline, title_sentences
from reports.drawings.drawing import Table
from reports.numbers import NOT_KNOWN, count, date, known_amount, seconds
from reports.pairwords import contrasts_table, pairs_sentences, pairs_table
from reports.scalepicture import Picture
from reports.scaling import Scales
from reports.sides import NOT_NOTED, Side, tokenizers
from reports.wording import listed

OPEN_CAVEATS = 4
OPEN_SENTENCES = 5


@dataclass(frozen=True)
class Scaled:
    """One scale against another.

    Fields:
        title: heading; empty where it is the only one.
        contrasts: verdicts at both scales.
        sentences: about all pairs.
        pairs: of them.
    """

    title: str
    contrasts: Table
    sentences: tuple[str, ...]
    pairs: Table


@dataclass(frozen=True)
class Drawn:
    """The drawings of one grid at several scales, with how they are to be read."""

    note: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Grid:
    """One grid in its own words.

    Fields:
        page: address of its own page; empty where there is none.
        sentences, folded: of its contrasts.
    """

    name: str
    question: str
    headline: tuple[Words, ...]
    page: str
    sentences: tuple[str, ...]
    folded: tuple[str, ...]
    scope: str
    command: str


@dataclass(frozen=True)
class Page:
    """Every word of the page.

    Fields:
        title, built, codes, contents: of its head.
        question: of the grids, or which they are.
        headline, because, level, caveats, further_caveats: of the verdict.
        scaled, drawn: of a grid at several scales; empty without one.
        pooled: the table on one scale; None where the grids are not on one.
        columns, beside: the table by columns.
        note: how the table is to be read.
        facts: the table of what the grids are.
        grids: each in its own words.
        files: the table of what the page was made from.
    """

    title: str
    built: str
    codes: tuple[str, ...]
    contents: tuple[tuple[str, str], ...]
    question: str
    headline: tuple[Words, ...]
    because: tuple[str, ...]
    level: str
    caveats: tuple[Caveat, ...]
    further_caveats: tuple[Caveat, ...]
    scaled: tuple[Scaled, ...]
    drawn: tuple[Drawn, ...]
    pooled: Pooled | None
    columns: tuple[tuple[str, str], ...]
    beside: tuple[BesideRow, ...]
    note: str
    facts: Table
    grids: tuple[Grid, ...]
    files: Table


def page_of(comparison: Comparison) -> Page:
    """Say everything that the page says."""
    sides, names = comparison.sides, comparison.names
    return Page(
        title=f"{title_sentences(comparison.text)} · {listed([s.name for s in sides])}",
        built=date(comparison.built),
        codes=tuple(each.name for each in sides),
        contents=_contents(comparison),
        question=_question(sides),
        headline=headline(comparison.text, comparison.leads),
        because=_verdicts(comparison),
        level=together(len(sides)),
        caveats=comparison.caveats[:OPEN_CAVEATS],
        further_caveats=comparison.caveats[OPEN_CAVEATS:],
        scaled=tuple(_scaled(each, len(comparison.told)) for each in comparison.told),
        drawn=_drawn(comparison),
        pooled=pooled(comparison) if comparison.is_pooled else None,
        columns=tuple((n, _under(s)) for s, n in zip(sides, names, strict=True)),
        beside=() if comparison.is_pooled else beside(comparison),
        note=_note(comparison),
        facts=_facts(comparison),
        grids=tuple(_grid(side, name) for side, name in zip(sides, names, strict=True)),
        files=_files(comparison),
    )


def _contents(comparison: Comparison) -> tuple[tuple[str, str], ...]:
    scale = (("scale", "At another scale"),) if comparison.carried else ()
    variants, grids = ("variants", "Variants"), ("grids", "Grids")
    return (("verdict", "Verdict"), *scale, variants, grids, ("provenance", "Provenance"))


def _question(sides: Sequence[Side]) -> str:
    questions = list(dict.fromkeys(each.manifest.question for each in sides))
    return questions[0] if len(questions) == 1 else f"{listed([s.name for s in sides])}, compared"


def _verdicts(comparison: Comparison) -> tuple[str, ...]:
    """Repeat the verdicts of those grids about which the headline says nothing."""
    names, sides = comparison.names, comparison.sides
    return tuple(f"{names[place]}: {sides[place].verdict.text}" for place in comparison.alone)


def _scaled(told: Told, many: int) -> Scaled:
    return Scaled(
        "" if many == 1 else told.title,
        contrasts_table(told),
        pairs_sentences(told),
        pairs_table(told),
    )


def _drawn(comparison: Comparison) -> tuple[Drawn, ...]:
    drawn = zip(comparison.scales, comparison.pictures[::2], comparison.pictures[1::2], strict=True)
    return tuple(Drawn(_read(scales), (losses, gaps)) for scales, losses, gaps in drawn)


def _read(scales: Scales) -> str:
    own = "its own parameters" if scales.along == "parameters" else "the tokens of the grid"
    return (
        f"Each variant stands at {own}, on a logarithmic axis, a little aside of the others so "
        "that no interval hides another. Bars: on the left the 95\u202f% interval of the mean over "
        "seeds, on the right the interval that the verdict is read from. Lines join the scales of "
        "one variant: they are no fit, and say nothing about what lies beyond."
    )


def _under(side: Side) -> str:
    parameters, tokens = size_of(side)
    sizes = {"parameters": parameters, "tokens": tokens}
    known = [f"{known_amount(each)} {what}" for what, each in sizes.items() if each]
    return ", ".join([*known, *(f"{what} {NOT_KNOWN}" for what in sizes if not sizes[what])])


def _note(comparison: Comparison) -> str:
    seen = "Lower is better. "
    if comparison.is_pooled:
        return (
            f"{seen}Variants of equal fingerprints are one row, however they are called. Thin bar: "
            "95\u202f% interval of the mean over seeds, thick bar: 50\u202f%; ticks: the seeds. "
            "Verdicts are those of each grid against its own baseline; between variants of "
            "different grids there is none."
        )
    return (
        f"{seen}Each column is a grid with its own verdicts; a row joins what has one name. Losses "
        "are mean and 95\u202f% interval over seeds; between columns they are not to be compared."
    )


def _facts(comparison: Comparison) -> Table:
    sides = comparison.sides
    rows = (
        ("preset", *(each.manifest.preset for each in sides)),
        ("data", *(_data(each) for each in sides)),
        ("digest of the data", *(_noted(each.manifest.data, "digest") for each in sides)),
        ("tokenizer", *(listed(tokenizers(each.manifest)) or NOT_NOTED for each in sides)),
        ("parameters of the baseline", *(known_amount(size_of(each)[0]) for each in sides)),
        ("tokens of a cell", *(known_amount(size_of(each)[1]) for each in sides)),
        ("baseline", *(each.manifest.label(each.manifest.baseline) for each in sides)),
        ("seeds", *(count(len(each.manifest.seeds)) for each in sides)),
        ("cells", *(_cells(each) for each in sides)),
        ("time of all cells", *(_time(each) for each in sides)),
        ("device", *(_noted(each.manifest.environment, "device") for each in sides)),
        ("code", *(each.manifest.code for each in sides)),
    )
    return Table(("", *comparison.names), rows)


def _data(side: Side) -> str:
    return str(side.manifest.data.get("corpus") or side.manifest.data.get("source") or NOT_NOTED)


def _noted(facts: Mapping[str, Any], key: str) -> str:
    return str(facts.get(key) or NOT_NOTED)


def _cells(side: Side) -> str:
    return seeds_text([each.status for each in side.manifest.cells])


def _time(side: Side) -> str:
    known = side.frames.cells["seconds"].drop_nulls()
    return seconds(float(known.sum())) if len(known) else NOT_KNOWN


def _grid(side: Side, name: str) -> Grid:
    verdict, path = side.verdict, side.frames.folder.with_name(f"{side.name}.html")
    told = tuple(each.text for each in verdict.claims)
    return Grid(
        name=side.name if side.name == name else f"{side.name}, {name}",
        question=side.manifest.question,
        headline=headline(verdict.text, verdict.lead),
        page=quote(path.name) if path.is_file() else "",
        sentences=told[:OPEN_SENTENCES],
        folded=told[OPEN_SENTENCES:],
        scope=verdict.scope,
        command=side.manifest.command,
    )


def _files(comparison: Comparison) -> Table:
    rows = tuple(
        (f"{each.name}/manifest.json", provenance.digest(each.frames.folder / "manifest.json"))
        for each in comparison.sides
    )
    return Table(("file", "BLAKE2b, 20 digits"), rows)
