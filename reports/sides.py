"""Several grids beside each other: what they agree in, and which of their variants are the same."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from reports.claims import Claim, Verdict
from reports.contrasts import Losses, final_losses
from reports.drawings.drawing import MARKERS, Mark
from reports.frames import Frames
from reports.judged import loss_name
from reports.manifest import Manifest, Variant
from reports.marks import COLOURED
from reports.numbers import amount
from reports.summaries import Summary, summarise

NOT_NOTED = "not noted"
PRESETS, TOKENS = "the presets differ", "the tokens of a cell differ"
SIZES = {PRESETS, TOKENS}
"""Facts that tell recipes apart, but not what their losses are measured on."""


@dataclass(frozen=True)
class Side:
    """One of the grids: its results, and what is concluded from them."""

    frames: Frames
    verdict: Verdict

    @property
    def name(self) -> str:
        """The name of its folder: the manifests of two folders may have the same one."""
        return self.frames.folder.name

    @property
    def manifest(self) -> Manifest:
        """What was asked."""
        return self.frames.manifest

    @cached_property
    def summaries(self) -> Mapping[str, Summary]:
        """Variant -> its losses, in the order of the grid."""
        return {each.name: each for each in summarise(self.frames)}

    @cached_property
    def claims(self) -> Mapping[str, Claim]:
        """Variant -> its verdict against the baseline."""
        return {each.a: each for each in self.verdict.claims if each.b == self.manifest.baseline}

    @cached_property
    def losses(self) -> Losses:
        """Variant -> seed -> final loss."""
        return final_losses(self.frames)

    def fingerprints(self, variant: str) -> Mapping[int, str]:
        """Return seed -> fingerprint of the cells of a variant."""
        cells = self.manifest.cells
        return {each.seed: each.fingerprint for each in cells if each.variant == variant}


@dataclass(frozen=True)
class Fact:
    """Something that grids must agree in to stand on one scale.

    Fields:
        name: with its verb, `the tokenizers differ`.
        values: of each grid; None where its own variants differ or nobody noted it.
        shown: the same for people.
    """

    name: str
    values: tuple[str | None, ...]
    shown: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether all grids have the same known value."""
        return None not in self.values and len(set(self.values)) == 1


@dataclass(frozen=True)
class Shared:
    """A variant that one or more grids have, joined by the fingerprints of its cells.

    Fields:
        name: at its first appearance.
        members: grid, by its place, -> what the variant is called there.
    """

    name: str
    members: Mapping[int, str]


def facts(sides: Sequence[Side]) -> tuple[Fact, ...]:
    """Return what decides whether losses of these grids are comparable."""
    return (
        _fact(PRESETS, [[each.manifest.preset] for each in sides]),
        _fact("the data differ", [_of_data(each.manifest, "digest") for each in sides]),
        _fact("the tokenizers differ", [tokenizers(each.manifest) for each in sides]),
        _fact(TOKENS, [_tokens(each) for each in sides]),
        _fact("the losses that judge differ", [[loss_name(each.manifest)] for each in sides]),
    )


def tokenizers(manifest: Manifest) -> list[str]:
    """Return every tokenizer that variants were trained with: `bpe, vocabulary 16384`."""
    names = [each.name for each in manifest.variants]
    found = [(manifest.fact(n, "tokenizer"), manifest.fact(n, "vocabulary")) for n in names]
    known = [f"{name}, vocabulary {size}" for name, size in found if name is not None]
    return list(dict.fromkeys(known))


def shared_variants(sides: Sequence[Side]) -> tuple[Shared, ...]:
    """Join variants that have cells of equal fingerprints, in order of first appearance.

    Two are the same if they have a seed in common and equal fingerprints at every such seed; a name
    alone joins nothing.
    """
    found: list[dict[int, str]] = []
    for place, side in enumerate(sides):
        for variant in side.manifest.variants:
            same = next((each for each in found if _is_same(sides, each, place, variant)), None)
            if same is None:
                found.append({place: variant.name})
            else:
                same[place] = variant.name
    return tuple(Shared(next(iter(each.values())), each) for each in found)


def looks_of(sides: Sequence[Side]) -> Mapping[str, Mark]:
    """Return variant -> colour and marker: the first baseline is ink, the others as they appear."""
    first = sides[0].manifest.baseline
    labels = {v.name: v.label for side in reversed(sides) for v in side.manifest.variants}
    names = dict.fromkeys([first, *(v.name for side in sides for v in side.manifest.variants)])
    return {
        name: Mark(labels[name], place if place < COLOURED else None, MARKERS[place % len(MARKERS)])
        for place, name in enumerate(names)
    }


def namesakes(sides: Sequence[Side], joined: Sequence[Shared]) -> Iterator[tuple[str, int, int]]:
    """Yield name, grid and grid of variants that have one name and are not the same."""
    for place, side in enumerate(sides):
        for variant in side.manifest.variants:
            own = next(each for each in joined if each.members.get(place) == variant.name)
            for other in range(place + 1, len(sides)):
                names = {each.name for each in sides[other].manifest.variants}
                if variant.name in names and own.members.get(other) != variant.name:
                    yield variant.name, place, other


def differing_settings(one: Variant, other: Variant) -> tuple[str, ...]:
    """Return the settings in which two variants differ."""
    mine, theirs = one.settings, other.settings
    every = sorted(mine.keys() | theirs.keys())
    return tuple(key for key in every if mine.get(key) != theirs.get(key))


def _is_same(sides: Sequence[Side], found: Mapping[int, str], place: int, variant: Variant) -> bool:
    if place in found:
        return False
    ours = sides[place].fingerprints(variant.name)
    for other, name in found.items():
        theirs = sides[other].fingerprints(name)
        common = ours.keys() & theirs.keys()
        if common:
            return all(ours[seed] == theirs[seed] for seed in common)
    return False


def _of_data(manifest: Manifest, key: str) -> list[str]:
    found = (manifest.fact(each.name, key) for each in manifest.variants)
    return list(dict.fromkeys(str(each) for each in found if each is not None))


def _tokens(side: Side) -> list[str]:
    """Return the tokens of finished cells; of none, what was planned."""
    done = side.frames.cells.filter(pl.col("status") == "complete")["tokens"].drop_nulls()
    found = done.unique().sort().to_list()
    training = side.manifest.training
    steps, each = training.get("steps"), training.get("tokens_per_step")
    planned: list[Any] = [steps * each] if steps and each else []
    return [str(tokens) for tokens in found or planned]


def _fact(name: str, values: Sequence[Sequence[str]]) -> Fact:
    shown = [[amount(int(v)) if name == TOKENS else v for v in each] for each in values]
    return Fact(
        name,
        tuple(each[0] if len(each) == 1 else None for each in values),
        tuple(" and ".join(each) or NOT_NOTED for each in shown),
    )
