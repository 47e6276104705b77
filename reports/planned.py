"""What a reader is told of the looks that a grid declared."""

from collections.abc import Iterator, Sequence

from reports import numbers
from reports.claims import Caveat, Claim, Looked
from reports.intervals import undeclared_looks
from reports.manifest import Manifest
from reports.wording import listed


def ended_by_budget(manifest: Manifest, looked: Looked | None) -> Iterator[Caveat]:
    """Say what is open because the budget of a sweep was used up."""
    if looked is None or looked.stopped != "budget":
        return
    still = listed([_pair(manifest, *pair) for pair in looked.open])
    begin = "The budget ended the sweep before the first look"
    if looked.taken:
        begin = f"The budget ended the sweep after the look at {looked.taken[-1]} seeds"
    if still:
        begin = f"{begin}; {still} would have gone on to {looked.declared[-1]}"
    yield Caveat("budget_of_looks", f"{begin}.", "seeds")


def declared_looks(
    manifest: Manifest, claims: Sequence[Claim], looked: Looked | None
) -> Iterator[Caveat]:
    """Say how many looks there were, what each decided and what that saved; one is no plan."""
    if looked is None or len(looked.declared) == 1:
        return
    share = "" if undeclared_looks(manifest) else f", which share the 5{numbers.THIN}%"
    text = (
        f"Seeds were added until decided: looks at {_numbers(looked.declared)} seeds were "
        f"declared{share}; {_taken(looked)}."
    )
    decided = [_decided_at(manifest, claims, seeds) for seeds in looked.taken]
    said = "; ".join(each for each in decided if each)
    parts = [f"Decided {said}" if said else "Nothing is decided"]
    if looked.open and said:
        parts.append(f"open: {listed([_pair(manifest, *pair) for pair in looked.open])}")
    text = f"{text} {'; '.join(parts)}."
    yield Caveat("declared_looks", f"{text}{_saved(looked)}", "provenance")


def _taken(looked: Looked) -> str:
    if not looked.taken:
        return "none is complete yet"
    if looked.taken == looked.declared:
        return "all were taken"
    return f"{len(looked.taken)} of {len(looked.declared)} were taken"


def _decided_at(manifest: Manifest, claims: Sequence[Claim], seeds: int) -> str:
    pairs = [_pair(manifest, each.a, each.b) for each in claims if each.decided_at == seeds]
    return f"at {seeds} seeds: {listed(pairs)}" if pairs else ""


def _saved(looked: Looked) -> str:
    if not looked.saved:
        return ""
    time = looked.saved_seconds
    cost = "" if time is None else f" (about {numbers.seconds(time)} of training)"
    return (
        f" Of the {numbers.count(looked.cells)} cells that {looked.declared[-1]} seeds of every "
        f"variant take, {numbers.count(looked.saved)} were not needed{cost}."
    )


def _numbers(values: Sequence[int]) -> str:
    return listed([str(each) for each in values], limit=len(values))


def _pair(manifest: Manifest, a: str, b: str) -> str:
    return numbers.difference_of(manifest.label(a), manifest.label(b))
