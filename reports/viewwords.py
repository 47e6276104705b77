"""Views in words."""

from reports.claims import Claim
from reports.numbers import MINUS, THIN, count
from reports.pictures import Picture

FACTORS = {
    "smoothing": "smoothing",
    "points": "drawn",
    "left": "window begins",
    "right": "window ends",
    "y_range": "height",
    "readout": "look",
}

VALUES = {
    "all": "every point",
    "last of 1000": "the last of each of 1,000 stretches",
    "last of 100": "the last of each of 100 stretches",
    "auto": "fitted to the lines",
    "5 to 95 %": "from the 5th to the 95th percentile of the lines",
    "edge": "at the right edge",
    "most": "over most of the window",
}

SMOOTHINGS = {"ema": "TensorBoard", "twema": "W&B", "mean": "running mean of"}


def value_words(factor: str, value: str) -> str:
    """Write one value of what views differ in."""
    kind, _, parameter = value.partition(" ")
    if factor == "smoothing":
        return f"{SMOOTHINGS[kind]} {parameter}" if kind in SMOOTHINGS else value
    share = value.replace(" %", f"{THIN}%")
    edges = {"left": f"at {share} of what it ends with", "right": f"at {share} of the run"}
    return VALUES.get(value) or edges.get(factor, share)


def described(picture: Picture) -> str:
    """Write how a picture was made."""
    smoothing = value_words("smoothing", picture.smoothing)
    smoothing = "no smoothing" if smoothing == "none" else smoothing
    points = (
        "" if picture.points is None else f", last of each of {count(picture.points)} stretches"
    )
    return (
        f"Seed {picture.seed}, steps {count(picture.left)} to {count(picture.right)}, "
        f"{smoothing}{points}."
    )


def verdict_words(claim: Claim) -> str:
    """Write the verdict as a table shows it."""
    return "not resolved" if claim.verdict == "unresolved" else claim.verdict


def span(least: float, most: float) -> str:
    """Write `57 % to 67 %`; a share may lie outside 0 and 1."""
    low, high = (f"{round(100 * each)}{THIN}%".replace("-", MINUS) for each in (least, most))
    return low if low == high else f"{low} to {high}"
