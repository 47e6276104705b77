import errno
import os
from pathlib import Path

import pytest

from ablations.command import (
    Command,
    arguments,
    bare_arguments,
    exit_code,
    grid_of,
    results_name,
)
from ablations.settings import component_paths
from components.catalogue import read_catalogue
from components.errors import Problem, UserError

USAGE = "python -m ablations.something grid=NAME"


def test_keys_of_the_machine_and_changes_of_the_grid_are_told_apart() -> None:
    line = ["grid=positions", "workers=2", "seeds=3", "only=none/3", "name=mine", "--json"]
    assert arguments([*line, "--components", "a", "--components=b"], USAGE) == Command(
        grid="positions",
        overrides=("seeds=3",),
        workers=2,
        only=("none/3",),
        name="mine",
        json=True,
        components=(Path("a"), Path("b")),
    )


def test_a_variant_whose_name_has_a_comma_can_be_chosen() -> None:
    command = arguments(["grid=heads", "only=heads=1, kv_heads=1/3"], USAGE)
    assert command.only == ("heads=1, kv_heads=1/3",)


def test_several_cells_are_a_list() -> None:
    command = arguments(["grid=heads", 'only=[none/0, "a, b/1"]'], USAGE)
    assert command.only == ("none/0", "a, b/1")


def test_a_name_for_the_results_replaces_the_grids_own() -> None:
    catalogue = read_catalogue()
    plain = arguments(["grid=positions", "seeds=2"], USAGE)
    named = arguments(["grid=positions", "seeds=2", "name=quick"], USAGE)
    assert results_name(plain, grid_of(plain, catalogue)).startswith("positions+")
    assert results_name(named, grid_of(named, catalogue)) == "quick"


WRONG = (
    ([], ("no grid is named", "expected grid=NAME", "positions")),
    (["positions"], ("not key=value: positions", "did you mean grid=positions?")),
    (["grid=positions", "seeds", "5"], ("not key=value: seeds", "write seeds=5")),
    (["grid=positions", "--jsn"], ("unknown option --jsn", "did you mean --json?")),
    (["grid=positions", "--workers"], ("unknown option --workers", "did you mean workers=...?")),
    (["grid=positions", "workers=0"], ("no number of workers", "workers = 0")),
    (["grid=positions", "workers=two"], ("no number of workers", "workers = two")),
    (["grid=positions", "executor=ray"], ("ray is not yet an executor",)),
    (["grid=positions", "executor=slurm"], ("unknown executor slurm", "local")),
    (["grid=positions", "name=a/b"], ("no name for results", "name = a/b")),
    (["grid=positions", "name="], ("no name for results",)),
    (["grid=positions", "grid=heads"], ("the key is given twice", "grid")),
    (["grid=positions", "--components"], ("--components needs a path",)),
    (["grid=positions", "only=[1]"], ("no list of cells", "only = [1]")),
)


@pytest.mark.parametrize(("line", "parts"), WRONG)
def test_a_wrong_command_line_is_refused(line: list[str], parts: tuple[str, ...]) -> None:
    with pytest.raises(UserError) as caught:
        arguments(line, USAGE)
    for part in parts:
        assert part in str(caught.value)


def test_help_names_usage_keys_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        arguments(["--help"], USAGE)
    said = capsys.readouterr().out
    assert caught.value.code == 0
    for part in (USAGE, "workers=N", "axes.positions=", "--components PATH", "130"):
        assert part in said
    assert max(len(line) for line in said.splitlines()) <= 80


def test_help_lists_only_what_the_command_takes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments(["--help"], USAGE, ("name",), ("--components", "--help"))
    said = capsys.readouterr().out
    assert "name=NAME" in said
    assert "workers=N" not in said
    assert "--json" not in said


def test_what_names_results_and_components_is_kept_for_the_same_command_again() -> None:
    line = ["grid=positions", "seeds=3", "name=mine", "workers=2", "--components", "my parts"]
    assert arguments(line, USAGE).kept == ("name=mine", "--components", "my parts")


def test_a_folder_without_components_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the folder holds no components"):
        component_paths([tmp_path])


def test_a_command_without_a_grid_needs_none() -> None:
    assert bare_arguments(["--plain"], "help") == Command(plain=True)


def test_bad_input_is_told_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    def bad(_argv: object) -> int:
        raise UserError(Problem("one", "a.yaml:1", "key", "3", ("write 4",)), "two")

    assert exit_code(bad, []) == 2
    assert capsys.readouterr().err == (
        "error: one\n  a.yaml:1   key = 3\n  write 4\nerror: two\n2 errors; nothing was run\n"
    )


def test_interruption_has_a_code_of_its_own() -> None:
    def stopped(_argv: object) -> int:
        raise KeyboardInterrupt

    assert exit_code(stopped, []) == 130


def test_a_disk_that_is_full_is_told_and_other_errors_are_ours(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full(_argv: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "runs/ab.lock")

    def broken(_argv: object) -> int:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "runs/ab.lock")

    assert exit_code(full, []) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: the disk refuses: No space left on device\n  runs/ab.lock\n")
    assert "ABLATIONS_STORE=FOLDER" in said
    with pytest.raises(FileNotFoundError):
        exit_code(broken, [])


def test_other_codes_are_the_commands_own() -> None:
    assert exit_code(len, ["a"]) == 1


def test_component_paths_are_the_projects_and_the_command_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text('[tool.ablations]\ncomponents = ["mine"]\n')
    assert component_paths([Path("theirs"), Path("mine")]) == (Path("mine"), Path("theirs"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[tool.ablations]\ncomponents = "mine"\n', "no list of paths"),
        ("[tool.ablations\n", "not TOML"),
    ],
)
def test_wrong_settings_of_the_project_are_refused(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text(text)
    with pytest.raises(UserError, match=said):
        component_paths([])
