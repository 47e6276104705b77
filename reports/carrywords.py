"""Sentences about what holds at another scale: templates filled from verdicts, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from reports import numbers
from reports.carrying import RESOLVED, Carried, Carry
from reports.claims import Claim
from reports.manifest import Manifest
from reports.numbers import THIN
from reports.sides import Side
from reports.wording import capital, listed

WORDS = {"unresolved": "not resolved", "one_seed": "no verdict"}


@dataclass(frozen=True)
class Told:
    """Scales to tell about, with the words for them.

    Fields:
        small, large: what the two scales are called.
    """

    carry: Carry
    sides: Sequence[Side]
    small: str
    large: str

    @property
    def manifest(self) -> Manifest:
        """The smaller grid's, whose labels are used."""
        return self.sides[self.carry.small].manifest

    @property
    def baseline(self) -> str:
        """Label of the baseline."""
        return self.manifest.label(self.manifest.baseline)

    @property
    def title(self) -> str:
        """Which scales, and of which grid where several grids are compared."""
        text = f"{self.small} to {self.large}"
        several = len({each.manifest.grid for each in self.sides}) > 1
        return f"{self.manifest.grid}, {text}" if several else text

    @cached_property
    def resolved(self) -> tuple[Carried, ...]:
        """The contrasts that the small scale resolved."""
        return self.of("holds", "flips", "differs", "small_only") + tuple(
            each for each in self.of("open") if each.small.verdict in RESOLVED
        )

    def of(self, *states: str) -> tuple[Carried, ...]:
        """Return the contrasts in one of these states."""
        return tuple(each for each in self.carry.contrasts if each.state in states)

    def labels(self, contrasts: Sequence[Carried]) -> str:
        """List the variants of contrasts."""
        return listed([self.manifest.label(each.variant) for each in contrasts])


def headline(told: Told) -> tuple[str, str]:
    """Return the decisive words and what follows, what diverged last."""
    lead, rest = _headline(told)
    return lead, " ".join(part for part in (rest, *_divergences(told)) if part)


def _headline(told: Told) -> tuple[str, str]:
    """Return the first row that applies."""
    holding, flipping = told.of("holds"), told.of("flips")
    if not told.carry.contrasts:
        return _nothing_shared(told)
    if flipping:
        verb = "flips" if len(flipping) == 1 else "flip"
        rest = " ".join(_both(told, each) for each in flipping)
        return f"{capital(told.labels(flipping))} {verb}.", f"{rest} {_kept(told)}".strip()
    if not told.resolved:
        return "Nothing to carry over.", _nothing_resolved(told)
    if len(holding) == len(told.resolved):
        some = "verdict carries" if len(holding) == 1 else "verdicts carry"
        return f"The {some} over.", _all_hold(told)
    if holding:
        return "Part of the verdicts carries over.", f"{_kept(told)} {_others(told)}".strip()
    if told.of("differs"):
        lead = f"No verdict of {told.small} holds at {told.large}."
        return lead, _others(told)
    return "Whether the verdicts carry over is not resolved.", _others(told)


def word(verdict: str) -> str:
    """Return the word of a table for a verdict."""
    return WORDS.get(verdict, verdict)


def _nothing_shared(told: Told) -> tuple[str, str]:
    below, above = (told.sides[each].manifest for each in (told.carry.small, told.carry.large))
    if below.baseline != above.baseline:
        rest = f"The baselines differ: {below.label(below.baseline)} at {told.small}, "
        rest += f"{above.label(above.baseline)} at {told.large}."
        return "Whether the verdicts carry over cannot be told.", rest
    return "Nothing to carry over.", f"No contrast was asked at {told.small} and at {told.large}."


def _nothing_resolved(told: Told) -> str:
    later = told.of("large_only")
    rest = f"No contrast is resolved at {told.small}"
    if not later:
        return f"{rest}, and none at {told.large}."
    return f"{rest}; at {told.large} {_facts(told, later, 1)}."


def _all_hold(told: Told) -> str:
    holding, later = told.of("holds"), told.of("large_only")
    tail = f" Resolved at {told.large} alone: {_facts(told, later, 1)}." if later else ""
    unresolved = sum("diverged" not in verdicts(each) for each in told.of("open"))
    if unresolved:
        verb = "is" if unresolved == 1 else "are"
        tail += f" {counted(unresolved, 'contrast')} {verb} resolved at neither."
    begin = capital(_facts(told, holding, 0))
    return f"{begin} at {told.small} and at {told.large}.{tail}"


def _kept(told: Told) -> str:
    total, holding = len(told.resolved), told.of("holds")
    verb = "holds" if len(holding) == 1 else "hold"
    named = f": {_facts(told, holding, 0)}" if holding else ""
    many = counted(total, "verdict")
    return f"{len(holding)} of {many} of {told.small} {verb} at {told.large}{named}."


def _others(told: Told) -> str:
    """Say what became of the verdicts that neither hold nor flip."""
    gone = [each for each in told.resolved if each.state in {"small_only", "open", "differs"}]
    return " ".join(_both(told, each) for each in gone)


def _both(told: Told, each: Carried) -> str:
    name = capital(told.manifest.label(each.variant))
    large = each.large.verdict
    text = f"{name} is {_against(each.small, told.baseline)} at {told.small}"
    if large == "diverged":
        return f"{text} and diverged at {told.large}."
    if each.state == "open":
        after = _against(each.large, told.baseline)
        return f"{text} and {after} at {told.large}, which shows no change."
    if large not in RESOLVED:
        return f"{text} and {word(large)} at {told.large}."
    return f"{text} and {_short(large)} at {told.large}."


def _divergences(told: Told) -> list[str]:
    """Say what diverged, but for what a sentence about a verdict of the small scale says."""
    below = [each for each in told.carry.contrasts if each.small.verdict == "diverged"]
    above = [each for each in told.carry.contrasts if each.large.verdict == "diverged"]
    above = [each for each in above if each.small.verdict not in RESOLVED]
    places = ((below, told.small), (above, told.large))
    return [f"{capital(told.labels(some))} diverged at {name}." for some, name in places if some]


def verdicts(each: Carried) -> set[str]:
    """Return the verdicts of both scales."""
    return {each.small.verdict, each.large.verdict}


def _against(claim: Claim, baseline: str) -> str:
    if claim.verdict == "equivalent":
        return f"within {numbers.margin(claim.margin or 0)} of {baseline}"
    return f"{claim.verdict} than {baseline}"


def _short(verdict: str) -> str:
    return "within the margin" if verdict == "equivalent" else verdict


def _facts(told: Told, contrasts: Sequence[Carried], scale: int) -> str:
    """Write `none and linspace are worse than rotary`, a group for each verdict."""
    groups: dict[str, list[Carried]] = {}
    for each in contrasts:
        groups.setdefault(_against((each.small, each.large)[scale], told.baseline), []).append(each)
    parts = [
        f"{told.labels(some)} {'is' if len(some) == 1 else 'are'} {against}"
        for against, some in groups.items()
    ]
    return ", ".join(parts)


def counted(number: int, noun: str) -> str:
    """Write `1 pair`, `2 pairs`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def together(grids: int) -> str:
    """Say at which level the intervals of several grids hold at once."""
    level = 100 - 5 * grids
    text = f"The intervals of one grid hold at once with 95{THIN}%"
    if level <= 0:
        return f"{text}; no level is known for those of all grids together."
    every = "both grids" if grids == 2 else f"all {grids} grids"  # noqa: PLR2004 - both are two
    return f"{text}; those of {every} together with {level}{THIN}% at least."
