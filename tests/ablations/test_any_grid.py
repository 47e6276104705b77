"""Whatever is written in a grid or on the command line is read, or refused: never a traceback."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ablations.grid import GRIDS, grid_names, read_grid
from ablations.language import GRID_KEYS, NOT_YET
from components.catalogue import read_catalogue
from components.errors import Problem, UserError

CATALOGUE = read_catalogue()

LINES = [(GRIDS / f"{name}.yaml").read_text(encoding="utf-8").splitlines() for name in grid_names()]

KEYS = (*GRID_KEYS, *NOT_YET, "positions", "memory.xl", "model", "model.heads", "data.corpus", "a")

ATOMS = (
    *("none", "rotary", "xl", "1", "0", "-1", "1.5", "null", "true", "[]", "{}", '""', "no", "???"),
    *("[rotary, none]", "{rotary: {base: 5}}", "{a: {b: 1}}", "[[1]]", "[null]", "{null: 1}"),
    *("*a", "&a b", "${x", "!!int 1", "1e400", "9" * 30, "better", "{between: [a]}", "{loss: 1}"),
    *('"\\u0000"', "{xl: }", "{: 1}", "[1,,2]", "{decoder: {width: 3}}", "'a/b'", "- - -", "\t"),
)

LINE = st.builds(
    "{}{}: {}".format, st.sampled_from(("", "  ")), st.sampled_from(KEYS), st.sampled_from(ATOMS)
)

OVERRIDE = st.builds(
    "{}{}={}".format,
    st.sampled_from(KEYS),
    st.sampled_from(("", ".positions", ".a", "[0]", ".positions[0]", "[x]")),
    st.sampled_from(ATOMS),
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    lines = [line for line in draw(st.sampled_from(LINES)) if not line.startswith("#")]
    at = draw(st.integers(0, len(lines) - 1))
    key = lines[at].partition(":")[0]
    new = draw(LINE | st.sampled_from(ATOMS).map(lambda atom: f"{key}: {atom}") | st.text())
    kept = draw(st.integers(0, 1))
    return "\n".join([*lines[:at], new, *lines[at + 1 - kept :]]) + "\n"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("grids") / "question.yaml"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=texts(), overrides=st.lists(OVERRIDE, max_size=2))
def test_a_grid_is_read_or_refused_with_a_place(
    file: Path, text: str, overrides: list[str]
) -> None:
    file.write_text(text, encoding="utf-8")
    assert all(problem.place for problem in problems(file, overrides))


def problems(file: Path, overrides: list[str]) -> tuple[Problem, ...]:
    try:
        read_grid(str(file), overrides, CATALOGUE)
    except UserError as error:
        return error.problems
    return ()
