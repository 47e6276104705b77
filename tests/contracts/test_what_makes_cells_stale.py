"""Edits on a real copy of the repository: which cells they make stale, seen by a process there."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

DESCRIBE = """
import json, sys
from pathlib import Path
import pipelines
from components.catalogue import read_catalogue
from pipelines.cell import Cell, Data, Evaluation, Training
from pipelines.fingerprint import describe, evaluation_digest, fingerprint

parts = {
    "positions": "rotary", "memory": "none", "mixer": "attention", "mlp": "plain",
    "activation": "gelu", "norm": "layer", "topology": "sequential", "optimizer": "adamw",
    "schedule": "cosine", "batching": "packed",
}
variants = {
    "rotary": {}, "none": {"positions": "none"}, "linspace": {"positions": "linspace"},
    "alibi": {"positions": "alibi"}, "xl": {"memory": "xl"}, "mine": {"positions": "mine"},
}
extra = [Path("mine.py"), Path("users/unused.py")]
catalogue = read_catalogue(extra)

def choice(kind, name):
    return (catalogue.choice(kind, name, {}),)

def cell(changed):
    chosen = {kind: choice(kind, name) for kind, name in {**parts, **changed}.items()}
    return Cell({}, 0, catalogue.choice("model", "decoder", {}), chosen, Data(), Training())

def seen():
    documents = {
        name: describe(cell(changed), "data", "cpu", extra) for name, changed in variants.items()
    }
    return {
        "where": str(Path(pipelines.__file__).parents[1]),
        "documents": documents,
        "cells": {name: fingerprint(document) for name, document in documents.items()},
        "evaluation": evaluation_digest(Evaluation(), cell({})),
    }

for line in sys.stdin:
    print(json.dumps(seen()), flush=True)
"""

MINE = '''"""A component of the user's."""

from components.positions import Positions
from components.registry import component
from helpers import same


@component("positions", "mine")
class Mine(Positions):
    """Leave everything as it is.

    Options:
    """

    def on_embeddings(self, x, positions):
        return same(x)
'''

USERS = {
    "mine.py": MINE,
    "helpers/__init__.py": "from .deep import same\n",
    "helpers/deep.py": "def same(x):\n    return x\n",
    # `unused` lies in a folder of its own and finds what it imports in the working directory
    "users/unused.py": "from elsewhere import sized\n" + MINE.replace('"mine"', '"unused"'),
    "elsewhere.py": "def sized(x):\n    return x\n",
}

EVERY = {"rotary", "none", "linspace", "alibi", "xl", "mine"}


def copied(to):
    for package in ("components", "pipelines"):
        shutil.copytree(ROOT / package, to / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in USERS.items():
        (to / name).parent.mkdir(exist_ok=True)
        (to / name).write_text(text)
    return to


class Repository:
    """A copy, and a process in it that describes the cells as often as it is asked."""

    def __init__(self, folder):
        self.folder = folder
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", DESCRIBE],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.before = self.seen()
        assert self.before["where"] == str(folder)

    def seen(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.communicate()


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    found = Repository(copied(tmp_path_factory.mktemp("repository").resolve()))
    yield found
    found.close()


def edited(path, function, statement):
    """Let a function, `name` or `Class.name`, begin with one more statement."""
    tree = ast.parse(path.read_text())
    body = tree.body
    *owners, name = function.split(".")
    for owner in owners:
        (found,) = (each for each in body if isinstance(each, ast.ClassDef) and each.name == owner)
        body = found.body
    (found,) = (each for each in body if isinstance(each, ast.FunctionDef) and each.name == name)
    found.body.insert(0, ast.parse(statement).body[0])
    path.write_text(ast.unparse(ast.fix_missing_locations(tree)))


def stale_after(repository, file, edit):
    """Return the cells that an edit makes stale, and what is seen after it."""
    path = repository.folder / file
    text = path.read_text() if path.exists() else None
    try:
        edit(path)
        after = repository.seen()
    finally:
        path.unlink() if text is None else path.write_text(text)
    cells = {name for name in EVERY if repository.before["cells"][name] != after["cells"][name]}
    return cells, after


FORMULAS = {
    "rotary": ("components/positions/rotary.py", "Rotary.on_queries_and_keys", {"rotary", "xl"}),
    "linspace": ("components/positions/linspace.py", "Linspace.on_queries_and_keys", {"linspace"}),
    "alibi": ("components/positions/alibi.py", "Alibi.on_scores", {"alibi"}),
    "xl": ("components/memory/xl.py", "Xl.recall", {"xl"}),
    "mine": ("mine.py", "Mine.on_embeddings", {"mine"}),
    "helper in the working directory, by a relative import": ("helpers/deep.py", "same", {"mine"}),
    "unused file of the user's": ("users/unused.py", "Mine.on_embeddings", set()),
    "helper of an unused file": ("elsewhere.py", "sized", set()),
    "what a divergence is": ("pipelines/curve.py", "Curve.settle", EVERY),
    "what is finite": ("pipelines/curve.py", "not_finite", EVERY),
    "none of them": ("components/positions/learned.py", "Learned.on_embeddings", set()),
    "another norm": ("components/norm/rms.py", "RmsNorm.__init__", set()),
    "another schedule": ("components/schedule/constant.py", "Constant.factor", set()),
    "attention": ("components/mixer/attention.py", "attend", EVERY),
    "decoder": ("components/decoder.py", "Decoder.from_embeddings", EVERY),
    "initial values": ("components/initialise.py", "generator_of", EVERY),
    "loop": ("pipelines/train.py", "steps", EVERY),
    "reading": ("pipelines/windows.py", "read", EVERY),
    "kernels": ("pipelines/device.py", "reproducible", EVERY),
    "hardware": ("pipelines/device.py", "hardware", set()),
    "execute": ("pipelines/execute.py", "execute", set()),
    "evaluate": ("pipelines/evaluate.py", "evaluate", set()),
    "store": ("pipelines/runs.py", "read_run", set()),
    "data": ("pipelines/prepare.py", "prepare", set()),
}


@pytest.mark.parametrize(("file", "function", "cells"), FORMULAS.values(), ids=FORMULAS)
def test_an_edit_of_code_makes_exactly_its_cells_stale(repository, file, function, cells):
    stale, _ = stale_after(repository, file, lambda path: edited(path, function, "changed = 2"))
    assert stale == cells


def docstrings(path):
    text = path.read_text()
    assert "Options:" in text
    path.write_text(text.replace("Options:\n", "Options:\n        about: nothing.\n", 1))


def appended(line):
    return lambda path: path.write_text((path.read_text() if path.exists() else "") + line)


HARMLESS = {
    "comment": ("components/positions/rotary.py", appended("\n# It turns.\n")),
    "blank lines": ("components/decoder.py", appended("\n\n\n")),
    "docstring": ("components/positions/rotary.py", docstrings),
    "docstring of the decoder": ("components/decoder.py", docstrings),
    "comment in the loop": ("pipelines/train.py", appended("\n# That is all.\n")),
    "new component": (
        "components/positions/another.py",
        appended(MINE.replace('"mine"', '"another"')),
    ),
    "grid": ("ablations/grids/another.yaml", appended("question: Why?\n")),
    "report": ("reports/page.py", appended("LETTERS = 3\n")),
}


@pytest.mark.parametrize(("file", "edit"), HARMLESS.values(), ids=HARMLESS)
def test_an_edit_that_changes_no_number_makes_none_stale(repository, file, edit):
    (repository.folder / file).parent.mkdir(parents=True, exist_ok=True)
    stale, _ = stale_after(repository, file, edit)
    assert stale == set()


@pytest.mark.parametrize(
    ("file", "function"),
    [
        ("pipelines/evaluate.py", "evaluate"),
        ("pipelines/records.py", "evaluation_row"),
        ("pipelines/records.py", "document_frame"),
    ],
)
def test_code_of_the_evaluation_changes_the_evaluation_alone(repository, file, function):
    stale, after = stale_after(repository, file, lambda path: edited(path, function, "changed = 2"))
    assert stale == set()
    assert after["evaluation"] != repository.before["evaluation"]


@pytest.mark.parametrize("file", ["users/unused.py", "elsewhere.py"])
def test_what_a_file_does_when_it_is_imported_makes_every_cell_stale(repository, file):
    line = "\n\ntorch.set_default_dtype(torch.float64)\n"
    assert stale_after(repository, file, appended(line))[0] == EVERY


def test_another_numpy_makes_every_cell_stale(repository):
    installed = repository.folder / "numpy-0.0.1.dist-info"  # before the real one on the path
    installed.mkdir()
    try:
        metadata = appended("Metadata-Version: 2.1\nName: numpy\nVersion: 0.0.1\n")
        stale, after = stale_after(repository, f"{installed.name}/METADATA", metadata)
    finally:
        installed.rmdir()
    assert stale == EVERY
    assert {document["numpy"] for document in after["documents"].values()} == {"0.0.1"}


def test_it_matters_neither_where_the_repository_lies_nor_which_process_looks(repository, tmp_path):
    other = Repository(copied(tmp_path.resolve()))
    other.close()
    assert other.before["documents"] == repository.before["documents"]


def test_the_changed_function_is_named(repository):
    from pipelines.fingerprint import explain  # noqa: PLC0415  # of this repository

    _, after = stale_after(
        repository,
        "components/positions/rotary.py",
        lambda path: edited(path, "Rotary.on_queries_and_keys", "queries = queries * 2"),
    )
    why = explain(repository.before["documents"]["rotary"], after["documents"]["rotary"])
    assert why == "components/positions/rotary.py: Rotary.on_queries_and_keys changed"
