"""What makes a cell the cell that it is: all that can change its result, and a digest of it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from hashlib import blake2b
from importlib import metadata
from pathlib import Path
from typing import Any

from components.catalogue import component_files, read_catalogue
from components.options import Choice, shown
from pipelines.canonical import canonical
from pipelines.cell import Cell, Evaluation
from pipelines.code import PROJECT, reached
from pipelines.device import resolved, torch_version
from pipelines.statements import ALL, IMPORTS, REST

TRAINING = {
    PROJECT / "components" / "decoder.py": (ALL,),
    PROJECT / "pipelines" / "train.py": (ALL,),
    PROJECT / "pipelines" / "samples.py": (ALL,),
    # What the other functions of this module decide, precision and device, stands in the document
    # by value; that the bits repeat is up to these two.
    PROJECT / "pipelines" / "device.py": ("reproducible", "single_threaded"),
    # the tokens stand for themselves, how they are read does not
    PROJECT / "pipelines" / "tokens.py": ("read_split",),
    # which step is the last of a training that diverges
    PROJECT / "pipelines" / "curve.py": ("Curve", "not_finite"),
}
"""Where the code of a training begins, beside the cell's own components."""

EVALUATION = {
    PROJECT / "pipelines" / "evaluate.py": (ALL,),
    PROJECT / "pipelines" / "tokens.py": ("read_split", "document_bytes"),
    PROJECT / "pipelines" / "records.py": ("evaluation_row", "document_frame"),
}
"""Where the code of an evaluation begins."""


def describe(
    cell: Cell, data_digest: str, device: str, extra: Sequence[Path] = ()
) -> dict[str, Any]:
    """Return everything that can change a cell's result, as a JSON document.

    Equal cells have equal documents: every default is written out, every `auto` decided, patterns
    over the layers are as short as they can be, and what null means is filled in for the decoder's
    own options. It is not for a component's: only its code knows that `mlp.width: null` is 4 times
    the model's width, so null and the very number that it stands for are two cells, which give the
    same result twice.

    The variant's name, the settings that led to the data and the places of files are not in it.
    What a file of the user's does when it is imported is, whoever uses the file: all are imported
    before anything is built.

    Args:
        cell: what is trained.
        data_digest: of the prepared data.
        device: class of device that trains.
        extra: files and folders of the user's components.
    """
    own = canonical(cell)
    return {
        "seed": cell.seed,
        "model": own.model.as_json(),
        "parts": {
            kind: [each.as_json() for each in members] for kind, members in own.parts.items()
        },
        "training": asdict(resolved(cell.training, device)),
        "data": data_digest,
        "torch": torch_version(),
        "numpy": _numpy_version(),  # its generators decide the order of the data
        "device": device,
        "code": _code([choice for members in own.parts.values() for choice in members], extra),
    }


def fingerprint(document: Mapping[str, Any]) -> str:
    """Return the digest of a document, 20 hexadecimal digits.

    The digests of single functions are in the document to explain; those of modules cover them.
    """
    code = {module: each["digest"] for module, each in document["code"].items()}
    return digest({**document, "code": code})


def evaluation_digest(evaluation: Evaluation, cell: Cell) -> str:
    """Return the digest of an evaluation of a cell, 20 hexadecimal digits."""
    code = {module: each.digest for module, each in reached(EVALUATION).items()}
    settings = {**asdict(evaluation), "context": cell.training.context}
    return digest({"evaluation": settings, "code": code})


def explain(old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
    """Return the first thing in which two documents differ, for people; None if in nothing.

    Settings come first, then data, torch and device, then code down to the function.
    """
    return next(_differences(old, new), None)


def _code(choices: Sequence[Choice], extra: Sequence[Path]) -> dict[str, Any]:
    catalogue = read_catalogue(extra)
    own = {catalogue.entry(each.kind, each.name).path: (ALL,) for each in choices}
    files = [file for path in extra for file in component_files(path)]
    imported = dict.fromkeys(files, ("",))
    return {
        name: {"digest": module.digest, "parts": dict(module.parts)}
        for name, module in reached({**imported, **TRAINING, **own}, files).items()
    }


def _numpy_version() -> str:
    """Return the version of numpy without its build; numpy is not imported."""
    return metadata.version("numpy").partition("+")[0]


def digest(document: Mapping[str, Any]) -> str:
    """Return the digest of any JSON document, 20 hexadecimal digits."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return blake2b(text.encode(), digest_size=10).hexdigest()


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    yield from _of_settings("model", old["model"]["options"], new["model"]["options"])
    for kind in _both(old["parts"], new["parts"]):
        yield from _of_members(kind, old["parts"].get(kind, []), new["parts"].get(kind, []))
    yield from _of_settings("training", old["training"], new["training"])
    for key in ("seed", "data", "torch", "numpy", "device"):
        yield from _of_value(key, key, old, new)
    for module in _both(old["code"], new["code"]):
        yield from _of_module(module, old["code"].get(module), new["code"].get(module))


def _of_settings(place: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in _both(old, new):
        yield from _of_value(f"{place}.{name}", name, old, new)


def _of_value(
    place: str, name: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[str]:
    before, after = (shown(each[name]) if name in each else "absent" for each in (old, new))
    if before != after:
        yield f"{place}: {before} -> {after}"


def _of_members(
    kind: str, old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    before, after = ([each["name"] for each in members] for members in (old, new))
    if before != after:
        names = [shown(each[0] if len(each) == 1 else each) for each in (before, after)]
        yield f"{kind}: {names[0]} -> {names[1]}"
        return
    for earlier, later in zip(old, new, strict=True):
        place = kind if len(new) == 1 else f"{kind}.{later['name']}"
        yield from _of_settings(place, earlier["options"], later["options"])


def _of_module(
    name: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
) -> Iterator[str]:
    if old is None or new is None:
        yield f"{name}: {'is new' if old is None else 'is gone'}"
    elif old["digest"] != new["digest"]:
        for part in _both(old["parts"], new["parts"]):
            if part not in (IMPORTS, REST) and old["parts"].get(part) != new["parts"].get(part):
                word = "changed" if part in old["parts"] else "is new"
                yield f"{name}: {part} {word if part in new['parts'] else 'is gone'}"
        yield f"{name}: {REST} changed"


def _both(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return the keys of two mappings, those of the new one in its order first."""
    return [*new, *(key for key in old if key not in new)]
