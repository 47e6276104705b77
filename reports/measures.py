"""Volatility of each variant as the page shows it: the estimates as text, and where it spiked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.figures import Mark, Table
from reports.frames import Frames
from reports.numbers import NO_RESULT, THIN, fixed
from reports.volatility import Volatility, training_curves, volatility
from reports.wording import capital, listed, volatility_sentence

ONE_SEED = "one seed"
NOT_ESTIMATED = "not estimated"
LONGEST_IN_A_CELL = 16


@dataclass(frozen=True)
class Measures:
    """What the curves of one variant say about its volatility.

    Fields:
        estimates: medians over seeds, and own noise against the baseline's.
        spikes: for each finished seed, the steps at which a spike event starts.
    """

    estimates: Volatility
    spikes: tuple[tuple[int, ...], ...]

    @property
    def ratio_text(self) -> str:
        """Write `2.13`, or a dash."""
        ratio = self.estimates.own_ratio
        return "–" if ratio is None else f"{ratio.estimate:.2f}"

    @property
    def ratio_interval(self) -> str:
        """Write `1.35 to 3.35`, or why there is none; a long reason stands in a sentence."""
        ratio, note = self.estimates.own_ratio, self.estimates.own_note or ""
        if ratio is not None:
            return f"{ratio.low:.2f} to {ratio.high:.2f}"
        return note if len(note) <= LONGEST_IN_A_CELL else NOT_ESTIMATED

    def as_json(self) -> dict[str, Any]:
        """Return the estimates for machines."""
        found, ratio = self.estimates, self.estimates.own_ratio
        limits = found.seed_sd_limits
        return {
            "jitter": found.jitter,
            "own_ratio": None
            if ratio is None
            else {"ratio": ratio.estimate, "low": ratio.low, "high": ratio.high},
            "own_note": found.own_note,
            "common_share": found.common_share,
            "spikes_per_run": found.spikes_per_run,
            "seed_sd": found.seed_sd,
            "seed_sd_limits": None if limits is None else list(limits),
        }


def measure(frames: Frames) -> Mapping[str, Measures]:
    """Measure every variant of the grid, in its order."""
    curves = training_curves(frames)
    return {
        name: Measures(
            estimates,
            tuple(
                tuple(int(start) for start, _ in each.spikes)
                for each in curves
                if each.variant == name
            ),
        )
        for name, estimates in volatility(frames).items()
    }


def finding(marks: Sequence[Mark], measured: Sequence[Measures]) -> str:
    """Return the heading: the variant that is resolved to be noisier, or the plain noun."""
    resolved = [
        (each.estimates.own_ratio.estimate, mark.label, each.ratio_text)
        for mark, each in zip(marks, measured, strict=True)
        if each.estimates.own_ratio is not None and each.estimates.own_ratio.low > 1
    ]
    if not resolved:
        return "Volatility"
    _, label, ratio = max(resolved)
    return f"Volatility: the own step-to-step noise of {label} is {ratio} times the baseline's"


def sentences(marks: Sequence[Mark], measured: Sequence[Measures]) -> tuple[str, ...]:
    """Return one sentence for every resolved variant, one for all the others, and reasons."""
    known = [
        (mark.label, each.estimates, each.estimates.own_ratio)
        for mark, each in zip(marks, measured, strict=True)
    ]
    resolved = [
        volatility_sentence(label, estimates)
        for label, estimates, ratio in known
        if ratio is not None and not ratio.low <= 1 <= ratio.high
    ]
    rest = [
        label for label, _, ratio in known if ratio is not None and ratio.low <= 1 <= ratio.high
    ]
    if rest:
        verb = "is" if len(rest) == 1 else "are"
        resolved.append(
            f"{capital(listed(rest))} {verb} not shown to be noisier than the baseline."
        )
    return (*resolved, *_reasons(marks, measured))


def _reasons(marks: Sequence[Mark], measured: Sequence[Measures]) -> Iterator[str]:
    """Say what does not fit into a cell of the table."""
    named: dict[tuple[str, bool], list[str]] = {}
    for mark, each in zip(marks, measured, strict=True):
        note = each.estimates.own_note or ""
        if len(note) > LONGEST_IN_A_CELL:
            is_known = each.estimates.own_ratio is not None
            named.setdefault((note, is_known), []).append(mark.label)
    for (note, is_known), labels in named.items():
        verdict = "" if is_known else " is not estimated"
        yield f"Own noise of {listed(labels)}{verdict}: {note}."


def measures_table(marks: Sequence[Mark], measured: Sequence[Measures]) -> Table:
    """Write the measures of every variant."""
    columns = (
        "variant",
        "step-to-step noise",
        "own noise, × baseline's",
        "spikes a run",
        f"SD between seeds (95{THIN}%)",
    )
    return Table(columns, tuple(_row(*each) for each in zip(marks, measured, strict=True)))


def _row(mark: Mark, measured: Measures) -> tuple[str, ...]:
    found = measured.estimates
    ratio = measured.ratio_text
    if measured.ratio_interval:
        ratio = f"{ratio} ({measured.ratio_interval})"
    spread = ONE_SEED if found.seed_sd is None else fixed(found.seed_sd, 4)
    if found.seed_sd_limits is not None:
        low, high = found.seed_sd_limits
        spread = f"{spread} ({fixed(low, 4)} to {fixed(high, 4)})"
    return (
        mark.label,
        NO_RESULT if found.jitter is None else fixed(found.jitter, 4),
        ratio,
        NO_RESULT if found.spikes_per_run is None else f"{found.spikes_per_run:.1f}",
        spread,
    )
