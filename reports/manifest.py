"""The manifest of a results folder as frozen values: what was asked, of which cells, with what."""

import inspect
import json
import shlex
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from reports.choices import Match, Search, Tuning, read_match, read_search, read_tuning
from reports.errors import Problem, UserError, nearest
from reports.files import read_json
from reports.readable import readable

T = TypeVar("T")

SCHEMA = "ablations.results/1"
MANIFEST = "manifest.json"
STATUSES = ("complete", "diverged", "failed", "pruned", "missing")
LATER: Mapping[str, Any] = {"carries": None, "data": {}}
"""Of a variant, what older manifests lack."""
ENDLESS = 2**62
"""A vocabulary that nobody noted."""


@dataclass(frozen=True)
class Variant:
    """One point of the grid without its seed.

    Fields:
        name: as in cells and claims.
        label: for people.
        differs: key -> value, what the baseline has otherwise.
        settings: key -> value, all of them.
        parameters: of the model.
        flops_per_token: of a training step, forward and backward.
        carries: whether a window knows anything of the one before; None where nobody noted it.
        data: its vocabulary, tokenizer and digest of data; empty where nobody noted them.
    """

    name: str
    label: str
    differs: Mapping[str, Any]
    settings: Mapping[str, Any]
    parameters: int | None
    flops_per_token: float | None
    carries: bool | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Cell:
    """A variant and a seed, and what became of it.

    Fields:
        cell: "variant/seed".
        variant: its name.
        seed: of data order and initial values.
        fingerprint: of everything that can change its result.
        status: complete, diverged, failed, pruned or missing.
        reason: why it is not complete; of a complete cell, why the evaluation that judges has no
            loss of it.
        at: step of the divergence.
        command: that trains this cell.
        log: the last lines of a failed cell.
    """

    cell: str
    variant: str
    seed: int
    fingerprint: str
    status: str
    reason: str | None
    at: int | None
    command: str
    log: str | None


@dataclass(frozen=True)
class Looks:
    """Sets of seeds at which the question was judged.

    Fields:
        question: digest of the grid without its seeds.
        seeds: the sets, in the order in which they were looked at; of the looks that the grid
            declared, the last one alone.
        declared: numbers of seeds at which the grid said that it would look; None if it did not.
        taken: those of them that every asked cell exists for; None where nobody noted it.
        stopped: why no further look is taken; None while one may be.
    """

    question: str
    seeds: tuple[tuple[int, ...], ...]
    declared: tuple[int, ...] | None
    taken: tuple[int, ...] | None = None
    stopped: Literal["decided", "exhausted", "budget"] | None = None


@dataclass(frozen=True)
class Manifest:
    """What a sweep says about the results it gathered; fields as in `manifest.json`.

    Fields that need a word:
        state: complete, or partial while a cell is missing.
        margin: smallest difference of interest in nats per token; None if the grid has none.
        interval: floored or paired.
        compare: baseline, or all pairs.
        final: last, or tail: losses are the mean of the validations in the last fifth of a run.
        hold: tokens or flops, what is equal for all variants.
        claim: what somebody reported, as the grid has it.
        evaluations: the first one judges.
        tuning, search, match: what was chosen before anything was judged, or made equal.
        source_tree: the commit of the code, and the digest of what was not committed; None where
            nobody noted it.
        source: of imported runs, where they come from and what they lack; None of ours.
    """

    name: str
    grid: str
    preset: str
    question: str
    state: Literal["complete", "partial"]
    command: str
    grid_file: str
    grid_text: str
    overrides: tuple[str, ...]
    baseline: str
    margin: float | None
    interval: Literal["floored", "paired"]
    compare: Literal["baseline", "all"]
    hold: Literal["tokens", "flops"]
    seeds: tuple[int, ...]
    claim: Mapping[str, Any] | None
    variants: tuple[Variant, ...]
    cells: tuple[Cell, ...]
    looks: Looks
    data: Mapping[str, Any]
    training: Mapping[str, Any]
    environment: Mapping[str, Any]
    evaluations: tuple[Mapping[str, Any], ...]
    code: str
    tuning: Tuning | None = None
    search: Search | None = None
    match: Match | None = None
    final: Literal["last", "tail"] = "last"
    source_tree: Mapping[str, Any] | None = None
    source: Mapping[str, Any] | None = None

    @property
    def is_paired(self) -> bool:
        """Whether equal seeds share data order and initial values; imports have to say so."""
        return self.source is None or bool(self.source["paired"])

    @property
    def pairing(self) -> str:
        """What tables call the differences: `paired`, or `unpaired`."""
        return "paired" if self.is_paired else "unpaired"

    @property
    def evidence(self) -> str:
        """What differences rest on: `paired seeds`, or `unpaired runs of each`."""
        return "paired seeds" if self.is_paired else "unpaired runs of each"

    def variant(self, name: str) -> Variant:
        """Return the variant called `name`; KeyError if there is none."""
        return {each.name: each for each in self.variants}[name]

    def label(self, name: str) -> str:
        """Return what a sentence calls the variant `name`: in quotes where commas would mislead."""
        label = self.variant(name).label
        return f"“{label}”" if "," in label or " and " in label else label

    def fact(self, name: str, key: str) -> Any:
        """Return a fact about the data of the variant `name`; None where nobody noted it.

        Imports need not know their vocabulary: no loss lies above the logarithm of an endless one.
        """
        found = self.variant(name).data.get(key, self.data.get(key))
        is_unknown = found is None and key == "vocabulary" and self.source is not None
        return ENDLESS if is_unknown else found


def read_manifest(path: Path) -> Manifest:
    """Read `manifest.json`.

    Raises:
        UserError: it is not there, is no JSON, has a schema that this program does not know, or
            lacks fields.
    """
    document = _document(path)
    place = str(path)
    _check_schema(document, place)
    needed = {each.name for each in fields(Manifest) if each.default is MISSING}
    absent = sorted(needed - document.keys())
    if absent:
        raise UserError(*(Problem("a field is missing", place, key) for key in absent))
    values = {key: _tuple(document[key]) for key in needed}
    variants = [_shown(LATER | each) for each in document["variants"]]
    values["question"] = readable(str(document["question"]))
    values["variants"] = _records(Variant, variants, place, "variants")
    values["cells"] = _records(Cell, document["cells"], place, "cells")
    values["looks"] = _looks(document["looks"], place)
    values["tuning"] = read_tuning(document.get("tuning"), place)
    values["search"] = read_search(document.get("search"), place)
    values["match"] = read_match(document.get("match"), place)
    values["source"] = document.get("source")
    values["source_tree"] = document.get("source_tree")
    values["final"] = document.get("final", "last")
    manifest = Manifest(**values)
    _check_names(manifest, place)
    return manifest


def _shown(variant: Mapping[str, Any]) -> Mapping[str, Any]:
    """Names are keys and stay as they are; what people read is the label."""
    label = variant.get("label")
    return {**variant, "label": readable(label)} if isinstance(label, str) else variant


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(Problem("there is no manifest", str(path), hints=(again(path),))) from None
    except ValueError as error:
        problem = Problem("the manifest is no JSON", str(path), hints=(str(error), again(path)))
        raise UserError(problem) from None
    if not isinstance(document, dict):
        raise UserError(Problem("the manifest is no JSON object", str(path), hints=(again(path),)))
    return document


def _check_schema(document: Mapping[str, Any], place: str) -> None:
    schema = str(document.get("schema"))
    if schema != SCHEMA:
        hints = (f"this program reads {SCHEMA}", "gather the results again, or use its version")
        raise UserError(Problem("unknown schema", place, "schema", schema, hints))


def _records(kind: Callable[..., T], rows: Any, place: str, key: str) -> tuple[T, ...]:
    records: list[T] = []
    for index, row in enumerate(rows):
        known = inspect.signature(kind).parameters
        absent = [name for name in known if name not in row]
        if absent:
            where = f"{key}[{index}].{absent[0]}"
            raise UserError(Problem("a field is missing", place, where))
        records.append(kind(**{name: row[name] for name in known}))
    return tuple(records)


def _looks(value: Mapping[str, Any], place: str) -> Looks:
    later = {"taken": None, "stopped": None}  # fields that older manifests lack
    (read,) = _records(Looks, [later | dict(value)], place, "looks")
    seeds = tuple(tuple(each) for each in read.seeds)
    return replace(read, seeds=seeds, declared=_tuple(read.declared), taken=_tuple(read.taken))


def _check_names(manifest: Manifest, place: str) -> None:
    names = [each.name for each in manifest.variants]
    if manifest.baseline not in names:
        hints = (f"variants: {', '.join(names)}", *nearest(manifest.baseline, names))
        what = "the baseline is none of the variants"
        raise UserError(Problem(what, place, "baseline", manifest.baseline, hints))
    for index, cell in enumerate(manifest.cells):
        if cell.variant not in names:
            what, key = "a cell of an unknown variant", f"cells[{index}].variant"
            raise UserError(Problem(what, place, key, cell.variant, nearest(cell.variant, names)))
        if cell.status not in STATUSES:
            what, key = "an unknown status", f"cells[{index}].status"
            hints = (f"known: {', '.join(STATUSES)}", *nearest(cell.status, STATUSES))
            raise UserError(Problem(what, place, key, cell.status, hints))


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def again(path: Path) -> str:
    """Return the line that says how the folder of `path` is written again.

    By the command that its manifest holds; by the name of the folder where none can be read.
    """
    command = f"python -m ablations.run {shlex.quote('grid=' + path.parent.name.split('@')[0])}"
    held = None
    if path.name != MANIFEST:  # else it is what cannot be read
        with suppress(OSError, ValueError, AttributeError):
            held = read_json(path.with_name(MANIFEST)).get("command")
    return f"{held if isinstance(held, str) and held else command} writes it again"
