"""Several finished grids and everything that follows from putting them beside each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from reports.agreement import agreement_caveats, apart
from reports.carrying import Carry, carries
from reports.carrywords import Told, headline
from reports.claims import Caveat
from reports.drawings.drawing import Mark
from reports.scalepicture import Picture
from reports.scaling import Scales, pictures, scales_of
from reports.sides import Fact, Shared, Side, facts, looks_of, shared_variants


@dataclass(frozen=True)
class Comparison:
    """The grids in the order in which they were named.

    Fields:
        built: when the page is made; the only thing in it that is no result.
    """

    sides: tuple[Side, ...]
    built: datetime

    def names_in(self, places: Sequence[int]) -> tuple[str, ...]:
        """Return what the scales of one grid are called: by their presets where these differ."""
        presets = [self.sides[place].manifest.preset for place in places]
        if len(set(presets)) == len(presets):
            return tuple(presets)
        return tuple(self.names[place] for place in places)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What each grid is called: by its preset where nothing else tells them apart."""
        presets = [each.manifest.preset for each in self.sides]
        grids = {each.manifest.grid for each in self.sides}
        is_one_grid = len(grids) == 1 and len(set(presets)) == len(presets)
        return tuple(presets if is_one_grid else [each.name for each in self.sides])

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """What the grids must agree in to stand on one scale."""
        return facts(self.sides)

    @property
    def is_pooled(self) -> bool:
        """Whether they do."""
        return all(each.agrees for each in self.facts)

    @cached_property
    def joined(self) -> tuple[Shared, ...]:
        """All variants, those of equal fingerprints as one; none where nothing is pooled."""
        return shared_variants(self.sides) if self.is_pooled else ()

    @cached_property
    def marks(self) -> Mapping[str, Mark]:
        """Variant -> colour and marker."""
        return looks_of(self.sides)

    @cached_property
    def caveats(self) -> tuple[Caveat, ...]:
        """What a reader must know before believing."""
        return agreement_caveats(self.sides, self.names, self.facts, self.joined)

    @cached_property
    def carried(self) -> tuple[Carry, ...]:
        """Every scale of a grid against its largest one."""
        return carries(self.sides)

    @cached_property
    def told(self) -> tuple[Told, ...]:
        """The same with the words for the scales."""
        return tuple(
            Told(each, self.sides, *self._two_names(each.small, each.large))
            for each in self.carried
        )

    @cached_property
    def alone(self) -> tuple[int, ...]:
        """Places of the grids that are here at one scale alone."""
        scaled = {place for each in self.carried for place in (each.small, each.large)}
        return tuple(place for place in range(len(self.sides)) if place not in scaled)

    @cached_property
    def scales(self) -> tuple[Scales, ...]:
        """The scales of every grid that is here at several."""
        groups: dict[str, list[int]] = {}
        for each in self.carried:
            for place in (each.small, each.large):
                own = groups.setdefault(self.sides[place].manifest.grid, [])
                own += [] if place in own else [place]
        return tuple(
            scales_of([self.sides[p] for p in places], self.names_in(places))
            for places in groups.values()
        )

    @cached_property
    def pictures(self) -> tuple[Picture, ...]:
        """Losses and differences of every such grid."""
        return tuple(each for scales in self.scales for each in pictures(scales, self.marks))

    @cached_property
    def headline(self) -> tuple[tuple[str, str], ...]:
        """Decisive words, and what follows them, of each finding."""
        if self.told:
            is_plain = len(self.told) == 1 and not self.alone
            return tuple(_of_scale(each, "" if is_plain else each.title) for each in self.told)
        kept = "Each grid keeps its own verdict; no pair across grids was judged."
        if self.is_pooled:
            reason = "Preset, data, tokenizer, tokens and the loss that judges agree."
            return (("On one scale.", f"{reason} {kept}"),)
        return (("Not on one scale.", f"{_reasons(self)} {kept}"),)

    def _two_names(self, small: int, large: int) -> tuple[str, str]:
        """Name two scales of a grid as all its scales are named."""
        grid = self.sides[small].manifest.grid
        places = [p for p, side in enumerate(self.sides) if side.manifest.grid == grid]
        named = dict(zip(places, self.names_in(places), strict=True))
        return named[small], named[large]

    @property
    def text(self) -> str:
        """The whole headline."""
        return " ".join(part for pair in self.headline for part in pair if part)

    @property
    def leads(self) -> tuple[str, ...]:
        """Its decisive words."""
        return tuple(lead for lead, _ in self.headline)


def _of_scale(told: Told, title: str) -> tuple[str, str]:
    lead, rest = headline(told)
    return (f"{title}: {lead}" if title else lead), rest


def _reasons(comparison: Comparison) -> str:
    names: Sequence[str] = comparison.names
    reasons = [apart(each, names) for each in comparison.facts if not each.agrees]
    text = "; ".join(reasons)
    return f"{text[0].upper()}{text[1:]}."
