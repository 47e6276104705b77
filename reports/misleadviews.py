"""Where the picture misleads, as the page says it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reports.claims import Claim
from reports.drawings.drawing import Mark, Table
from reports.manifest import Manifest
from reports.misleading import Misleading, Stretch, Views
from reports.numbers import THIN, amount, count, percent
from reports.panels import Evidence, Panel, address, evidence, panels, subtitle, title
from reports.pictures import WORTH_SAYING
from reports.told import Told
from reports.viewwords import FACTORS, span, value_words, verdict_words
from reports.wording import capital

PLAIN = "Where the picture misleads"
MOST_VARIANTS = 6
OPEN_CONTRASTS = 3
NONE = "–"
NO_TABLE = Table((), ())

NOTE = (
    "A view is a smoothing (9), which points are drawn (3), a window (5 left edges, 3 right ones), "
    "the height of the chart (2) and where one looks (2): 1,620 for each seed. What is visible is "
    f"smoothed, as after a zoom. The first 10{THIN}% of the tokens are in no view. Two lines that "
    f"are less than 1{THIN}% of the height apart look equal. The views overlap: these are shares "
    "of views, not probabilities, and have no interval."
)


@dataclass(frozen=True)
class Widest:
    """A link to the view that contradicts a verdict most."""

    text: str
    address: str


@dataclass(frozen=True)
class Section:
    """Every word of the section.

    Fields:
        problem: why there is nothing to say; all else is empty then.
        evidence: what every seed says, beside the pictures; `has_bars` where it has intervals.
        factors: a table for each contrast, by what views differ in.
        further: how many contrasts stand in report.json alone.
    """

    title: str
    problem: str
    subtitle: str = ""
    panels: tuple[Panel, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    has_bars: bool = False
    sentences: tuple[str, ...] = ()
    table: Table = NO_TABLE
    factors: tuple[tuple[str, Table], ...] = ()
    widest: tuple[Widest, ...] = ()
    further: int = 0
    note: str = NOTE


def section(manifest: Manifest, found: Misleading, marks: Sequence[Mark]) -> Section:
    """Say everything about the views."""
    if found.problem:
        return Section(PLAIN, found.problem)
    shown, pictures = open_contrasts(manifest, found), found.pictures
    beside = (
        ()
        if pictures is None
        else evidence(manifest, marks, pictures, [each.claim for each in found.contrasts])
    )
    return Section(
        title=PLAIN if pictures is None else title(manifest, pictures),
        problem="",
        subtitle="" if pictures is None else subtitle(pictures),
        panels=() if pictures is None else panels(manifest, marks, pictures),
        evidence=beside,
        has_bars=any(each.bar is not None for each in beside),
        sentences=tuple(_sentences(manifest, found, shown)),
        table=_table(manifest, shown),
        factors=tuple((_pair(manifest, each.claim), _factors(manifest, each)) for each in shown),
        widest=tuple(
            Widest(_pair(manifest, each.claim), address(manifest, marks, each.worst))
            for each in shown
            if each.worst is not None
        ),
        further=len(found.contrasts) - len(shown),
    )


def open_contrasts(manifest: Manifest, found: Misleading) -> tuple[Views, ...]:
    """Return those that the page shows: all, or of many those that mislead most, in their order."""
    every = found.contrasts
    if len(manifest.variants) <= MOST_VARIANTS:
        return every
    told = [(each.told.contradicting is not None, each.told.misled) for each in every]
    order = sorted(range(len(every)), key=lambda place: told[place], reverse=True)
    return tuple(every[place] for place in sorted(order[:OPEN_CONTRASTS]))


def _sentences(manifest: Manifest, found: Misleading, shown: Sequence[Views]) -> Iterator[str]:
    nothing = _nothing(found)
    if nothing:
        yield nothing
    for each in shown:
        yield _sentence(manifest, each)
    if found.place:
        yield _place(manifest, found)


def _nothing(found: Misleading) -> str:
    """Say that the verdicts are safe, where fewer than 2 % of their views contradict one."""
    told = [each for each in found.contrasts if each.told.contradicting is not None]
    shares = [each.told.contradicting or 0.0 for each in told]
    if not told or max(shares) >= WORTH_SAYING:
        return ""
    views = sum(each.views for each in told)
    against = round(sum(s * each.views for s, each in zip(shares, told, strict=True)))
    verdict = "the verdict" if len(told) == 1 else "a verdict"
    if against == 0:
        return f"No view of this kind contradicts {verdict} (0 of {count(views)})."
    verb = "contradicts" if against == 1 else "contradict"
    return f"{count(against)} of {count(views)} views of this kind {verb} {verdict}."


def _sentence(manifest: Manifest, views: Views) -> str:
    claim, told, a = views.claim, views.told, manifest.label(views.claim.a)
    begin = f"Of {count(views.views)} usual ways to draw {_pair(manifest, claim)}"
    equal = f"{percent(told.equal)} would show no difference"
    if told.opposite is not None:
        return (
            f"{begin}, {percent(told.opposite)} would tell the opposite story and {equal}; "
            f"{_longest(views.longest)}."
        )
    if told.visible is not None:
        return (
            f"{begin}, which are equivalent, {percent(told.visible)} would show a gap of more "
            f"than 5{THIN}% of the height, and {equal}."
        )
    state = {
        "diverged": f" in the seeds in which {a} did not diverge",
        "identical": ", which are identical",
    }.get(claim.verdict, ", which is not resolved")
    return (
        f"{begin}{state}, {percent(told.lower)} would show {a} lower, {percent(told.higher)} "
        f"higher, and {equal}."
    )


def _longest(stretch: Stretch | None) -> str:
    if stretch is None:
        return "no stretch of a run contradicts the verdict"
    return (
        f"the longest stretch that contradicts the verdict is tokens {amount(stretch.start)} to "
        f"{amount(stretch.end)} of seed {stretch.seed} ({percent(stretch.share)} of the run)"
    )


def _place(manifest: Manifest, found: Misleading) -> str:
    """Say where the variant of the pictures lay between the two others."""
    triple = None if found.pictures is None else found.pictures.triple
    low, middle, high = (manifest.label(each) for each in triple or ("", "", ""))
    medians = [each.median for each in found.place]
    least, most = min(each.least for each in found.place), max(each.most for each in found.place)
    each_seed = "the median of each seed" if len(medians) > 1 else "the median of one seed"
    return (
        f"{capital(middle)} lies {span(min(medians), max(medians))} of the way from {low} to "
        f"{high} ({each_seed}); in single windows of 1{THIN}% of the run anywhere from "
        f"{span(least, most)}."
    )


def _pair(manifest: Manifest, claim: Claim) -> str:
    return f"{manifest.label(claim.a)} against {manifest.label(claim.b)}"


def _table(manifest: Manifest, shown: Sequence[Views]) -> Table:
    columns = (
        *("contrast", "verdict", "views", "opposite", "look equal", "agree"),
        *("lower", "higher", "longest opposite stretch"),
    )
    rows = tuple(
        (
            _pair(manifest, each.claim),
            verdict_words(each.claim),
            count(each.views),
            _against(each.told),
            percent(each.told.equal),
            NONE if each.told.agreeing is None else percent(each.told.agreeing),
            percent(each.told.lower),
            percent(each.told.higher),
            NONE if each.longest is None else percent(each.longest.share),
        )
        for each in shown
    )
    return Table(columns, rows)


def _against(told: Told) -> str:
    if told.visible is not None:
        return f"{percent(told.visible)} (a gap)"
    return NONE if told.opposite is None else percent(told.opposite)


def _factors(manifest: Manifest, views: Views) -> Table:
    a = manifest.label(views.claim.a)
    heads: tuple[str, ...] = ("opposite", "look equal", "agree")
    if views.told.opposite is None:
        heads = (f"{a} lower", "look equal", f"{a} higher")
    if views.told.visible is not None:
        heads = ("visible gap", *heads)
    rows = tuple(
        (f"{FACTORS[factor]}: {value_words(factor, value)}", *map(percent, _shares(told)))
        for factor, values in views.by_factor.items()
        for value, told in values.items()
    )
    return Table(("views", *heads), rows)


def _shares(told: Told) -> tuple[float, ...]:
    if told.opposite is not None:
        return (told.opposite, told.equal, told.agreeing or 0.0)
    sides = (told.lower, told.equal, told.higher)
    return sides if told.visible is None else (told.visible, *sides)
