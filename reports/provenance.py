"""Where the numbers of a page come from: code, data, machine, settings, files, commands."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from reports.contrasts import final_losses
from reports.drawings.drawing import Table
from reports.frames import Frames
from reports.importedwords import facts as imported_facts
from reports.intervals import undeclared_looks
from reports.looks import judged, looks_taken
from reports.manifest import Manifest
from reports.numbers import THIN

FILES = (
    "manifest.json",
    "cells.parquet",
    "steps.parquet",
    "evaluations.parquet",
    "documents.parquet",
)
LEFT_OUT = {
    "duplicates": "that repeat another one",
    "shared_paragraphs": "to train on that share a passage with the validation split",
    "blank": "without text",
}
STOPPED = {
    "decided": "every contrast was decided",
    "exhausted": "no further look was declared",
    "budget": "the budget was used up",
}
METHODS = {
    "floored": "floored paired t",
    "paired": "paired t, Bonferroni",
    "always-valid": "always-valid paired t",
    "welch": "Welch, Bonferroni",
}
_TOOLS = ("polars", "plotly", "numpy", "scipy")


@dataclass(frozen=True)
class File:
    """One file the page was made from."""

    name: str
    bytes: int
    digest: str


def digest(path: Path) -> str:
    """Return 20 hexadecimal digits of the BLAKE2b of a file."""
    return hashlib.blake2b(path.read_bytes(), digest_size=10).hexdigest()


def files(folder: Path) -> tuple[File, ...]:
    """List the files of a results folder that a page reads."""
    found = (folder / name for name in FILES)
    return tuple(File(each.name, each.stat().st_size, digest(each)) for each in found)


def facts(frames: Frames) -> tuple[tuple[str, str], ...]:
    """Return the definition list: name, value."""
    manifest = frames.manifest
    data, training = manifest.data, manifest.training
    seen = (("Intervals", _intervals(frames)), ("Seeds judged", _looks(manifest)))
    if manifest.source is not None:
        return (*imported_facts(manifest), *seen)
    return (
        ("Code", _code(manifest)),
        ("Data", f"{data.get('source', 'not said')}"),
        ("Licence", str(data.get("licence", "not said"))),
        ("Split", _split(data)),
        ("Tokenizer", f"{data.get('tokenizer')}, vocabulary {data.get('vocabulary')}"),
        ("Digest of the data", str(data.get("digest"))),
        ("Training", _training(training)),
        ("Evaluated on", ", ".join(_evaluation(each) for each in manifest.evaluations)),
        ("Held equal", _held(manifest)),
        ("Libraries", _libraries(manifest.environment)),
        ("Hardware", _hardware(frames)),
        *seen,
    )


def settings_table(manifest: Manifest) -> Table:
    """Return the resolved settings of the baseline."""
    settings = manifest.variant(manifest.baseline).settings
    rows = tuple((key, written(settings[key])) for key in sorted(settings))
    return Table(("setting", "value"), rows)


def differences_table(manifest: Manifest) -> Table:
    """Return what each variant has otherwise than the baseline."""
    base = manifest.variant(manifest.baseline).settings
    rows = []
    for variant in manifest.variants:
        changed = [
            f"{key}: {written(base.get(key))} → {written(variant.settings.get(key))}"
            for key in sorted(base.keys() | variant.settings.keys())
            if base.get(key) != variant.settings.get(key)
        ]
        rows.append((variant.label, "; ".join(changed) or "the baseline"))
    return Table(("variant", "differs in"), tuple(rows))


def licences_table(manifest: Manifest) -> Table:
    """Return package, version and licence of every source of the text."""
    listed = manifest.data.get("licences") or ()
    rows = tuple(
        (str(each.get("package")), str(each.get("version")), str(each.get("licence")))
        for each in listed
    )
    return Table(("source", "version", "licence"), rows)


def written(value: Any) -> str:
    """Write a setting as the grid would."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        inside = ", ".join(f"{key}: {written(each)}" for key, each in value.items())
        return f"{{{inside}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(written(each) for each in value)}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def machines(frames: Frames) -> tuple[str, ...]:
    """Return the different kinds of hardware on which cells ran, in order of appearance."""
    names = frames.cells["hardware"].drop_nulls().unique(maintain_order=True)
    return tuple(names.to_list())


def package_version() -> str:
    """Return the version of this project, as installed."""
    try:
        return version("ablations")
    except PackageNotFoundError:
        return "not installed"


def _code(manifest: Manifest) -> str:
    reached = f"digest of the code that the cells reach: {manifest.code}"
    tree = manifest.source_tree
    if tree is None:
        return reached
    changes = tree["changes"]
    state = "its code unchanged" if changes is None else f"and changes with the digest {changes}"
    return f"commit {tree['commit'][:10]}, {state}, when the results were gathered; {reached}"


def _split(data: Mapping[str, Any]) -> str:
    parts = []
    for name in ("train", "validation"):
        part = data.get(name) or {}
        tokens, documents = part.get("tokens"), part.get("documents")
        if tokens is not None and documents is not None:
            parts.append(f"{name} {tokens:,} tokens in {documents:,} documents")
    left = {name: count for name, count in (data.get("left_out") or {}).items() if count}
    if left:
        many = [f"{count:,} {LEFT_OUT.get(name, name)}" for name, count in left.items()]
        parts.append(f"documents left out: {', '.join(many)}")
    return "; ".join(parts) or "not said"


def _training(training: Mapping[str, Any]) -> str:
    return ", ".join(f"{key.replace('_', ' ')} {written(value)}" for key, value in training.items())


def _evaluation(each: Mapping[str, Any]) -> str:
    length = each.get("length")
    return f"{each.get('name')}" + (f" at {length:,} tokens" if length else "")


def _held(manifest: Manifest) -> str:
    equal = {"tokens": "tokens", "flops": "training FLOPs"}[manifest.hold]
    return (
        f"{equal}; all settings that no variant names; at equal seed also the order of the data "
        "and the initial values of equal parameters. Nothing was tuned for each variant."
    )


def _libraries(environment: Mapping[str, Any]) -> str:
    trained = ", ".join(f"{key} {value}" for key, value in environment.items() if value)
    here = ", ".join(f"{name} {version(name)}" for name in _TOOLS)
    return f"trained with {trained}; this page: {here}"


def _hardware(frames: Frames) -> str:
    names = machines(frames)
    if not names:
        return "no cell ran"
    return f"all cells: {names[0]}" if len(names) == 1 else f"differs: {'; '.join(names)}"


def _intervals(frames: Frames) -> str:
    manifest = frames.manifest
    margin = "none" if manifest.margin is None else f"{manifest.margin:g} nats per token"
    kind = _methods(frames)
    if not kind:
        return f"none, since no contrast has one; margin: {margin}"
    looks = " and looks" if len(manifest.looks.declared or ()) > 1 else ""
    return f"{kind}, 95{THIN}% for all comparisons{looks} at once; margin: {margin}"


def _methods(frames: Frames) -> str:
    """Name what the intervals are, which need not be what the grid asks for; empty without any."""
    outcomes = judged(frames.manifest, final_losses(frames)).outcomes
    used = Counter(each.method for each in outcomes if each.interval is not None)
    if len(used) < 2:  # noqa: PLR2004 - what all have needs no number
        return "".join(METHODS[each] for each in used)
    counted = [f"{METHODS[each]} ({many} of {used.total()})" for each, many in used.items()]
    return " and ".join(counted)


def _looks(manifest: Manifest) -> str:
    if manifest.looks.declared is not None:
        return _declared_looks(manifest, manifest.looks.declared)
    sizes = [len(each) for each in manifest.looks.seeds]
    sets = [f"{size} seed{'' if size == 1 else 's'}" for size in sizes] or ["no seeds yet"]
    return f"at {', then '.join(sets)}"


def _declared_looks(manifest: Manifest, declared: Sequence[int]) -> str:
    taken = looks_taken(manifest)
    reason = STOPPED.get(manifest.looks.stopped or "", "")
    foreign = ", ".join(str(len(each)) for each in undeclared_looks(manifest))
    parts = (
        f"looks declared at {', '.join(map(str, declared))} seeds",
        f"taken at {', '.join(map(str, taken))}" if taken else "none taken yet",
        f"ended since {reason}" if reason else "",
        f"not declared, judged elsewhere at {foreign}" if foreign else "",
    )
    return "; ".join(part for part in parts if part)
