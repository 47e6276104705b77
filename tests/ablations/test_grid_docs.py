"""What docs/grids.md says of the language is what the language is."""

import re
from pathlib import Path

import pytest

from ablations.cells import variants
from ablations.grid import read_grid
from ablations.language import GRID_KEYS
from components.catalogue import read_catalogue

TEXT = (Path(__file__).parents[2] / "docs" / "grids.md").read_text(encoding="utf-8")
CATALOGUE = read_catalogue()

EXAMPLES = re.findall(r"```yaml\n(.*?)```", TEXT, flags=re.DOTALL)

REST = {
    "question": "question: Q\n",
    "baseline": "baseline: {positions: rotary}\n",
    "axes": "axes: {positions: [rotary, none]}\n",
}
"""What an example that shows one key leaves out."""

VARIANTS = (
    ["none", "xl, windows=1", "xl, windows=2", "xl, windows=3"],
    ["heads=4, kv_heads=4", "heads=2, kv_heads=2", "heads=1, kv_heads=1"],
    ["baseline", "no positions", "no memory", "no mlp"],
    ["rotary", "none"],
    ["baseline"],
    ["rotary", "none"],
)


def test_every_key_of_a_grid_is_in_the_table() -> None:
    assert sorted(re.findall(r"^\| `(\w+)` \|", TEXT, flags=re.MULTILINE)) == sorted(GRID_KEYS)


@pytest.mark.parametrize(("example", "names"), list(zip(EXAMPLES, VARIANTS, strict=True)))
def test_an_example_has_the_variants_that_the_text_says(
    example: str, names: list[str], tmp_path: Path
) -> None:
    ways = ("axes:", "leave_out:", "search:")
    missing = "" if any(way in example for way in ways) else REST["axes"]
    rest = [REST[key] for key in ("question", "baseline") if f"{key}:" not in example]
    path = tmp_path / "question.yaml"
    path.write_text("".join([*rest, example, missing]), encoding="utf-8")
    grid = read_grid(str(path), (), CATALOGUE)
    assert [each.name for each in variants(grid, CATALOGUE)] == names
