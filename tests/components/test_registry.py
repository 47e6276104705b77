"""Components are registered and built from their class alone; the user's files as well."""

import sys

import pytest

from components import registry
from components.errors import UserError
from components.options import Choice
from components.registry import build, component, component_class, load_files
from tests.builders import random_decoder, sizes, some_tokens, windowed

FILE = '''"""Keys turned into noise."""

from components.positions import Positions
from components.registry import component


@component("positions", "{name}")
class Shifted(Positions):
    """Add a number to every query.

    Formula:  q + shift.
    Shapes:   queries [batch, heads, queries, head_width].
    Options:
        shift: in units of the query.
    Errors:   none.
    Source:   a test.
    """

    def __init__(self, sizes, *, shift: float = 1.0) -> None:
        super().__init__(sizes)
        self.shift = shift

    def on_queries_and_keys(self, seen):
        return seen.queries + self.shift, seen.keys
'''


@pytest.fixture(autouse=True)
def _registered_again(monkeypatch):
    """What a test registers is forgotten behind it."""
    monkeypatch.setattr(registry, "_found", dict(registry._found))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))


def written(folder, name, text=FILE):
    file = folder / f"{name}.py"
    file.write_text(text.format(name=name), encoding="utf-8")
    return file


def test_a_component_is_found_by_its_file():
    assert component_class("positions", "rotary").__name__ == "Rotary"
    assert component_class("model", "decoder").__name__ == "Decoder"


def test_a_file_of_the_user_is_registered_and_built(tmp_path):
    load_files([written(tmp_path, "shifted")])
    made = build(Choice("positions", "shifted", {"shift": 2.0}), sizes())
    assert made.shift == 2.0
    model = random_decoder()
    model.layers[0].positions = made
    assert windowed(model, some_tokens()).isfinite().all()


def test_a_file_is_loaded_once(tmp_path):
    file = written(tmp_path, "shifted")
    load_files([file])
    first = component_class("positions", "shifted")
    load_files([file])
    assert component_class("positions", "shifted") is first


def test_two_folders_may_have_a_file_of_one_name(tmp_path):
    files = []
    for folder in ("one", "two"):
        (tmp_path / folder / "positions").mkdir(parents=True)
        file = tmp_path / folder / "positions" / "own.py"
        file.write_text(FILE.format(name=f"own_{folder}"), encoding="utf-8")
        files.append(file)
    load_files([*files, *files])
    classes = [component_class("positions", f"own_{folder}") for folder in ("one", "two")]
    assert [sys.modules[each.__module__].__file__ for each in classes] == [str(f) for f in files]


def test_files_of_the_user_import_one_another_by_folder_and_file(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.py").write_text("VALUE = 3\n", encoding="utf-8")
    text = "from user_components.mine.a import VALUE\n\nTWICE = 2 * VALUE\n"
    (tmp_path / "mine" / "b.py").write_text(text, encoding="utf-8")
    load_files([tmp_path / "mine" / "a.py", tmp_path / "mine" / "b.py"])
    assert sys.modules["user_components.mine.b"].TWICE == 6


def test_what_is_no_python_file_is_refused(tmp_path):
    with pytest.raises(UserError, match="not a Python file"):
        load_files([tmp_path / "notes.txt"])


def test_a_name_that_is_taken_is_refused(tmp_path):
    component_class("positions", "rotary")
    with pytest.raises(UserError, match=r"positions/rotary is components\.positions\.rotary"):
        load_files([written(tmp_path, "rotary")])


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("nn.Parameter\n", "NameError: name 'nn' is not defined"),
        ("def twice(x):\n    return 2 * y\n\ntwice(1)\n", "NameError: name 'y' is not defined"),
        ("import components.nothing\n", "ModuleNotFoundError: No module named"),
        ("x = (\n", "SyntaxError: '(' was never closed"),
    ],
)
def test_what_goes_wrong_while_a_file_is_imported_is_told_with_its_line(tmp_path, line, what):
    file = tmp_path / "mine.py"
    file.write_text(f"X = 1\n{line}", encoding="utf-8")
    for _ in range(2):  # and again, of a file that is half imported
        with pytest.raises(UserError) as refused:
            load_files([file])
        (problem,) = refused.value.problems
        assert problem.what.startswith(f"the component file cannot be imported: {what}")
        assert problem.place == f"{file}:{3 if 'twice' in line else 2}"


def test_an_option_without_a_type_is_refused():
    class Untyped:
        """Do nothing.

        Options:
            edge: height.
        """

        def __init__(self, *, edge=1.0):
            self.edge = edge

    with pytest.raises(UserError, match="positions/untyped: option edge has no type"):
        component("positions", "untyped")(Untyped)


def test_an_option_without_a_description_is_refused():
    class Silent:
        """Do nothing."""

        def __init__(self, *, edge: float = 1.0):
            self.edge = edge

    with pytest.raises(UserError, match="positions/silent: option edge is not described"):
        component("positions", "silent")(Silent)


def test_a_value_out_of_range_names_its_option():
    with pytest.raises(UserError) as refused:
        build(Choice("positions", "rotary", {"base": 0.0}), sizes())
    (problem,) = refused.value.problems
    assert problem.what == "positions/rotary: base: 0.0 is not above 1"
    assert problem.key == "base"


def test_a_refusal_that_names_no_option_keeps_its_sentence():
    with pytest.raises(UserError) as refused:
        build(Choice("positions", "sinusoidal", {}), sizes(width=7))
    (problem,) = refused.value.problems
    assert problem.what == "positions/sinusoidal: sinusoidal needs an even model.width, not 7"
    assert problem.key == ""
