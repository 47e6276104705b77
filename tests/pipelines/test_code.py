import ast
import os

import pytest

from pipelines.code import PROJECT, SILENT, reached
from pipelines.fingerprint import EVALUATION, TRAINING
from pipelines.statements import ALL, statements_of

FILES = sorted(PROJECT.glob("components/**/*.py"))

PLAIN = """
from math import cos, sin
import re

SIZE = 3

class Turn:
    angle = 1.0

    def on(self, x):
        return x * cos(self.angle)

    def off(self, x):
        return x

def half(x):
    return x / 2
"""

ON = "    def on(self, x):\n        return x * cos(self.angle)\n"
OFF = "    def off(self, x):\n        return x\n"

SAME = {
    "comment": PLAIN.replace("SIZE = 3", "# how large\nSIZE = 3  # units"),
    "module docstring": '"""All about turning."""' + PLAIN,
    "class docstring": PLAIN.replace("Turn:", 'Turn:\n    """Turn.\n\n    Options:\n    """'),
    "function docstring": PLAIN.replace("def half(x):", 'def half(x):\n    """Half."""'),
    "attribute docstring": PLAIN.replace("SIZE = 3", 'SIZE = 3\n"""Units."""'),
    "formatting": PLAIN.replace("x * cos(self.angle)", "(\n            x*cos( self.angle )\n)"),
    "spelling of a number": PLAIN.replace("SIZE = 3", "SIZE = 0x3"),
    "order of imports": PLAIN.replace("cos, sin", "sin").replace(
        "import re", "import re\nfrom math import cos"
    ),
    "order of methods": PLAIN.replace(f"{ON}\n{OFF}", f"{OFF}\n{ON}"),
    "imports for type checkers": PLAIN + "\nif TYPE_CHECKING:\n    from os import PathLike\n",
}

OTHER = {
    "constant": (PLAIN.replace("SIZE = 3", "SIZE = 4"), "module level"),
    "attribute": (PLAIN.replace("angle = 1.0", "angle = 2.0"), "Turn"),
    "base": (PLAIN.replace("class Turn:", "class Turn(dict):"), "Turn"),
    "decorator": (PLAIN.replace("class Turn:", "@final\nclass Turn:"), "Turn"),
    "formula": (PLAIN.replace("x * cos", "x + cos"), "Turn.on"),
    "default": (PLAIN.replace("def half(x)", "def half(x=1)"), "half"),
    "import": (PLAIN.replace("from math", "from numpy"), "imports"),
    "string": (PLAIN.replace("x / 2", "x / int('2')"), "half"),
}


def meaning(folder, text, name="own.py"):
    (folder / name).write_text(text)
    return reached({folder / name: (ALL,)})[name]


@pytest.mark.parametrize("text", SAME.values(), ids=SAME)
def test_what_does_nothing_means_nothing(tmp_path, text):
    assert text != PLAIN
    assert meaning(tmp_path, text, "a.py") == meaning(tmp_path, PLAIN, "b.py")


@pytest.mark.parametrize(("text", "part"), OTHER.values(), ids=OTHER)
def test_a_change_changes_its_part_alone(tmp_path, text, part):
    before, after = meaning(tmp_path, PLAIN, "a.py"), meaning(tmp_path, text, "b.py")
    assert before.digest != after.digest
    assert {each for each in after.parts if before.parts[each] != after.parts[each]} == {part}


@pytest.mark.parametrize("file", FILES, ids=lambda each: each.relative_to(PROJECT).as_posix())
def test_every_component_means_what_it_does_without_comments_and_with_other_docstrings(
    tmp_path, file
):
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
            written = ast.get_docstring(node) is not None
            node.body[: int(written)] = [ast.Expr(ast.Constant("Another docstring."))]
    (tmp_path / file.name).write_text(ast.unparse(ast.fix_missing_locations(tree)))
    ours, theirs = statements_of(file), statements_of(tmp_path / file.name)
    assert ours == theirs


def test_a_change_is_seen_though_the_answer_is_remembered(tmp_path):
    before = meaning(tmp_path, PLAIN)
    assert meaning(tmp_path, PLAIN + "\nSIZE = 5\n") != before


def test_a_change_of_the_same_size_is_seen(tmp_path):
    before = meaning(tmp_path, PLAIN)
    (tmp_path / "own.py").write_text(PLAIN.replace("SIZE = 3", "SIZE = 4"))
    os.utime(tmp_path / "own.py", ns=(1, 1))
    assert reached({tmp_path / "own.py": (ALL,)})["own.py"] != before


def changed_by(
    folder, helper, other, own="from helper import used\n\nX = used()\n", name="helper.py"
):
    """Whether what `own.py` reaches changes when its helper is rewritten."""
    (folder / "own.py").write_text(own)
    (folder / name).write_text(helper)
    before = reached({folder / "own.py": (ALL,)})
    (folder / name).write_text(other)
    return before != reached({folder / "own.py": (ALL,)})


HELPER = """
BASE = 1

def used():
    return inner()

def inner():
    return BASE

def unused():
    return 1
"""


def test_a_helper_that_is_used_counts(tmp_path):
    assert changed_by(tmp_path, HELPER, HELPER.replace("return inner()", "return 2 * inner()"))


def test_what_a_used_helper_uses_counts(tmp_path):
    assert changed_by(tmp_path, HELPER, HELPER.replace("return BASE", "return -BASE"))


def test_a_constant_that_a_used_helper_reads_counts(tmp_path):
    assert changed_by(tmp_path, HELPER, HELPER.replace("BASE = 1", "BASE = 2"))


def test_a_helper_that_nobody_uses_does_not_count(tmp_path):
    assert not changed_by(tmp_path, HELPER, HELPER.replace("return 1\n", "return 2\n"))


def test_a_statement_with_an_effect_counts_though_nobody_names_it(tmp_path):
    assert changed_by(tmp_path, HELPER, HELPER + "\nregister(1)\n")


def test_an_import_counts_for_its_effects_though_it_is_not_used(tmp_path):
    own = "import helper\n"
    assert changed_by(tmp_path, "register(1)\n", "register(2)\n", own)


def test_so_does_an_import_that_a_helper_does_not_use(tmp_path):
    (tmp_path / "middle.py").write_text("import helper\n\ndef used():\n    return 1\n")
    own = "from middle import used\n\nX = used()\n"
    assert changed_by(tmp_path, "register(1)\n", "register(2)\n", own)


def test_everything_of_a_module_counts_that_is_imported_whole(tmp_path):
    own = "import helper\n\nX = helper.used()\n"
    assert changed_by(tmp_path, HELPER, HELPER.replace("return inner()", "return 2"), own)


def test_everything_counts_of_which_everything_is_imported(tmp_path):
    assert changed_by(
        tmp_path, HELPER, HELPER.replace("return 1\n", "return 2\n"), "from helper import *\n"
    )


def test_an_import_inside_a_function_is_followed(tmp_path):
    own = "def late():\n    from helper import used\n    return used()\n"
    assert changed_by(tmp_path, HELPER, HELPER.replace("return inner()", "return 2"), own)


def test_an_import_for_type_checkers_is_not_followed(tmp_path):
    own = "if TYPE_CHECKING:\n    from helper import used\n"
    assert not changed_by(tmp_path, HELPER, HELPER.replace("return inner()", "return 2"), own)


def test_a_name_that_is_handed_on_is_followed_to_its_source(tmp_path):
    (tmp_path / "middle.py").write_text("from helper import used as used\n")
    own = "from middle import used\n\nX = used()\n"
    assert changed_by(tmp_path, HELPER, HELPER.replace("return inner()", "return 2"), own)


def test_a_module_of_a_package_is_followed(tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    own = "from package import helper\n\nX = helper.used()\n"
    other = HELPER.replace("return inner()", "return 2")
    assert changed_by(tmp_path, HELPER, other, own, "package/helper.py")


def test_a_change_to_an_object_at_import_counts(tmp_path):
    assert changed_by(tmp_path, HELPER + "\nTABLE['a'] = 1\n", HELPER + "\nTABLE['a'] = 2\n")


def package(folder, inner):
    """A package whose `inner.py` imports from `deep/helper.py`."""
    (folder / "package" / "deep").mkdir(parents=True)
    for within in ("", "deep"):
        (folder / "package" / within / "__init__.py").write_text("")
    (folder / "package" / "deep" / "inner.py").write_text(inner)
    return "from package.deep import inner\n\nX = inner.X\n"


@pytest.mark.parametrize(
    ("inner", "helper"),
    [
        ("from .helper import used\n\nX = used()\n", "package/deep/helper.py"),
        ("from . import helper\n\nX = helper.used()\n", "package/deep/helper.py"),
        ("from ..helper import used\n\nX = used()\n", "package/helper.py"),
        ("from .. import used\n\nX = used()\n", "package/__init__.py"),
    ],
)
def test_an_import_that_is_named_from_its_importer_is_followed(tmp_path, inner, helper):
    own = package(tmp_path, inner)
    other = HELPER.replace("return inner()", "return 2")
    assert changed_by(tmp_path, HELPER, other, own, helper)


def test_an_import_from_beside_runs_the_package(tmp_path):
    own = package(tmp_path, "from ..helper import used\n\nX = used()\n")
    (tmp_path / "package" / "helper.py").write_text(HELPER)
    init = "package/__init__.py"
    assert changed_by(tmp_path, "register(1)\n", "register(2)\n", own, init)


def test_a_helper_in_the_working_directory_is_found(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "own.py").write_text("from helper import used\n\nX = used()\n")
    (tmp_path / "helper.py").write_text(HELPER)
    own = {tmp_path / "mine" / "own.py": (ALL,)}
    assert set(reached(own)) == {"own.py"}
    monkeypatch.chdir(tmp_path)
    assert set(reached(own)) == {"own.py", "helper.py"}


def test_an_installed_package_is_not_followed(tmp_path, monkeypatch):
    here = tmp_path / "site-packages"
    (tmp_path / "mine").mkdir()
    here.mkdir()
    (tmp_path / "mine" / "own.py").write_text("from helper import used\n\nX = used()\n")
    (here / "helper.py").write_text(HELPER)
    monkeypatch.chdir(here)
    assert set(reached({tmp_path / "mine" / "own.py": (ALL,)})) == {"own.py"}


def test_files_of_one_name_are_told_apart_by_their_folder(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "own.py").write_text(PLAIN)
    found = reached({tmp_path / folder / "own.py": (ALL,) for folder in ("one", "two")})
    assert set(found) == {"one/own.py", "two/own.py"}


def test_user_files_may_import_one_another_by_the_name_they_are_loaded_under(tmp_path):
    mine, base = tmp_path / "mine" / "a.py", tmp_path / "other" / "b.py"
    for path in (mine, base):
        path.parent.mkdir()
    mine.write_text("from user_components.other.b import used\n\nX = used()\n")
    base.write_text(HELPER)
    assert set(reached({mine: (ALL,)}, [mine, base])) == {"a.py", "b.py"}


def test_every_name_that_a_training_or_an_evaluation_begins_with_exists():
    for path, names in [*TRAINING.items(), *EVALUATION.items()]:
        defined = {name for statement in statements_of(path) for name in statement.binds}
        assert set(names) <= {ALL, *defined}, path


def test_a_training_reaches_what_reads_a_window_and_nothing_that_only_reports():
    found = reached(TRAINING)
    assert {"pipelines/train.py", "pipelines/windows.py", "components/initialise.py"} <= set(found)
    assert not set(found) & SILENT


def test_every_silent_module_exists():
    assert all((PROJECT / name).exists() for name in SILENT)
