"""The table of variants of a page that is open in a browser, and a grid that is large for it."""

from itertools import product
from pathlib import Path

from tests.browser import Opened, write_page
from tests.results import edit_manifest, results

POSITIONS = ("rotary", "none", "alibi", "fire")
MEMORIES = ("nothing", "xl", "rmt")
POINTS = tuple(product(POSITIONS, MEMORIES))
NAMES = (
    "rotary",
    *("+".join(p for p in point if p not in ("rotary", "nothing")) for point in POINTS[1:]),
)


def write_product(folder: Path) -> Path:
    """A page of two axes: four positions, three memories, so more variants than colours."""
    losses = {name: product_losses(place) for place, name in enumerate(NAMES)}
    given = (("validation", None), ("length 64", 64))
    made = results(folder, losses, name="product", evaluations=given)
    variants = [
        {
            "name": name,
            "label": name,
            "differs": differing(*point),
            "settings": {"positions": "rotary", "memory": "none"},
            "parameters": 120_000 - place,
            "flops_per_token": 7.2e5,
        }
        for place, (name, point) in enumerate(zip(NAMES, POINTS, strict=True))
    ]
    edit_manifest(made, variants=variants)
    return write_page(made)


def product_losses(place: int) -> list[float]:
    return [3.2 + 0.03 * (7 * place % 12) + 0.002 * (seed * place % 3) for seed in range(3)]


def differing(positions: str, memory: str) -> dict[str, str]:
    found = {"positions": positions, "memory": memory}
    return {key: value for key, value in found.items() if value not in ("rotary", "nothing")}


def sort(seen: Opened, key: str) -> None:
    """Press the head of a column."""
    seen.page.locator(f"#variants th[data-sort={key}] .sort").click()


def swatches(seen: Opened) -> dict[str, str]:
    """Variant -> colour of its mark in the table."""
    return dict(
        seen.run(
            """() => [...document.querySelectorAll('#variants tr[data-row]')].map(row =>
            [row.querySelector('.name').innerText.trim(),
             getComputedStyle(row.querySelector('.swatch path')).fill])"""
        )
    )
