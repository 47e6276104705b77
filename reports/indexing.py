"""The rows of the index: what each results folder and the report beside it say of themselves."""

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl

from reports import comparejson, document
from reports.cellviews import seeds_text
from reports.context import Words, headline
from reports.errors import UserError
from reports.manifest import Manifest, read_manifest
from reports.numbers import THIN, date
from reports.provenance import digest

NOT_CHECKED = "not checked"
STALE = "the code or the data changed"
LEAST_HOURS = 0.005


@dataclass(frozen=True)
class Told:
    """What whoever starts the index knows: whose code and data changed, and whose did not."""

    stale: frozenset[str]
    current: frozenset[str]

    def of(self, name: str) -> str:
        """Return what is known about results that are not stale."""
        return "current" if name in self.current else NOT_CHECKED


@dataclass(frozen=True)
class Row:
    """One results folder.

    Fields:
        page: address of its report; empty without one.
        headline: its verdict; empty where no report says it.
        problem: why there is no verdict, or what is wrong with the folder.
        state: done, failed, partial or stale; `checked` is what is known of its code and data.
        hours: of all its cells, with the device.
    """

    name: str
    preset: str
    page: str
    question: str
    headline: tuple[Words, ...]
    problem: str
    state: str
    checked: str
    is_stale: bool
    cells: str
    hours: str
    device: str
    date: str


@dataclass(frozen=True)
class Compared:
    """A comparison that was written beside the grids."""

    title: str
    page: str
    text: str


def rows(results: Path, told: Told) -> tuple[Row, ...]:
    """Return a row for each folder with a manifest, by name; what cannot be read has one too."""
    return tuple(_row(results / name, told) for name in names(results))


def names(results: Path) -> list[str]:
    """Return the folders that have a manifest."""
    return sorted(path.parent.name for path in results.glob("*/manifest.json"))


def comparisons(results: Path) -> tuple[Compared, ...]:
    """Return the comparisons whose page and JSON are both there."""
    found = []
    for path in sorted(results.glob("compare-*.json")):
        said = _said(path)
        page = path.with_suffix(".html")
        text = _compared_text(said)
        if page.is_file() and text:
            title = str(said.get("title") or path.stem)
            found.append(Compared(title, quote(page.name), text))
    return tuple(found)


def _compared_text(said: Mapping[str, Any]) -> str:
    if not said or said.get("schema") == comparejson.SCHEMA:
        return str(said.get("text") or "")
    unknown = _unknown_form("comparison", said, comparejson.SCHEMA)
    return f"{unknown}. python -m reports.compare writes it."


def hours_of_all(results: Path) -> str:
    """Write the hours of all grids together, cells that several grids have counted once."""
    seconds: dict[str, tuple[str, float]] = {}
    for name in names(results):
        table = _times(results / name)
        for fingerprint, device, each in table.iter_rows():
            seconds[str(fingerprint)] = (str(device), float(each))
    totals: dict[str, float] = {}
    for device, each in seconds.values():
        totals[device] = totals.get(device, 0.0) + each
    return ", ".join(f"{_hours(totals[each])} on {each}" for each in sorted(totals))


def _row(folder: Path, told: Told) -> Row:
    try:
        manifest = read_manifest(folder / "manifest.json")
    except UserError as error:
        return _broken(folder, error)
    except (TypeError, KeyError, AttributeError) as error:
        return _broken(folder, UserError(f"the manifest is not of the known form: {error}"))
    said = _said(_beside(folder))
    report = _report(folder, said)
    times = _times(folder)
    state = _state(manifest)
    is_stale = folder.name in told.stale
    return Row(
        name=folder.name,
        preset=manifest.preset,
        page=_page(folder),
        question=manifest.question,
        headline=report,
        problem="" if report else _without_report(folder, said),
        state="stale" if is_stale else state,
        checked=f"{state}, but {STALE}" if is_stale else told.of(folder.name),
        is_stale=is_stale,
        cells=seeds_text([each.status for each in manifest.cells]),
        hours=_hours(float(times["seconds"].sum())) if times.height else "–",
        device=_devices(manifest, times["device"].unique(maintain_order=True).to_list()),
        date=_built(said) if report else "–",
    )


def _state(manifest: Manifest) -> str:
    """Return how far a grid went: without a finished cell, since cells failed, it is not done."""
    if manifest.state == "partial":
        return "partial"
    statuses = {each.status for each in manifest.cells}
    return "failed" if "failed" in statuses and "complete" not in statuses else "done"


def _broken(folder: Path, error: UserError) -> Row:
    first = error.problems[0]
    what = f"{first.what} {first.value}".strip()
    return Row(
        name=folder.name,
        preset="",
        page=_page(folder),
        question="",
        headline=(),
        problem=f"Cannot be read: {'; '.join((what, *first.hints[:1]))}.",
        state="unknown",
        checked="",
        is_stale=False,
        cells="–",
        hours="–",
        device="",
        date="–",
    )


def _beside(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.json")


def _page(folder: Path) -> str:
    path = folder.with_name(f"{folder.name}.html")
    return quote(path.name) if path.is_file() else ""


def _said(path: Path) -> Mapping[str, Any]:
    """Return what a report says to programs; empty where there is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _report(folder: Path, said: Mapping[str, Any]) -> tuple[Words, ...]:
    """Return the headline of the report that was made from these very results."""
    verdict, made = said.get("verdict"), said.get("provenance")
    if (
        said.get("schema") != document.SCHEMA
        or not isinstance(verdict, dict)
        or not isinstance(made, dict)
    ):
        return ()
    if made.get("manifest_digest") != digest(folder / "manifest.json"):
        return ()
    lead = verdict.get("lead") or ()
    return headline(str(verdict.get("text")), lead if isinstance(lead, str) else tuple(lead))


def _without_report(folder: Path, said: Mapping[str, Any]) -> str:
    what = "The report is older than the results." if said else "There is no report."
    if said and said.get("schema") != document.SCHEMA:
        what = f"{_unknown_form('report', said, document.SCHEMA)}."
    return f"{what} python -m reports.build {shlex.quote(f'grid={folder.name}')} writes it."


def _unknown_form(what: str, said: Mapping[str, Any], known: str) -> str:
    return f"The {what} has the schema {said.get('schema')}; this program reads {known}"


def _times(folder: Path) -> pl.DataFrame:
    """Return fingerprint, device and seconds of every cell that ran; nothing if unreadable."""
    columns = pl.Schema({"fingerprint": pl.String, "device": pl.String, "seconds": pl.Float64})
    try:
        table = pl.read_parquet(folder / "cells.parquet", columns=columns.names())
        return table.drop_nulls("seconds").cast(columns)
    except (OSError, pl.exceptions.PolarsError):
        return pl.DataFrame(schema=columns)


def _devices(manifest: Manifest, devices: Sequence[str | None]) -> str:
    known = [each for each in devices if each]
    return " and ".join(known or [str(manifest.environment.get("device") or "")])


def _hours(seconds: float) -> str:
    hours = seconds / 3600
    if 0 < hours < LEAST_HOURS:
        return f"<{THIN}0.01"
    return f"{hours:.2f}"


def _built(said: Mapping[str, Any]) -> str:
    try:
        return date(datetime.fromisoformat(str(said.get("built"))))
    except ValueError:
        return "–"


def states(found: Iterable[Row]) -> str:
    """Write `3 grids: 1 done, 1 partial, 1 stale`."""
    every = list(found)
    counts = [
        f"{sum(each.state == state for each in every)} {state}"
        for state in ("done", "failed", "partial", "stale", "unknown")
        if any(each.state == state for each in every)
    ]
    many = f"{len(every)} grid{'' if len(every) == 1 else 's'}"
    return f"{many}: {', '.join(counts)}" if counts else many
