"""What the page says about every contrast and every pair of variants at two scales."""

from reports import numbers
from reports.carrying import Carried, Carry, Pair
from reports.carrywords import Told, counted, verdicts, word
from reports.drawings.drawing import Table
from reports.numbers import THIN, difference_of, signed
from reports.wording import listed

NAMED_PAIRS = 3


def pairs_sentences(told: Told) -> tuple[str, ...]:
    """Tell how many pairs keep their order, how many are resolved where, and which flip."""
    carry = told.carry
    if carry.accuracy is None:
        return ("No pair of variants has a finished seed in common at both scales.",)
    total = len(carry.pairs)
    order = (
        f"{_of(carry.kept, total)} of variants {_have(carry.kept)} the same order of mean losses "
        f"at {told.small} and at {told.large} ({numbers.percent(carry.accuracy)}). An order that "
        "is not resolved may be luck."
    )
    return (order, _resolved(told), *_flips(told), *_left_out(carry))


def contrasts_table(told: Told) -> Table:
    """Return every contrast with the baseline at both scales."""
    columns = ("variant", told.small, told.large, f"{told.small} → {told.large}")
    rows = tuple(
        (told.manifest.variant(each.variant).label, _said(each, 0), _said(each, 1), _state(each))
        for each in told.carry.contrasts
    )
    return Table(columns, rows)


def pairs_table(told: Told) -> Table:
    """Return every pair at both scales."""
    columns = ("pair", told.small, "verdict", told.large, "verdict", "order")
    rows = tuple(
        (
            _pair(told, each),
            signed(each.small),
            word(each.words[0]),
            signed(each.large),
            word(each.words[1]),
            _order(each),
        )
        for each in told.carry.pairs
    )
    return Table(columns, rows)


def _resolved(told: Told) -> str:
    carry = told.carry
    both, one, none = (carry.resolved_at(scales) for scales in (2, 1, 0))
    same = sum(each.words[0] == each.words[1] for each in both)
    agreeing = f", {same} of them with the same verdict" if both else ""
    return (
        f"Resolved at both scales: {counted(len(both), 'pair')}{agreeing}; at one: {len(one)}; "
        f"at neither: {len(none)}. All pairs of a scale are a family of their own here, with 95"
        f"{THIN}% for itself; it needs wider intervals than the contrasts on the page of the grid."
    )


def _flips(told: Told) -> tuple[str, ...]:
    flipping = [each for each in told.carry.pairs if each.flips]
    turned = [each for each in told.carry.pairs if each.small * each.large < 0 and not each.flips]
    sentences = []
    if flipping:
        named = listed([_pair(told, each) for each in flipping], limit=NAMED_PAIRS)
        sentences.append(f"Resolved in opposite directions: {named}.")
    if turned:
        named = listed([_pair(told, each) for each in turned], limit=NAMED_PAIRS)
        sentences.append(f"Another order of means, not resolved at both scales: {named}.")
    return tuple(sentences)


def _left_out(carry: Carry) -> tuple[str, ...]:
    if not carry.left_out:
        return ()
    verb = "is" if carry.left_out == 1 else "are"
    many = counted(carry.left_out, "pair")
    return (f"{many} {verb} not counted: a cell diverged, or no finished seed is common.",)


def _said(each: Carried, scale: int) -> str:
    claim = (each.small, each.large)[scale]
    if claim.difference is None:
        return word(claim.verdict)
    limits = ""
    if claim.low is not None and claim.high is not None:
        limits = f" ({numbers.interval(claim.low, claim.high)})"
    places = None if not limits else numbers.decimals(((claim.high or 0) - (claim.low or 0)) / 2)
    return f"{signed(claim.difference, places)}{limits}, {word(claim.verdict)}"


def _state(each: Carried) -> str:
    if "diverged" in verdicts(each):
        return "diverged"
    return {
        "holds": "holds",
        "flips": "flips",
        "differs": "another verdict",
        "small_only": "not resolved there",
        "large_only": "resolved there alone",
        "open": "cannot tell",
    }[each.state]


def _order(each: Pair) -> str:
    if each.flips:
        return "flips"
    if each.small * each.large == 0:
        return "a tie"
    return "same" if each.keeps_order else "another"


def _pair(told: Told, each: Pair) -> str:
    return difference_of(told.manifest.label(each.a), told.manifest.label(each.b))


def _of(some: int, every: int) -> str:
    return f"{some} of {counted(every, 'pair')}"


def _have(some: int) -> str:
    return "has" if some == 1 else "have"
