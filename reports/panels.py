"""The two pictures that tell opposite stories, in words, and what every seed says beside them."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.claims import Claim
from reports.drawings.drawing import Mark
from reports.manifest import Manifest
from reports.marks import Look, Scale
from reports.numbers import difference_of, interval, signed
from reports.pictures import Picture, Pictures
from reports.viewwords import described, verdict_words
from reports.wording import listed


@dataclass(frozen=True)
class Panel:
    """One of the two pictures; `address` sets the page's own curves to it."""

    id: str
    title: str
    subtitle: str
    label: str
    address: str
    button: str


@dataclass(frozen=True)
class Evidence:
    """What all seeds say about one contrast: an interval mark and its words."""

    label: str
    look: Look
    zero: float
    mean: float
    bar: tuple[float, float] | None
    text: str


def title(manifest: Manifest, shown: Pictures) -> str:
    """Return the heading: the finding."""
    names = shown.about if shown.triple is None else shown.triple[1:2]
    about = listed([manifest.label(each) for each in names])
    return f"One seed, smoothed and zoomed, tells two opposite stories about {about}"


def subtitle(shown: Pictures) -> str:
    """Say what the pictures are."""
    if shown.triple is not None:
        told = "Both are of the same run."
    elif shown.verdict in {"better", "worse", "equivalent"}:
        told = "One agrees with the verdict, the other contradicts it."
    else:
        told = "No verdict stands behind either."
    return (
        f"Two pictures that a dashboard would have drawn of seed {shown.good.seed}, with the raw "
        f"loss hidden and the axes fitted to a window. {told} Beside them what every seed says."
    )


def panels(manifest: Manifest, marks: Sequence[Mark], shown: Pictures) -> tuple[Panel, ...]:
    """Return the two pictures, that which agrees first."""
    stories = zip(("good", "bad"), _stories(manifest, shown), (shown.good, shown.bad), strict=True)
    return tuple(_panel(manifest, marks, *each) for each in stories)


def _panel(
    manifest: Manifest, marks: Sequence[Mark], name: str, story: str, picture: Picture
) -> Panel:
    drawn = listed([manifest.label(each) for each in picture.variants])
    return Panel(
        f"mislead-{name}",
        story if "“" in story else f"“{story}”",
        described(picture),
        f"Training loss of {drawn}, seed {picture.seed}, in a view that says: {story}.",
        address(manifest, marks, picture),
        f"Open this view above: {story}",
    )


def address(manifest: Manifest, marks: Sequence[Mark], picture: Picture) -> str:
    """Return the fragment that sets the page's own curves to a view."""
    names = [each.name for each in manifest.variants]
    shown = [name for name, mark in zip(names, marks, strict=True) if mark.slot is not None]
    return picture.address(shown, names)


def _stories(manifest: Manifest, shown: Pictures) -> tuple[str, str]:
    if shown.triple is not None:
        low, _, high = shown.triple
        return f"As good as {manifest.label(low)}", f"As bad as {manifest.label(high)}"
    a, b = (manifest.label(each) for each in shown.about)
    if shown.verdict == "equivalent":
        return f"{a} equals {b}", f"{a} differs from {b}"
    stories = f"{a} is better than {b}", f"{a} is worse than {b}"
    return stories[::-1] if shown.verdict == "worse" else stories


def evidence(
    manifest: Manifest, marks: Sequence[Mark], shown: Pictures, claims: Sequence[Claim]
) -> tuple[Evidence, ...]:
    """Return the contrasts that the pictures are about, on one scale."""
    low = shown.about[1]
    names = shown.about[:1] if shown.triple is None else shown.triple[1:]
    chosen = [each for name in names for each in claims if (each.a, each.b) == (name, low)]
    ends = [end for each in chosen for end in (each.low, each.high, each.difference)]
    values = [0.0, *(end for end in ends if end is not None)]
    room = (max(values) - min(values)) * 0.08 or 0.01
    scale = Scale(min(values) - room, max(values) + room)
    looks = {each.name: Look(mark) for each, mark in zip(manifest.variants, marks, strict=True)}
    return tuple(_evidence(manifest, looks[each.a], each, scale) for each in chosen)


def _evidence(manifest: Manifest, look: Look, claim: Claim, scale: Scale) -> Evidence:
    limits = None if claim.low is None or claim.high is None else (claim.low, claim.high)
    mean = claim.difference or 0.0
    seen = signed(mean) if limits is None else interval(*limits)
    return Evidence(
        difference_of(manifest.label(claim.a), manifest.label(claim.b)),
        look,
        scale.place(0.0),
        scale.place(mean),
        None if limits is None else (scale.place(limits[0]), scale.place(limits[1])),
        f"{seen}, {verdict_words(claim)}; {claim.pairs} {manifest.evidence}",
    )
