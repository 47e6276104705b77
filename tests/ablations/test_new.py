"""Components that begin as examples: written, checked and trained as they are."""

import subprocess
import sys
from pathlib import Path

import pytest

from ablations import new
from ablations.new import Order, filled_in, main, read_order
from components.catalogue import read_catalogue
from components.errors import UserError
from pipelines.cell import PART_KINDS
from tests.ablations.tiny import environment, workplace

RUFF = str(Path(sys.executable).parent / "ruff")
TEMPLATES = new.TEMPLATES


def run(*command: str, folder: Path = new.PROJECT, text: str | None = None) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(),
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a user's own, with a component of every kind."""
    folder = tmp_path_factory.mktemp("elsewhere") / "mine"
    for kind in PART_KINDS:
        assert main([kind, "my_thing", "--components", str(folder)]) == 0
    return folder


def test_every_kind_has_an_example_and_its_test() -> None:
    expected = {f"{start}{kind}.txt" for kind in PART_KINDS for start in ("", "test_")}
    assert {path.name for path in TEMPLATES.iterdir()} == {*expected, "contract.txt"}


def test_a_component_of_every_kind_is_declared(mine: Path) -> None:
    known = set(read_catalogue([mine]).entries)
    assert {(kind, "my_thing") for kind in PART_KINDS} <= known


def test_the_tests_that_were_written_pass_and_every_example_trains(mine: Path) -> None:
    said = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", ".", folder=mine)
    assert " passed" in said
    listed = run(
        *(sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"),
        *("-k", "trains", "."),
        folder=mine,
    )
    assert listed.count("/my_thing trains]") == len(PART_KINDS)


@pytest.mark.parametrize("kind", PART_KINDS)
@pytest.mark.parametrize("name", ["my_thing", "a_name_as_long_as_it_may_be_give"])
@pytest.mark.parametrize("folder", [None, Path("mine")])
def test_what_is_written_is_as_the_project_would_write_it(
    kind: str, name: str, folder: Path | None
) -> None:
    places = {
        f"{kind}.txt": f"components/{kind}/{name}.py",
        f"test_{kind}.txt": f"tests/components/{kind}/test_{name}.py",
    }
    for template, place in places.items():
        example = (TEMPLATES / template).read_text(encoding="utf-8")
        text = filled_in(example, Order(kind, name, folder))
        run(RUFF, "check", "--no-cache", "--stdin-filename", place, "-", text=text)
        ordered = run(RUFF, "format", "--no-cache", "--stdin-filename", place, "-", text=text)
        assert ordered == text


def test_a_grid_may_use_it(tmp_path: Path) -> None:
    folder = workplace(tmp_path)
    main(["positions", "my_thing", "--components", str(folder / "mine")])
    said = run(
        *(sys.executable, "-m", "ablations.plan", "grid=tiny.yaml", "--components", "mine"),
        "axes.positions=[rotary,{my_thing: {strength: 0.5}}]",
        folder=folder,
    )
    assert "my_thing" in said
    assert "4 cells to train" in said


def test_in_the_project_it_is_written_where_the_project_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tests" / "components").mkdir(parents=True)
    monkeypatch.setattr(new, "PROJECT", tmp_path)
    monkeypatch.setattr(new, "HERE", tmp_path / "components")
    monkeypatch.chdir(tmp_path)
    assert main(["norm", "my_thing"]) == 0
    component = (tmp_path / "components" / "norm" / "my_thing.py").read_text()
    test = (tmp_path / "tests" / "components" / "norm" / "test_my_thing.py").read_text()
    assert '@component("norm", "my_thing")\nclass MyThing(nn.Module):' in component
    assert "from tests.builders import component\n" in test
    assert "ablations" not in test
    said = capsys.readouterr().out
    assert "wrote components/norm/my_thing.py\nwrote tests/components/norm/test_" in said
    assert "python -m pytest -q tests/components -k my_thing" in said


def test_a_folder_inside_the_project_is_the_project(tmp_path: Path) -> None:
    assert read_order(["norm", "mine", "--components", str(new.HERE)]).folder is None
    assert read_order(["norm", "mine", f"--components={tmp_path}"]).folder == tmp_path


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("positions", "my_thing", "MyThing"),
        ("memory", "memory", "MemoryMemory"),
        ("mixer", "window", "WindowMixer"),
        ("norm", "tensor", "TensorNorm"),
        ("mlp", "exception", "ExceptionMlp"),
        ("schedule", "none", "NoneSchedule"),
        ("activation", "x2", "X2"),
    ],
)
def test_the_class_hides_no_other_name(kind: str, name: str, expected: str) -> None:
    example = (TEMPLATES / f"{kind}.txt").read_text(encoding="utf-8")
    assert f"\nclass {expected}(" in filled_in(example, Order(kind, name, None))


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    argv = ["norm", "my_thing", "--components", str(folder)]
    main(argv)
    with pytest.raises(UserError, match="there is a component norm/my_thing") as caught:
        main(argv)
    assert str(folder / "norm" / "my_thing.py") in str(caught.value)


def test_a_test_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    test = tmp_path / "tests" / "test_norm_my_thing.py"
    test.parent.mkdir()
    test.write_text("mine")
    with pytest.raises(UserError, match="there is such a file") as caught:
        main(["norm", "my_thing", "--components", str(tmp_path)])
    assert str(test) in str(caught.value)
    assert not (tmp_path / "norm").exists()
    assert test.read_text() == "mine"


def test_a_contract_of_the_users_own_stays(tmp_path: Path) -> None:
    contract = tmp_path / "tests" / "test_contract.py"
    contract.parent.mkdir()
    contract.write_text("mine")
    main(["norm", "my_thing", "--components", str(tmp_path)])
    assert contract.read_text() == "mine"


@pytest.mark.parametrize(
    ("argv", "parts"),
    [
        ([], ("a component has a kind and a name", "python -m ablations.new positions my_idea")),
        (["positions"], ("a component has a kind and a name",)),
        (["postions", "mine"], ("unknown kind postions", "did you mean positions?", "schedule")),
        (["model", "mine"], ("unknown kind model",)),
        (["norm", "MyIdea"], ("no name of a component", "NAME = MyIdea", "such as my_idea")),
        (["norm", "2d-norm"], ("no name of a component", "such as d_norm")),
        (["norm", "../norm"], ("no name of a component",)),
        (["norm", "lambda"], ("no name of a component", "a word of Python")),
        (["norm", "test_it"], ("no name of a component", "begin with test_")),
        (["norm", "a" * 33], ("no name of a component", "at most 32 characters")),
        (["nrm", "My"], ("unknown kind nrm", "no name of a component", "such as my")),
        (["positions", "rotary"], ("there is a component positions/rotary", "rotary.py")),
        (["norm", "mine", "--components"], ("--components needs a path",)),
        (["norm", "mine", "--componets", "x"], ("unknown option", "did you mean --components?")),
        (["norm", "mine", "--components=a", "--components=b"], ("--components is given twice",)),
        (["norm", "mine", "--components", __file__], ("that is no folder", "test_new.py")),
    ],
)
def test_what_cannot_be_is_refused(argv: list[str], parts: tuple[str, ...]) -> None:
    with pytest.raises(UserError) as caught:
        main(argv)
    for part in parts:
        assert part in str(caught.value)


def test_help_names_every_kind(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(kind in said for kind in PART_KINDS)
    assert max(map(len, said.splitlines())) <= 80
