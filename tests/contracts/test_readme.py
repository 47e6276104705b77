"""What README.md says exists and can be called."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ablations.grid import grid_names, read_grid
from components.catalogue import read_catalogue
from tests.copies import PROJECT

TEXT = (PROJECT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"```bash\n(.*?)```", TEXT, flags=re.DOTALL)
    for line in block.strip().splitlines()
]


def between(name):
    return TEXT.partition(f"<!-- {name} -->")[2].partition(f"<!-- /{name} -->")[0].strip()


def table_of_components():
    """What the README should list: each kind with its components."""
    catalogue = read_catalogue()
    kinds = [kind for kind in catalogue.kinds if kind != "model"]
    rows = [
        f"| `{kind}` | {', '.join(f'`{name}`' for name in catalogue.names(kind))} |"
        for kind in kinds
    ]
    return "\n".join(["| kind | components |", "| --- | --- |", *rows])


def test_the_table_of_components_is_that_of_the_catalogue():
    assert between("components") == table_of_components()


def test_every_shipped_grid_is_in_the_table_of_grids():
    found = re.findall(r"^\| `([\w-]+)` \|", between("grids"), re.MULTILINE)
    assert set(found) == set(grid_names())


def test_the_shown_grid_asks_what_the_shipped_one_asks(tmp_path):
    shown = re.findall(r"```yaml\n(.*?)```", TEXT, flags=re.DOTALL)[0]
    (tmp_path / "positions.yaml").write_text(shown, encoding="utf-8")
    catalogue = read_catalogue()
    ours = read_grid(str(tmp_path / "positions.yaml"), [], catalogue)
    theirs = read_grid("positions", [], catalogue)
    assert (ours.question, ours.seeds, ours.margin) == (
        theirs.question,
        theirs.seeds,
        theirs.margin,
    )


@pytest.mark.parametrize("command", [each for each in COMMANDS if each.startswith("make")])
def test_make_knows_the_target(command):
    target = command.split()[1]
    assert re.search(rf"^{target}:", (PROJECT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize(
    "module", sorted({each.split()[2] for each in COMMANDS if each.startswith("python -m")})
)
def test_the_command_explains_itself(module):
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"],
        cwd=PROJECT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert f"python -m {module}" in done.stdout


def test_what_it_links_to_is_there():
    links = re.findall(r"\]\(([\w./-]+)\)", TEXT)
    assert links
    assert [link for link in links if not Path(PROJECT / link).exists()] == []


def test_the_demo_block_holds_the_verdict_and_the_path():
    assert "rotary wins." in between("demo")
    assert "Report  results/positions.html" in between("demo")
