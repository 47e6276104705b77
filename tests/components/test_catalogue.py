"""The components as `ast` reads them: without torch, with errors that name the line."""

import subprocess
import sys
from typing import Literal

import pytest

from components import catalogue as reader
from components.catalogue import component_files, read_catalogue
from components.errors import UserError
from components.options import REQUIRED

FILE = '''
from components.registry import component

@component("{kind}", "{name}")
class Thing:
    """Do a thing,
    twice.

    Options:
{lines}
    Source: one
        book.
    """

    def __init__(self, sizes, {arguments}) -> None:
        pass
'''


def written(folder, arguments, lines, name="thing", kind="positions"):
    file = folder / f"{name}.py"
    described = "\n".join(f"        {line}: it." for line in lines)
    text = FILE.format(kind=kind, name=name, arguments=arguments, lines=described)
    file.write_text(text, encoding="utf-8")
    return file


def options(folder, arguments, *lines):
    catalogue = read_catalogue([written(folder, arguments, lines)])
    return {each.name: each for each in catalogue.entry("positions", "thing").options}


def test_torch_is_not_imported():
    code = """
import sys
from components.catalogue import read_catalogue
assert len(read_catalogue().entries) > 20
print("torch" in sys.modules, "numpy" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False"]


def test_the_kinds_are_the_folders():
    assert read_catalogue().kinds == (
        "activation",
        "batching",
        "memory",
        "mixer",
        "mlp",
        "model",
        "norm",
        "optimizer",
        "positions",
        "schedule",
        "topology",
    )


@pytest.mark.parametrize(
    ("written_as", "annotation", "default"),
    [
        ("int = 3", int, 3),
        ("float = -1e-3", float, -1e-3),
        ("bool = True", bool, True),
        ("str = 'a'", str, "a"),
        ("int | None = None", int | None, None),
        ('Literal["a", "b"] = "a"', Literal["a", "b"], "a"),
        ('Literal["a"] | None = None', Literal["a"] | None, None),
        ("tuple[float, ...] = (1.0, 2.0)", tuple[float, ...], (1.0, 2.0)),
        ("tuple[int | None, ...] = ()", tuple[int | None, ...], ()),
        ("int", int, REQUIRED),
    ],
)
def test_an_option_is_read_with_type_and_default(tmp_path, written_as, annotation, default):
    option = options(tmp_path, f"*, edge: {written_as}", "edge")["edge"]
    assert (option.annotation, option.default) == (annotation, default)


@pytest.mark.parametrize(
    "written_as", ["list[int] = 3", "Tensor = None", "int = 1 + len('a')", "dict = {}", "int = N"]
)
def test_what_yaml_cannot_say_is_refused_with_its_line(tmp_path, written_as):
    with pytest.raises(UserError) as refused:
        options(tmp_path, f"*, edge: {written_as}", "edge")
    (problem,) = refused.value.problems
    assert problem.what == "positions/thing: option edge cannot be read"
    assert problem.place == f"{tmp_path / 'thing.py'}:15"


def test_an_option_without_a_type_is_refused(tmp_path):
    with pytest.raises(UserError, match="option edge cannot be read"):
        options(tmp_path, "*, edge=1", "edge")


def test_an_option_that_is_not_described_is_refused(tmp_path):
    with pytest.raises(UserError, match="positions/thing: option edge is not described"):
        options(tmp_path, "*, edge: int = 1")


def test_a_file_that_does_not_parse_is_refused_with_its_line(tmp_path):
    file = tmp_path / "broken.py"
    file.write_text("x = 1\nclass (:\n", encoding="utf-8")
    with pytest.raises(UserError) as refused:
        read_catalogue([file])
    assert refused.value.problems[0].place == f"{file}:2"


def test_a_component_of_a_name_that_exists_is_refused(tmp_path):
    with pytest.raises(UserError, match="positions/rotary is declared twice"):
        read_catalogue([written(tmp_path, "*, a: int = 1", ["a"], name="rotary")])


def test_summary_and_source_are_those_of_the_docstring(tmp_path):
    catalogue = read_catalogue([written(tmp_path, "*, a: int = 1", ["a"])])
    entry = catalogue.entry("positions", "thing")
    assert (entry.summary, entry.source) == ("Do a thing,", "one book.")


def test_an_edit_of_a_file_is_read(tmp_path):
    assert options(tmp_path, "*, edge: int = 1", "edge")["edge"].default == 1
    assert options(tmp_path, "*, edge: int = 22", "edge")["edge"].default == 22


def test_a_folder_has_its_python_files_but_for_tests(tmp_path):
    for name in ("a.py", "test_a.py", "_hidden.py", "notes.txt"):
        (tmp_path / name).write_text("", encoding="utf-8")
    assert component_files(tmp_path) == [tmp_path / "a.py"]


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UserError, match="no components at"):
        component_files(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("kind", "name", "what", "hint"),
    [
        ("position", "rotary", "unknown kind position", "did you mean positions?"),
        ("positions", "rotery", "unknown component positions/rotery", "did you mean rotary?"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(kind, name, what, hint):
    with pytest.raises(UserError) as refused:
        read_catalogue().entry(kind, name)
    (problem,) = refused.value.problems
    assert problem.what == what
    assert hint in problem.hints


def test_a_choice_is_complete():
    choice = read_catalogue().choice("positions", "rotary", {"base": 500})
    assert choice.options["base"] == 500.0
    assert choice.options["layout"] == "half"


@pytest.mark.parametrize(
    ("kind", "name"), [("positions", "ramp"), ("memory", "thing")], ids=["name", "kind"]
)
def test_a_component_of_the_project_is_named_like_its_file(tmp_path, monkeypatch, kind, name):
    (tmp_path / "positions").mkdir()
    (tmp_path / "decoder.py").write_text("", encoding="utf-8")
    file = written(tmp_path / "positions", "*, a: int = 1", ["a"], kind=kind)
    text = file.read_text(encoding="utf-8").replace('"thing"', f'"{name}"')
    file.write_text(text, encoding="utf-8")
    monkeypatch.setattr(reader, "HERE", tmp_path)
    with pytest.raises(UserError) as refused:
        read_catalogue()
    (problem,) = refused.value.problems
    assert problem.what == f"{kind}/{name} is declared in positions/thing.py"
    assert problem.place == f"{file}:4"
    assert problem.hints[1] == (
        f'write @component("positions", "thing"), or move it to {kind}/{name}.py'
    )


def test_a_file_of_the_user_may_declare_any_name(tmp_path):
    file = written(tmp_path, "*, a: int = 1", ["a"])
    other = file.rename(tmp_path / "whatever.py")
    assert ("positions", "thing") in read_catalogue([other]).entries


@pytest.mark.parametrize(("folder", "stem"), [("positions", "other"), ("mlp", "thing")])
def test_in_the_folder_of_a_kind_a_component_of_the_user_is_named_like_its_file(
    tmp_path, folder, stem
):
    (tmp_path / folder).mkdir()
    file = written(tmp_path / folder, "*, a: int = 1", ["a"])
    file = file.rename(file.with_name(f"{stem}.py"))
    with pytest.raises(UserError) as refused:
        read_catalogue([tmp_path])
    (problem,) = refused.value.problems
    assert problem.what == f"positions/thing is declared in {folder}/{stem}.py"
    assert problem.place == f"{file}:4"
    assert problem.hints[1] == (
        f'write @component("{folder}", "{stem}"), or move it to positions/thing.py'
    )
