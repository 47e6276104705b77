"""The embedded corpus: docstrings of three pinned packages, which every installation has already.

About 7 MB of technical English with code in it, made from installed files, so that a first run
needs no download. It is documentation, not general prose, and reports say so.
"""

import ast
import inspect
import warnings
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, metadata, version
from importlib.util import find_spec
from pathlib import Path

from components.errors import Problem, UserError

VERSIONS = {"networkx": "3.6.1", "pandas": "3.1.1", "sqlalchemy": "2.1.9"}
"""Package -> the version whose docstrings are meant."""

DIGEST = "ae0a4d06be8c3aab7ce6"
"""`digest_of` the text of these versions."""

SHORTEST = 200
"""Docstrings of so many characters or fewer are left out: they are single sentences."""

NOT_DOCUMENTATION = {"tests", "testing"}
"""Folders that are left out; some distributions do not install them."""


def installed() -> dict[str, str | None]:
    """Return the version of each package that is here; None where it is not installed."""
    return {name: _version(name) for name in VERSIONS}


def licences() -> list[dict[str, str]]:
    """Return package, version and licence of each source, from what is installed."""
    return [
        {"package": name, "version": expected, "licence": _licence(name)}
        for name, expected in VERSIONS.items()
    ]


def documents() -> list[str]:
    """Return the docstrings, in the order of module and name, each text once.

    Raises:
        UserError: other versions are installed, or their files are not the published ones.
    """
    _refuse_other_versions()
    texts = extract({name: _folder(name) for name in VERSIONS})
    found = digest_of(texts)
    if found != DIGEST:
        raise UserError(
            Problem(
                "the docstrings of the embedded corpus are not those of the published packages",
                key="data.corpus",
                value="embedded",
                hints=(
                    f"expected the text with digest {DIGEST}, found {found}",
                    f"pip install --force-reinstall --no-deps {_requirements()}",
                    *_OTHER_TEXT,
                ),
            )
        )
    return texts


def extract(folders: dict[str, Path]) -> list[str]:
    """Return the long docstrings of packages, cleaned, by (module, name), each text once.

    Args:
        folders: package -> its folder.
    """
    found = sorted(
        (module, name, text)
        for package, folder in folders.items()
        for module, file in _modules(package, folder)
        for name, text in _docstrings(file)
        if len(text) > SHORTEST
    )
    return list(dict.fromkeys(text for _, _, text in found))


def digest_of(texts: Iterable[str]) -> str:
    """Return the digest of texts in their order, 20 hexadecimal digits."""
    digest = blake2b(digest_size=10)
    for text in texts:
        content = text.encode()
        digest.update(len(content).to_bytes(8, "big"))
        digest.update(content)
    return digest.hexdigest()


_OTHER_TEXT = ("or train on other text: set.data.corpus=files set.data.path=FILE_OR_FOLDER",)


def _refuse_other_versions() -> None:
    problems = [
        Problem(
            f"the embedded corpus is made from {name} {VERSIONS[name]}, but "
            + (f"{name} {found} is installed" if found else f"{name} is not installed"),
            key="data.corpus",
            value="embedded",
            hints=(f"pip install {_requirements()}", *_OTHER_TEXT),
        )
        for name, found in installed().items()
        if found != VERSIONS[name]
    ]
    if problems:
        raise UserError(*problems)


def _requirements() -> str:
    return " ".join(f"{name}=={expected}" for name, expected in VERSIONS.items())


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _licence(package: str) -> str:
    declared = metadata(package)
    stated = [declared[key] for key in ("License-Expression", "License") if key in declared]
    return stated[0] if stated else "not stated"


def _folder(package: str) -> Path:
    found = find_spec(package)
    if found is None or found.origin is None:
        raise UserError(f"the package {package} is installed without its source files")
    return Path(found.origin).parent


def _modules(package: str, folder: Path) -> Iterator[tuple[str, Path]]:
    for file in folder.rglob("*.py"):
        parts = file.relative_to(folder).with_suffix("").parts
        if not NOT_DOCUMENTATION.intersection(parts[:-1]):
            yield ".".join((package, *parts)), file


def _docstrings(file: Path) -> Iterator[tuple[str, str]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes in other people's strings
        tree = ast.parse(file.read_bytes())
    yield from _inside(tree, "")


def _inside(node: ast.AST, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        name = f"{name}.{getattr(node, 'name', '')}"
        text = ast.get_docstring(node, clean=False)
        if text:
            yield name, inspect.cleandoc(text)
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield from _inside(child, name)
