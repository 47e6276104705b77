"""Reports of many kinds as the JSON beside the page: every key of the format occurs in one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from reports.document import document
from reports.files import write_json
from reports.frames import Frames, read_frames
from reports.material import Material
from reports.verdict import judge
from tests.chosen import RATE, search, usual_tuning
from tests.products import products
from tests.reports.importers.sources import imported, rows_of, write_csv
from tests.results import as_probe, edit_manifest, results

BUILT = datetime(2026, 11, 24, 8, 41, tzinfo=UTC)
FIVE = {
    "rotary": [3.201, 3.198, 3.209, 3.204, 3.200],
    "none": [3.255, 3.247, 3.260, 3.256, 3.251],
    "linspace": [3.215, 3.190, 3.220, 3.196, 3.206],
}
LARGE = {"rotary": [3.2, 3.3, 3.1], "none": [3.5, 3.4, 3.55]}
TWO = {"baseline": [3.30, 3.31, 3.29], "best": [3.22, 3.233, 3.208]}
# linspace lies between the others, so that pictures of it can tell two stories
BETWEEN = {
    "rotary": [3.201, 3.198, 3.209, 3.200],
    "none": [3.221, 3.217, 3.222, 3.220],
    "linspace": [3.250, 3.242, 3.248, 3.247],
}
PRODUCT = {
    ("rotary", "4"): [3.20, 3.21, 3.19],
    ("rotary", "1"): [3.25, 3.27, 3.24],
    ("none", "4"): [3.30, 3.32, 3.29],
    ("none", "1"): [3.45, 3.47, 3.43],
}
LENGTHS = (("validation", None), ("length 16", 16), ("length 64", 64))


@dataclass(frozen=True)
class Said:
    """A document as it was made, and as a program reads it from its file."""

    made: Any
    text: str

    @property
    def read(self) -> Any:
        """What a program gets."""
        return json.loads(self.text)


def written(folder: Path) -> Said:
    """Write the document of a results folder beside it."""
    return of_frames(read_frames(folder), folder.with_suffix(".json"))


def of_frames(frames: Frames, path: Path) -> Said:
    """Write the document of frames as the command does."""
    made = document(Material(frames, judge(frames), BUILT))
    write_json(path, made)
    return Said(made, path.read_text(encoding="utf-8"))


def every_kind(folder: Path) -> Mapping[str, Said]:
    """Return name -> document of each kind of grid that there is."""
    made = {**_finished(folder), **_other(folder), **_unfinished(folder), **_chosen(folder)}
    return {**made, **_imported(folder / "elsewhere")}


def _finished(folder: Path) -> dict[str, Said]:
    claim = {"none": "worse", "linspace": {"between": ["rotary", "none"]}, "source": "somebody"}
    many = {f"variant {number}": [3.2 + 0.01 * number, 3.21] for number in range(10)}
    alike = {"a": [3.2, 3.21, 3.19], "b": [3.2004, 3.2096, 3.1901]}
    return {
        "grid": written(results(folder, FIVE, name="grid", steps=400, claim=claim)),
        "all pairs": written(results(folder, FIVE, name="pairs", compare="all")),
        "between": written(results(folder, BETWEEN, name="b", steps=1200, noise={"none": 0.06})),
        "no margin": written(
            results(folder, FIVE, name="p", interval="paired", margin=None, claim={"none": "equal"})
        ),
        "equivalent": written(results(folder, alike, name="alike", steps=200)),
        "identical": written(results(folder, {"a": [3.2, 3.3], "b": [3.2, 3.3]}, name="same")),
        "many variants": written(results(folder, many, name="many")),
        "short": written(results(folder, TWO, name="short", steps=20)),
        "two machines": written(results(folder, TWO, name="m", hardware={"best/1": "other"})),
        "unequal": written(
            results(folder, TWO, name="unequal", hold="flops", steps=120, steps_of={"best": 90})
        ),
        "probe": written(as_probe(results(folder, FIVE, name="probe"))),
    }


def _other(folder: Path) -> dict[str, Said]:
    reach = {"a": [3.2] * 3, "b": [3.1, 3.12, 3.11]}
    ten = {"a": [3.2 + 0.01 * each for each in range(10)]}
    ten["b"] = [each + 0.05 + 0.002 * place for place, each in enumerate(ten["a"])]
    last = {name: losses[:1] for name, losses in PRODUCT.items()}
    one = {name: losses[:1] for name, losses in FIVE.items()}
    nothing: dict[tuple[str, str], list[float | None]] = {key: [None] for key in last}
    tree = {"commit": "abcdef0123456789", "changes": None}
    blocks = {"final": "tail", "overrides": ["seeds=5"], "source_tree": tree}
    tail = results(folder, FIVE, name="tail", blocks=blocks)
    changed = {"source_tree": tree | {"changes": "d1ff" * 5}}
    return {
        "product": written(products(folder, PRODUCT, name="product", steps=120)),
        "product of one seed": written(products(folder, last, name="first")),
        "product of none": written(products(folder, nothing, name="empty")),
        "tail": written(often_validated(tail)),
        "target": written(results(folder, reach, name="target", blocks=changed)),
        "ten seeds": written(_constant(results(folder, ten, name="ten", steps=600))),
        "lengths": written(results(folder, FIVE, name="lengths", evaluations=LENGTHS)),
        "lengths of one seed": written(results(folder, one, name="o", evaluations=LENGTHS)),
        "two memories": written(
            _memories(results(folder, TWO, name="memories", evaluations=LENGTHS))
        ),
        "judged at a length": written(
            results(
                folder,
                FIVE | {"linspace": [None] * 5},
                name="judged",
                evaluations=LENGTHS[::-1],
                status={f"linspace/{seed}": "complete" for seed in range(5)},
                beyond={"validation": FIVE},
            )
        ),
    }


def _unfinished(folder: Path) -> dict[str, Said]:
    one = {name: losses[:1] for name, losses in FIVE.items()}
    looks = {"declared": [3, 5], "taken": [3, 5], "stopped": "exhausted", "asked": {"none": 3}}
    seen = [range(3), range(5)]
    ends = {"none/1": "diverged", "linspace/0": "failed", "linspace/2": "diverged"}
    partial = FIVE | {"linspace": [3.215, None, None, None, None], "none": [None] * 5}
    open_looks = {"declared": [5, 10], "taken": [5]}
    return {
        "one seed": written(results(folder, one, name="seed", steps=400)),
        "diverged": written(results(folder, FIVE, name="diverged", status=ends)),
        "partial": written(results(folder, partial, name="partial")),
        "not run": written(results(folder, dict.fromkeys(FIVE, [None] * 2), name="none")),
        "looks": written(results(folder, FIVE, name="looks", **looks)),
        "looks to come": written(results(folder, FIVE, name="come", **open_looks)),
        "a large difference, not resolved": written(results(folder, LARGE, name="large")),
        "looks not declared": written(results(folder, FIVE, name="undeclared", looks=seen)),
    }


def _chosen(folder: Path) -> dict[str, Said]:
    match = {"quantity": "flops", "key": "mlp.width", "tolerance": 0.02, "solved": {"best": 171}}
    ends = {3: "pruned", 5: "diverged", 6: "failed", 9: "asked"}
    tuned = usual_tuning("baseline", "best")
    tuned["variants"]["best"] |= {"chosen": None, "at_edge": [RATE]}
    unknown = {"spent": {"cells": 2, "seconds": None}}
    sampled = usual_tuning("baseline", "best") | {"sampler": "tpe"} | unknown
    blocks = {
        "tuned": {"tuning": tuned},
        "tuned by a sampler": {"tuning": sampled},
        "tuned by older code": {"tuning": tuned | {"spent": None}},
        "search": {"search": search(40, statuses=ends, at_edge=["model.layers"])},
        "search by PED-ANOVA": {"search": search(30, importance="PED-ANOVA") | {"front": [3]}},
        "search not over": {"search": search(4, budget=40) | unknown},
        "search by older code": {"search": search(4) | {"spent": None}},
        "matched": {"match": match},
    }
    return {
        name: written(results(folder, TWO, name=name.replace(" ", "-"), blocks=block))
        for name, block in blocks.items()
    }


def _imported(folder: Path) -> dict[str, Said]:
    folder.mkdir(parents=True)
    apart = FIVE | {"none": [3.24, 3.19, 3.23, 3.18, 3.21]}
    path = write_csv(folder / "runs.csv", rows_of(apart))
    return {
        name: of_frames(imported(path, mapping, name), folder / f"{name}.json")
        for name, mapping in (
            ("unpaired", ""),
            ("paired", "paired: true\nmargin: 0.03\nlooks: [3, 5]\n"),
        )
    }


def often_validated(folder: Path) -> Path:
    """Validate 40 times, as a tail needs."""
    path = folder / "evaluations.parquet"
    table = pl.read_parquet(path)
    moved = {"tokens": pl.col("tokens") + 10, "step": pl.col("step") * 100}
    every = [table.with_columns(moved["tokens"] * k, moved["step"] + k) for k in range(1, 9)]
    pl.concat(every).write_parquet(path)
    return folder


def _constant(folder: Path) -> Path:
    """Let the learning rate be constant and losses power laws, which can be fitted and meet."""
    path = folder / "steps.parquet"
    scale = pl.when(pl.col("cell").str.starts_with("b")).then(40.0).otherwise(30.0)
    law = 2 + scale * pl.col("tokens").cast(pl.Float64) ** -0.4
    noise = 0.002 * (pl.col("step") * (1.0 + pl.col("cell").str.len_chars())).sin()
    table = pl.read_parquet(path).with_columns(
        learning_rate=pl.lit(1e-3), loss=(law + noise).cast(pl.Float32)
    )
    table.write_parquet(path)
    return folder


def _memories(folder: Path) -> Path:
    """Let one variant carry something from window to window and the other not."""
    variants = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["variants"]
    sizes = {"training.context": 32, "model.window": 16}
    changed = [
        each | {"carries": bool(place), "settings": each["settings"] | sizes}
        for place, each in enumerate(variants)
    ]
    edit_manifest(folder, variants=changed)
    return folder
