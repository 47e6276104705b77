"""Volatility of each variant as the page shows it: the estimates as text, and where it spiked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports import outlook
from reports.course import Course, courses
from reports.coursejson import course_json, outlook_json
from reports.drawings.drawing import Mark, Table
from reports.drawings.volatility import Starts
from reports.estimates import Interval
from reports.frames import Frames
from reports.measurestable import COLUMNS, lines, measures_row, stretches_table
from reports.outlook import Outlook, outlooks
from reports.tailtable import tails_table
from reports.training import Curve, of_variant, training_curves
from reports.volatility import BELOW, IF_INDEPENDENT, Volatility, volatility
from reports.wording import capital, listed, volatility_sentence

NOT_ESTIMATED = "not estimated"
BELOW_IN_A_CELL = "below the noise"
LONGEST_IN_A_CELL = 16


@dataclass(frozen=True)
class Measures:
    """What the curves of one variant say about its volatility.

    Fields:
        estimates: medians over seeds, and own noise against the baseline's.
        spikes: for each finished seed, the steps at which a spike event starts.
        course: what is seen along the runs.
        outlook: how they end.
    """

    estimates: Volatility
    spikes: tuple[Starts, ...]
    course: Course
    outlook: Outlook

    @property
    def ratio_text(self) -> str:
        """Write `2.13`, a 0 where the estimate is negative, or a dash."""
        ratio, found = self.estimates.own_ratio, self.estimates
        if found.own_note == BELOW and found.own_noise == 0:
            return "0"
        return "–" if ratio is None else f"{ratio.estimate:.2f}"

    @property
    def ratio_interval(self) -> str:
        """Write `1.35 to 3.35`, or why there is none; a long reason stands in a sentence."""
        ratio, note = self.estimates.own_ratio, self.estimates.own_note or ""
        if ratio is not None:
            condition = ", if independent" if note == IF_INDEPENDENT else ""
            return f"{ratio.low:.2f} to {ratio.high:.2f}{condition}"
        if note == BELOW:
            return BELOW_IN_A_CELL
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
            "own_noise": found.own_noise,
            "common_share": found.common_share,
            "spikes_per_run": found.spikes_per_run,
            "batch_spikes_per_run": found.batch_spikes_per_run,
            "seed_sd": found.seed_sd,
            "seed_sd_limits": None if limits is None else list(limits),
            "jitters": list(found.jitters),
            **course_json(self.course),
            **outlook_json(self.outlook),
        }


def measure(frames: Frames) -> Mapping[str, Measures]:
    """Measure every variant of the grid, in its order."""
    curves = training_curves(frames)
    seen = courses(frames, curves)
    ends = outlooks(list(seen), frames.manifest.baseline, curves)
    return {
        name: Measures(
            estimates,
            tuple(_starts(each) for each in of_variant(curves, name)),
            seen[name],
            ends[name],
        )
        for name, estimates in volatility(frames, curves).items()
    }


def _starts(curve: Curve) -> Starts:
    return Starts(
        tuple(int(start) for start, _ in curve.spikes),
        tuple(int(start) for start, _ in curve.batch_spikes),
        is_short=not curve.has_spikes,
    )


def finding(marks: Sequence[Mark], measured: Sequence[Measures]) -> str:
    """Return the heading: the variant that is resolved to be noisier, or the plain noun.

    What is resolved under a condition only stands in a sentence that names it.
    """
    resolved = [
        (each.estimates.own_ratio.estimate, mark.label, each.ratio_text)
        for mark, each in zip(marks, measured, strict=True)
        if each.estimates.own_ratio is not None
        and each.estimates.own_ratio.low > 1
        and each.estimates.own_note != IF_INDEPENDENT
    ]
    if not resolved:
        return "Volatility"
    _, label, ratio = max(resolved)
    return f"Volatility: the own step-to-step noise of {label} is {ratio} times the baseline's"


def sentences(marks: Sequence[Mark], measured: Sequence[Measures]) -> tuple[str, ...]:
    """Say what the table cannot: whose noise is resolved, which spreads, and where the ends go."""
    runs = max((len(each.course.runs) for each in measured), default=0)
    only = ("One run of each variant: nothing here covers another seed.",) if runs == 1 else ()
    ends = " ".join(outlook.sentences(marks, [each.outlook for each in measured]))
    spreads = () if runs == 1 else _spreads(marks, measured)
    return (*only, *_noises(marks, measured), *spreads, ends)


def _noises(marks: Sequence[Mark], measured: Sequence[Measures]) -> tuple[str, ...]:
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
        if len(note) > LONGEST_IN_A_CELL and note != IF_INDEPENDENT:
            is_known = each.estimates.own_ratio is not None or each.estimates.own_noise == 0
            named.setdefault((note, is_known), []).append(mark.label)
    for (note, is_known), labels in named.items():
        verdict = "" if is_known else " is not estimated"
        yield f"Own noise of {listed(labels)}{verdict}: {note}."


def _spreads(marks: Sequence[Mark], measured: Sequence[Measures]) -> Iterator[str]:
    """Compare the spreads between seeds, which few seeds do not allow."""
    told = [
        (mark.label, each.course.spread_ratio)
        for mark, each in zip(marks, measured, strict=True)
        if each.course.spread_ratio is not None
    ]
    for why in dict.fromkeys(ratio for _, ratio in told if isinstance(ratio, str)):
        labels = [label for label, ratio in told if ratio == why]
        whose = "" if len(labels) == len(told) else f": {listed(labels)}"
        yield f"{why[:1].upper()}{why[1:]}{whose}."
    known = [(label, ratio) for label, ratio in told if isinstance(ratio, Interval)]
    for label, ratio in known:
        if not ratio.low <= 1 <= ratio.high:
            yield (
                f"The final losses of {label} lie {ratio.estimate:.2f} times as far apart as the "
                f"baseline's ({ratio.low:.2f} to {ratio.high:.2f})."
            )
    rest = [label for label, ratio in known if ratio.low <= 1 <= ratio.high]
    if rest:
        yield f"The seeds of {listed(rest)} are not shown to lie apart unlike the baseline's."


def measures_table(marks: Sequence[Mark], measured: Sequence[Measures]) -> Table:
    """Write the measures of every variant; lines of a cell are separated by a line feed."""
    rows = (
        measures_row(
            mark.label,
            each.estimates,
            each.course,
            lines(each.ratio_text, each.ratio_interval),
        )
        for mark, each in zip(marks, measured, strict=True)
    )
    return Table(COLUMNS, tuple(rows))


def worth_table(marks: Sequence[Mark], measured: Sequence[Measures]) -> Table:
    """Write what the last validation is worth beside the mean of those before it."""
    return tails_table([mark.label for mark in marks], [each.course for each in measured])


def along_table(marks: Sequence[Mark], measured: Sequence[Measures]) -> Table:
    """Write how noise and wander change along the run."""
    return stretches_table([mark.label for mark in marks], [each.course for each in measured])
