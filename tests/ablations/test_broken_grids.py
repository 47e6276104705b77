import subprocess
import sys
from pathlib import Path

import pytest

from ablations.grid import grid_names, read_grid
from components.catalogue import read_catalogue
from components.errors import UserError
from tests.ablations.broken_grids import BROKEN, Broken, axes, extra, grid
from tests.ablations.broken_yaml import BROKEN_YAML

CATALOGUE = read_catalogue()


def errors_of(path: Path, *overrides: str) -> UserError:
    with pytest.raises(UserError) as caught:
        read_grid(str(path), overrides, CATALOGUE)
    return caught.value


def written(folder: Path, text: str) -> Path:
    path = folder / "question.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("broken", [*BROKEN, *BROKEN_YAML], ids=lambda broken: broken.why)
def test_a_broken_grid_is_refused_with_what_its_author_needs(
    broken: Broken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    error = errors_of(written(tmp_path, broken.text).relative_to(tmp_path))
    for part in broken.parts:
        assert part in str(error)
    if broken.line is not None:
        assert error.problems[0].place == f"question.yaml:{broken.line}"
    assert "Traceback" not in str(error)


def test_the_good_grid_of_the_table_is_good(tmp_path: Path) -> None:
    assert read_grid(str(written(tmp_path, grid())), (), CATALOGUE).baseline == "rotary"


def test_every_problem_is_told_at_once_and_only_once(tmp_path: Path) -> None:
    text = (
        "question: no\nbaseline: {positions: rotari}\nset: {model.widt: 3, training.steps: x}\n"
        "axes: {positions: [rotary, nothing, {linspace: {edg: 1}}]}\nsedes: 3\nmargin: -1\n"
    )
    error = errors_of(written(tmp_path, text))
    keys = [problem.key for problem in error.problems]
    assert sorted(keys) == [
        "axes.positions[1]",
        "axes.positions[2].linspace.edg",
        "baseline.positions",
        "margin",
        "question",
        "sedes",
        "set.model.widt",
        "set.training.steps",
    ]


def test_a_value_that_is_read_in_two_ways_is_not_blamed_twice(tmp_path: Path) -> None:
    assert len(errors_of(written(tmp_path, extra("set: {training.clip: no}"))).problems) == 1


def test_a_key_that_is_misspelt_is_not_missed_as_well(tmp_path: Path) -> None:
    text = "quetsion: Q\nbasline: {positions: rotary}\naxis: {positions: [rotary, none]}\n"
    found = [problem.what for problem in errors_of(written(tmp_path, text)).problems]
    assert found == ["unknown key quetsion", "unknown key basline", "unknown key axis"]


def test_a_switch_that_is_read_in_two_ways_is_told_once_with_what_to_write(tmp_path: Path) -> None:
    text = axes("rotary, {linspace: {per_head: yes}}")
    (problem,) = errors_of(written(tmp_path, text)).problems
    assert problem.key == "axes.positions[1].linspace.per_head"
    assert problem.hints == ("write true",)
    override = "axes.positions=[rotary, {linspace: {per_head: yes}}]"
    (same,) = errors_of(written(tmp_path, grid()), override).problems
    assert (same.key, same.hints) == (problem.key, problem.hints)


def test_heads_that_do_not_divide_the_width_are_told_beside_other_errors(tmp_path: Path) -> None:
    error = errors_of(written(tmp_path, extra("sedes: 3")), "set.model.heads=5")
    assert {problem.key for problem in error.problems} == {"sedes", "set.model.heads"}


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("question: Q\nbaseline:\n\tpositions: none\n", "there is a tab: indent with spaces"),
        (grid(axes="axes: {positions: [rotary, none}\n"), "a list that begins with ["),
        ("question: Q\nbaseline: {positions: none\naxes: {}\n", "a mapping that begins with {"),
        ("question: Q: and more\n", "a second colon on the line"),
        ('question: "Q\n', "no closing one"),
    ],
)
def test_what_the_parser_says_is_said_in_plain_words_too(
    text: str, advice: str, tmp_path: Path
) -> None:
    (problem,) = errors_of(written(tmp_path, text)).problems
    assert problem.what.startswith("not YAML: ")
    assert problem.hints[0].startswith(advice) or advice in problem.hints[0]


def test_a_file_that_is_not_utf_8_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "question.yaml"
    path.write_bytes(b"question: Q\nbaseline: {positions: rot\xe4ry}\n")
    problem = errors_of(path).problems[0]
    assert problem.what == "the file is not UTF-8"
    assert problem.place.endswith("question.yaml:2")


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    path = tmp_path / "question.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + grid().encode())
    assert read_grid(str(path), (), CATALOGUE).question == "Is it so?"


def test_a_control_character_is_named_with_its_line(tmp_path: Path) -> None:
    problem = errors_of(written(tmp_path, "question: Q\nbaseline: \x07\n")).problems[0]
    assert "control character" in problem.what
    assert problem.place.endswith("question.yaml:2")


def test_an_alias_bomb_is_refused_in_no_time(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    error = errors_of(written(tmp_path, "\n".join(lines)))
    assert "an alias has no place in a grid" in str(error)


@pytest.mark.parametrize("name", ["postions", "grids/positions", "../positions", ""])
def test_a_grid_that_does_not_exist_is_named_with_those_that_do(name: str) -> None:
    with pytest.raises(UserError, match="unknown grid") as caught:
        read_grid(name, (), CATALOGUE)
    assert ", ".join(grid_names()) in str(caught.value)


def test_a_component_that_lies_nearby_is_told_how_to_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine" / "positions").mkdir(parents=True)
    (tmp_path / "mine" / "positions" / "peek.py").touch()
    told = "there is mine/positions/peek.py: load it with --components mine"
    assert told in str(errors_of(written(tmp_path, axes("rotary, peek"))))
    assert told in str(errors_of(written(tmp_path, extra("set: {positions.peek.far: 3}"))))
    assert "--components" not in str(errors_of(written(tmp_path, axes("rotary, pek"))))


def test_a_misspelt_grid_has_a_nearest_name() -> None:
    with pytest.raises(UserError, match=r"did you mean positions\?"):
        read_grid("postions", (), CATALOGUE)


def test_a_path_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UserError, match="no such grid file"):
        read_grid("nowhere/positions.yaml", (), CATALOGUE)


def test_a_file_whose_name_is_no_word_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "my grid.yaml"
    path.write_text(grid(), encoding="utf-8")
    with pytest.raises(UserError, match="the name of a grid is a word"):
        read_grid(str(path), (), CATALOGUE)


OVERRIDES = (
    ("seeds", ("not an override: seeds", "expected key=value")),
    ("seeds=no", ("seeds = no", 'quote it: "no"')),
    ("seeds=0", ("the number of seeds is out of range", "command line   seeds = 0")),
    ("sedes=3", ("unknown key sedes", "did you mean seeds?")),
    ("training.steps=5", ("unknown key training", "write set.training.steps=5")),
    ("axes.positions=[rotary,nope]", ("positions/nope", "command line   axes.positions[1] = nope")),
    ("axes.positions=[]", ("the axis is empty", "command line   axes.positions")),
    ("axes.positions=[rotary", ("not YAML", "command line   axes.positions = [rotary")),
    ("axes.model.heads=[4,1]", ("the baseline has no model.heads",)),
    ("set.training.step=5", ("training has no field step", "did you mean steps?")),
    ("data.corpus=files", ("unknown key data", "write set.data.corpus=files")),
    ("learning_rate=0.1", ("unknown key learning_rate", "write set.optimizer.learning_rate=0.1")),
    ("set.model.heads=5", ("heads do not divide the width", "command line   set.model.heads = 5")),
    ("preset=labtop", ("unknown preset labtop", "did you mean laptop?")),
    ("worker=2", ("unknown key worker", "did you mean workers?")),
    ("baseline.positions=learned", ("not a point of the grid", "baseline.positions = learned")),
    ("question=${oc.env:HOME}", ("an interpolation has no place", "command line   question")),
    ("margin=!!float 1", ("a tag has no place", "command line   margin")),
    ("seeds=&a 3", ("an anchor has no place",)),
    ("match.parameters=mlp.widht", ("command line   match.parameters = mlp.widht",)),
    ("evaluate.lengths=[1]", ("command line   evaluate.lengths[0] = 1", "expected 2 to")),
    ("together=[positions,heads]", ("heads is no axis", "command line   together[1] = heads")),
    ("leave_out=all", ("the grid has axes and leave_out", "command line   leave_out = all")),
    (
        "axes.training.steps={when: {positions: nne}, values: [5, 6]}",
        ("positions/nne", "command line   axes.training.steps.when.positions = nne"),
    ),
    ("seeds.looks=[5,3]", ("each look has more seeds", "command line   seeds.looks = [5, 3]")),
    ("set.data.path=/x", ("does not read data.path", "reads it: add set.data.corpus=files")),
    ("set.data.text_field=body", ("files and hub read it: add set.data.corpus=files or hub",)),
    ("axes.positions[7]=none", ("nothing can be set there", "axes.positions[7] = none")),
)


@pytest.mark.parametrize(("override", "parts"), OVERRIDES)
def test_a_wrong_override_is_refused_as_a_file_would_be(
    override: str, parts: tuple[str, ...], tmp_path: Path
) -> None:
    error = errors_of(written(tmp_path, grid()), override)
    for part in parts:
        assert part in str(error)
    assert error.problems[0].place in ("command line", f"{tmp_path}/question.yaml:2")


def test_a_key_that_is_given_twice_on_the_command_line_is_refused(tmp_path: Path) -> None:
    assert "given twice" in str(errors_of(written(tmp_path, grid()), "seeds=3", "seeds=4"))


def test_wrong_overrides_and_a_wrong_file_are_told_together(tmp_path: Path) -> None:
    error = errors_of(written(tmp_path, extra("margin: x")), "seeds=no", "preset=labtop")
    assert {problem.key for problem in error.problems} == {"margin", "seeds", "preset"}


COMMAND = """
import sys
from ablations.command import arguments, grid_of, main_of
from components.catalogue import read_catalogue
main_of(lambda argv: print(grid_of(arguments(argv, ""), read_catalogue()).name) or 0)
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (axes("rotery, none"), "unknown component positions/rotery"),
        (extra("sedes: 3"), "1 error; nothing was run"),
        ("- a\n", "the file holds a list"),
        ("question: no\nbaseline: {}\nvariants: {a: {memory: xx}}\n", "2 errors; nothing was run"),
    ],
)
def test_a_command_with_a_broken_grid_exits_with_2_and_no_traceback(
    text: str, said: str, tmp_path: Path
) -> None:
    path = written(tmp_path, text)
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, f"grid={path}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
