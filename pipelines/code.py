"""What code means: syntax without comments, docstrings and formatting, and all that it reaches.

From the files that a result comes from, imports within the project are followed to the statements
that are used: a helper that nobody on the way asks for changes nothing. Reached at run time alone,
by a name that no import spells, is nothing but a cell's own components; they are among the files to
begin with. No code is imported to be read. An installed package is not followed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from pipelines.statements import ALL, IMPORTS, Stamp, Statement, stamp, statements_of

PROJECT = Path(__file__).resolve().parents[1]
PACKAGES = ("components", "pipelines")

SILENT = frozenset(
    {
        # declare, find and check components: what they decide stands in the cell itself
        "components/catalogue.py",
        "components/errors.py",
        "components/options.py",
        "components/registry.py",
        # look at a cell, keep its results, name them
        "pipelines/checkpoint.py",
        "pipelines/checks.py",
        "pipelines/code.py",
        "pipelines/cost.py",
        "pipelines/evaluate.py",
        "pipelines/execute.py",
        "pipelines/files.py",
        "pipelines/fingerprint.py",
        "pipelines/runs.py",
        "pipelines/statements.py",
    }
)
"""Modules into which imports are not followed, so that work on them makes no cell stale.

What they do decides no number but in two places, where it must be without effect and tests say that
it is: `checkpoint.restore` puts a training back to where it was stopped, and `registry.build` hands
a component the options that stand in the cell. Single functions of these modules that do decide one
are named where code begins (`pipelines.fingerprint`).
"""

_INSTALLED = frozenset({"site-packages", "dist-packages"})

_Target = tuple[Path, str]  # a file, and a name in it or ALL


@dataclass(frozen=True)
class Module:
    """The reached meaning of one file.

    Fields:
        digest: of everything that is reached, 20 hexadecimal digits.
        parts: a short digest of each function and method (`Rotary.on_scores`), and of the rest.
    """

    digest: str
    parts: Mapping[str, str]


def reached(
    wanted: Mapping[Path, Iterable[str]], extra: Sequence[Path] = ()
) -> Mapping[str, Module]:
    """Return what the wanted names of some files reach, by file.

    A file of the project is called by its path within it (`components/positions/rotary.py`), one of
    the user's by its name, so that nothing depends on where either lies.

    Args:
        wanted: names by file, or ALL of it.
        extra: the user's component files; they may import one another.
    """
    asked = tuple((path, tuple(names)) for path, names in wanted.items())
    key = (Path.cwd(), asked, *extra)
    known = _known.get(key)
    if known is None or any(stamp(path) != then for path, then in known.stamps.items()):
        followed = _followed(asked, extra)
        stamps = {path: stamp(path) for path in followed}
        modules = {path: _module(found) for path, found in followed.items() if found}
        known = _known[key] = _Known(stamps, dict(sorted(_named(modules))))
    return known.modules


def _followed(
    asked: Iterable[tuple[Path, Iterable[str]]], extra: Sequence[Path]
) -> dict[Path, list[Statement]]:
    """Return the statements that are reached, in their order, of every file that is met."""
    ours = {f"user_components.{path.parent.name}.{path.stem}": path.resolve() for path in extra}
    todo = [(path.resolve(), name) for path, names in asked for name in names]
    done: set[_Target] = set()
    kept: dict[Path, set[int]] = {}
    while todo:
        path, name = todo.pop()
        if (path, name) in done:
            continue
        done.add((path, name))
        if path not in kept:
            kept[path] = set()
            everything = [each for statement in statements_of(path) for each in statement.imports]
            # an import that is not used still does what its module does when it is imported
            todo += [(found, "") for found, _ in _targets(everything, path, ours)]
        indices = kept[path]
        for index, statement in enumerate(statements_of(path)):
            if statement.answers(name) and index not in indices:
                indices.add(index)
                todo += [(path, read) for read in statement.reads]
                todo += _targets(statement.imports, path, ours)
    return {
        path: [statements_of(path)[index] for index in sorted(indices)]
        for path, indices in kept.items()
    }


@dataclass(frozen=True)
class _Known:
    """An answer, and the files that it was read from as they were."""

    stamps: Mapping[Path, Stamp | None]
    modules: Mapping[str, Module]


_known: dict[tuple[object, ...], _Known] = {}


def _targets(
    imports: Iterable[tuple[str, str]], importer: Path, ours: Mapping[str, Path]
) -> Iterator[_Target]:
    """Yield the files that an import leads to, and what is asked of them."""
    for module, name in imports:
        for parent in _parents(module):  # importing a module runs its packages first
            yield from _target(parent, "", importer, ours)
        inner = f"{module}{name}" if module.endswith(".") else f"{module}.{name}"
        within = name != ALL and _file(inner, importer, ours) is not None
        yield from _target(module, "" if within else name, importer, ours)
        if within:
            yield from _target(inner, ALL, importer, ours)


def _target(module: str, name: str, importer: Path, ours: Mapping[str, Path]) -> Iterator[_Target]:
    path = _file(module, importer, ours)
    if path is not None and _name_of(path) not in SILENT:
        yield path, name


def _parents(module: str) -> Iterator[str]:
    steps = module.lstrip(".")
    dots = module.removesuffix(steps)
    while steps := steps.rpartition(".")[0]:
        yield f"{dots}{steps}"
    if dots and module != dots:
        yield dots


def _file(module: str, importer: Path, ours: Mapping[str, Path]) -> Path | None:
    """Return the file of a module, None where it is neither the project's nor the user's."""
    if module in ours:
        return ours[module]
    *steps, last = module.lstrip(".").split(".")
    names = (f"{last}.py", f"{last}/__init__.py") if last else ("__init__.py",)
    candidates = (
        root.joinpath(*steps, name) for root in _roots(module, importer) for name in names
    )
    return next((path.resolve() for path in candidates if path.is_file()), None)


def _roots(module: str, importer: Path) -> Sequence[Path]:
    """Return the folders in which the path of a module may begin.

    `python -m` puts the working directory before everything else, and so it comes first.
    """
    level = len(module) - len(module.lstrip("."))
    if level:
        return (importer.parents[min(level, len(importer.parents)) - 1],)
    if module.partition(".")[0] in PACKAGES:
        return (PROJECT,)
    if _is_projects(importer):
        return ()
    here = Path.cwd()
    return (importer.parent,) if _INSTALLED & {*here.parts} else (here, importer.parent)


def _module(statements: Sequence[Statement]) -> Module:
    texts: dict[str, list[str]] = {}
    for statement in statements:
        for part, text in statement.parts.items():
            texts.setdefault(part, []).append(text)
    # the order of functions and of imports means nothing, that of other statements does
    texts[IMPORTS] = sorted(texts.get(IMPORTS, []))
    parts = {part: "\n".join(lines) for part, lines in sorted(texts.items())}
    whole = "\0".join(f"{part}\0{text}" for part, text in parts.items())
    short = {part: _digest(text, 4) for part, text in parts.items()}
    return Module(_digest(whole, 10), short)


def _named(modules: Mapping[Path, Module]) -> Iterator[tuple[str, Module]]:
    """Give each file its name; users' files of one name are told apart by their folder."""
    names = [_name_of(path) for path in modules]
    for path, name in zip(modules, names, strict=True):
        yield (name if names.count(name) == 1 else f"{path.parent.name}/{name}"), modules[path]


def _name_of(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix() if _is_projects(path) else path.name


def _is_projects(path: Path) -> bool:
    return any(path.is_relative_to(PROJECT / package) for package in PACKAGES)


def _digest(text: str, size: int) -> str:
    return blake2b(text.encode(), digest_size=size).hexdigest()
