import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ablations.cells import cells, variants
from ablations.grid import Grid, read_grid
from components.catalogue import read_catalogue
from components.options import REQUIRED, plain
from pipelines.cell import Cell

CATALOGUE = read_catalogue()

VALUES: dict[str, list[Any]] = {
    "positions": ["rotary", "none", "linspace", {"linspace": {"edge": 0.5}}, ["rotary", "none"]],
    "memory": ["none", "xl", {"xl": {"windows": 3}}],
    "model.heads": [1, 2, 4],
    "training.steps": [10, 20],
    "optimizer.learning_rate": [0.1, 0.01],
}


@st.composite
def grids(draw: st.DrawFn) -> dict[str, Any]:
    keys = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=3, unique=True))
    axes = {}
    for key in keys:
        indices = st.lists(st.integers(0, len(VALUES[key]) - 1), min_size=2, unique=True)
        axes[key] = [VALUES[key][index] for index in draw(indices)]
    baseline = {key: draw(st.sampled_from(values)) for key, values in axes.items()}
    seeds = draw(st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True))
    return {"question": "Q", "baseline": baseline, "axes": axes, "seeds": seeds}


def read(document: dict[str, Any]) -> Grid:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "question.yaml"
        path.write_text(json.dumps(document), encoding="utf-8")
        return read_grid(str(path), (), CATALOGUE)


def identity(cell: Cell) -> str:
    return repr({**cell.as_json(), "variant": None})


@settings(max_examples=25, deadline=None)
@given(grids())
def test_no_cell_is_there_twice(document: dict[str, Any]) -> None:
    found = cells(read(document), CATALOGUE)
    assert len({identity(cell) for cell in found}) == len(found)


@settings(max_examples=25, deadline=None)
@given(grids())
def test_cells_go_variant_by_variant_and_seed_by_seed(document: dict[str, Any]) -> None:
    grid = read(document)
    found = cells(grid, CATALOGUE)
    expected = [
        (variant.differs, seed) for variant in variants(grid, CATALOGUE) for seed in grid.seeds
    ]
    assert [(cell.variant, cell.seed) for cell in found] == expected


@settings(max_examples=25, deadline=None)
@given(grids())
def test_the_names_of_variants_are_unique_and_the_baseline_is_one(document: dict[str, Any]) -> None:
    grid = read(document)
    names = [variant.name for variant in variants(grid, CATALOGUE)]
    assert len(set(names)) == len(names)
    assert grid.baseline in names
    assert all(name.strip() and "/" not in name for name in names)


@settings(max_examples=25, deadline=None)
@given(grids())
def test_only_the_baseline_differs_in_nothing(document: dict[str, Any]) -> None:
    grid = read(document)
    same = [each.name for each in variants(grid, CATALOGUE) if not each.differs]
    assert same == [grid.baseline]


@settings(max_examples=25, deadline=None)
@given(grids())
def test_a_cell_survives_its_plain_form(document: dict[str, Any]) -> None:
    for cell in cells(read(document), CATALOGUE):
        assert Cell.from_json(cell.as_json()).as_json() == cell.as_json()


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([key for key in CATALOGUE.entries if key[0] in ("positions", "mlp", "norm")])
)
def test_writing_a_default_changes_nothing(component: tuple[str, str]) -> None:
    kind, name = component
    options = CATALOGUE.entry(kind, name).options
    written = {each.name: plain(each.default) for each in options if each.default is not REQUIRED}
    short = cells(read(with_baseline({kind: name})), CATALOGUE)
    long = cells(read(with_baseline({kind: {name: written}})), CATALOGUE)
    assert short == long


def with_baseline(baseline: dict[str, Any]) -> dict[str, Any]:
    variants = {"other": {"training.steps": 7}}
    return {"question": "Q", "baseline": baseline, "variants": variants, "seeds": 2}


def test_a_written_default_of_the_model_is_the_same_cell() -> None:
    short = cells(read(with_baseline({})), CATALOGUE)
    long = cells(read(with_baseline({"model": {"kv_heads": 4, "head_width": 16}})), CATALOGUE)
    assert [identity(cell) for cell in short] == [identity(cell) for cell in long]


def test_the_order_of_keys_makes_no_other_cell() -> None:
    one = {"model": {"width": 32, "layers": 1}, "positions": "none"}
    other = {"positions": "none", "model.layers": 1, "model.width": 32}
    assert cells(read(with_baseline(one)), CATALOGUE) == cells(
        read(with_baseline(other)), CATALOGUE
    )


def test_the_settings_of_a_variant_are_complete() -> None:
    variant = variants(read(with_baseline({"positions": ["rotary", "none"]})), CATALOGUE)[0]
    assert variant.settings["positions"] == ("rotary", "none")
    assert variant.settings["positions[0].rotary.base"] == 10000.0
    for key in ("model.width", "training.clip", "data.corpus", "optimizer.adamw.beta1"):
        assert key in variant.settings
