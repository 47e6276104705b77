from importlib.metadata import version
from pathlib import Path

import pytest

from components.errors import UserError
from pipelines import embedded
from pipelines.cell import Data
from pipelines.prepare import prepare

LONG = "It says a good deal about what it does. " * 8


def package(folder: Path, files: dict[str, str]) -> dict[str, Path]:
    for name, source in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    return {"toy": folder}


def test_the_embedded_corpus_is_prepared_and_names_itself_and_its_licences(tmp_path):
    facts = prepare(Data(), tmp_path, print).facts
    assert facts["source"].startswith("Docstrings of networkx 3.6.1, pandas 3.1.1 and sqlalchemy")
    assert facts["licence"] == "BSD-3-Clause, MIT"
    assert [each["package"] for each in facts["licences"]] == ["networkx", "pandas", "sqlalchemy"]
    assert facts["train"]["bytes"] > 6_000_000
    assert facts["validation"]["tokens"] >= Data().validation_tokens
    assert facts["left_out"]["duplicates"] == 0


def test_docstrings_of_modules_classes_functions_and_methods_are_found(tmp_path):
    source = f'''"""Module. {LONG}"""
class A:
    """Class. {LONG}"""
    def method(self):
        """Method. {LONG}"""
        async def inner():
            """Inner. {LONG}"""
if True:
    def function():
        """Function. {LONG}"""
def other():
    x = 1
    """No docstring. {LONG}"""
'''
    found = embedded.extract(package(tmp_path, {"a.py": source}))
    assert [text.split(".")[0] for text in found] == [
        "Module",
        "Class",
        "Method",
        "Inner",
        "Function",
    ]


def test_docstrings_are_cleaned_of_their_indentation(tmp_path):
    source = f'def f():\n    """\n    First. {LONG}\n\n        Indented.\n    """\n'
    assert embedded.extract(package(tmp_path, {"a.py": source})) == [
        f"First. {LONG}\n\n    Indented."
    ]


def test_short_docstrings_and_tests_and_repetitions_are_left_out(tmp_path):
    files = {
        "a.py": f'"""One. {LONG}"""\ndef f():\n    """Short."""\n',
        "b.py": f'"""One. {LONG}"""\n',
        "tests/test_a.py": f'"""Test. {LONG}"""\n',
        "sub/testing/c.py": f'"""Test. {LONG}"""\n',
    }
    assert embedded.extract(package(tmp_path, files)) == [f"One. {LONG}"]


def test_the_order_is_that_of_modules_whatever_the_order_of_files(tmp_path):
    files = {f"{name}.py": f'"""Module {name}. {LONG}"""\n' for name in ("b", "a/z", "c", "a/b")}
    forward = embedded.extract(package(tmp_path / "1", files))
    backward = embedded.extract(package(tmp_path / "2", dict(reversed(files.items()))))
    assert forward == backward
    assert [text.split()[1] for text in forward] == ["a/b.", "a/z.", "b.", "c."]


def test_other_versions_are_refused_with_the_ones_to_install(monkeypatch):
    monkeypatch.setattr(embedded, "VERSIONS", {"pandas": "0.1", "not-there": "2.0"})
    with pytest.raises(UserError) as error:
        embedded.documents()
    message = str(error.value)
    assert f"made from pandas 0.1, but pandas {version('pandas')} is installed" in message
    assert "made from not-there 2.0, but not-there is not installed" in message
    assert "pip install pandas==0.1 not-there==2.0" in message
    assert "data.corpus=files" in message


def test_edited_package_files_are_refused(monkeypatch):
    monkeypatch.setattr(embedded, "VERSIONS", {"pluggy": version("pluggy")})
    with pytest.raises(UserError, match=r"expected the text with digest \w+, found \w+"):
        embedded.documents()


def test_the_digest_tells_where_a_text_ends():
    assert embedded.digest_of(["ab", "c"]) != embedded.digest_of(["a", "bc"])


def test_licences_are_those_of_the_installed_packages():
    assert {each["package"]: each["licence"] for each in embedded.licences()} == {
        "networkx": "BSD-3-Clause",
        "pandas": "BSD-3-Clause",
        "sqlalchemy": "MIT",
    }


def test_the_pinned_versions_are_the_ones_of_the_constraints():
    lines = Path("constraints.txt").read_text(encoding="utf-8").lower().splitlines()
    assert {f"{name}=={pinned}" for name, pinned in embedded.VERSIONS.items()} <= set(lines)
