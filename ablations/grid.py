"""A grid: a question, what is compared, with which seeds. Read from YAML and the command line."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from ablations.claims import check_claim, read_claim
from ablations.declare import check_keys, read_declared
from ablations.expand import expand
from ablations.final import refuse_final
from ablations.final import warnings as final_warnings
from ablations.language import Declared
from ablations.left_open import Open, read_open, refuse_decided_elsewhere, refuse_unbuildable
from ablations.match import Match, read_match
from ablations.overrides import canonical, digest, read_changes
from ablations.presets import read_preset
from ablations.ranges import check_sizes
from ablations.searched import BEST
from ablations.terms import Terms, read_terms
from ablations.tree import Node, Problems, grown
from ablations.yaml_source import COMMAND_LINE, Source, read_source, shown_path
from components.catalogue import Catalogue
from components.errors import Problem, UserError, nearest, unknown
from components.options import shown
from pipelines.cell import Evaluation

GRIDS = Path(__file__).parent / "grids"

DEFAULT_PRESET = "laptop"


@dataclass(frozen=True)
class Grid:
    """A question that a sweep answers.

    Fields:
        name: the file, without folder and ending.
        path, text: the file, and what it held.
        results_name: the folder and the page of its results.
        question: on one line.
        preset: the scale.
        declared: baseline, axes and variants as written.
        baseline: the name of the variant that every other one is judged against.
        seeds: of every variant; with looks the most that a variant may get.
        looks: numbers of seeds at which a sweep judges; None: every variant gets all seeds.
        asked: name of a variant -> its seeds at the look that is being taken; others get all.
        budget: hours of training that further looks stay within.
        match: what a free option makes equal for all variants.
        left_open: what tuning or a search chooses before anything is judged.
        margin: nats per token; smaller differences do not matter. None: every difference does.
        interval, final, hold, compare: how the verdict is made, and what is held equal.
        evaluate: the validation split first.
        judge: the one of these that verdicts are about.
        claim: what somebody reported, by variant, with its `source`; None if nobody did.
        overrides: of the command line, those that change something.
        warnings: what a reader should know before training.
        notes: what a reader may like to know, and nobody needs to mend.
    """

    name: str
    path: Path
    text: str
    results_name: str
    question: str
    preset: str
    declared: Declared
    baseline: str
    seeds: tuple[int, ...]
    margin: float | None
    interval: Literal["floored", "paired"]
    final: Literal["last", "tail"]
    hold: Literal["tokens", "flops"]
    compare: Literal["baseline", "all"]
    evaluate: tuple[Evaluation, ...]
    judge: Evaluation
    claim: Mapping[str, Any] | None
    overrides: tuple[str, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...] = ()
    looks: tuple[int, ...] | None = None
    budget: float | None = None
    match: Match | None = None
    left_open: Open = field(default_factory=Open)
    asked: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def seeds_of(self, variant: str) -> tuple[int, ...]:
        """Return the seeds that a variant is trained with."""
        return self.asked.get(variant, self.seeds)


def grid_names() -> tuple[str, ...]:
    """Return the grids of the project, sorted."""
    return tuple(sorted(file.stem for file in GRIDS.glob("*.yaml")))


def read_grid(name_or_path: str, overrides: Sequence[str], catalogue: Catalogue) -> Grid:
    """Read a grid and check all of it; nothing is built or trained.

    Args:
        name_or_path: `positions`, or a path that ends in .yaml.
        overrides: `key=value`, as the command line gives them.
        catalogue: of the components that may be named.

    Raises:
        UserError: everything that is wrong with the file and the overrides.
    """
    path = find_grid(name_or_path)
    source = read_source(path)
    problems = Problems(source.problems)
    changes = read_changes(source.values, overrides, problems)
    root = grown(changes.values, partial(changes.place, source))
    preset = root.items.get("preset", Node(DEFAULT_PRESET, "preset", source.name))
    scale = problems.attempt(None, read_preset, preset, catalogue)
    declared = read_declared(root, scale.settings if scale else {}, catalogue, problems)
    problems.attempt(None, check_sizes, {**declared.preset, **declared.fixed}, _varied(declared))
    terms = read_terms(root, problems, _trained(declared))
    match = read_match(root.items["match"], catalogue, problems) if "match" in root.items else None
    left_open = read_open(root, catalogue, problems)
    refuse_decided_elsewhere(left_open, declared, match, terms.hold, problems)
    refuse_final(terms, root, declared, left_open, problems)
    said = root.items.get("claim", Node(None, "claim", ""))
    check_claim(said, problems)
    check_keys(root, catalogue, problems)
    problems.settle()

    expansion = expand(declared, catalogue)
    refuse_unbuildable(left_open, declared, catalogue)
    names = [variant.name for variant in expansion.variants]
    names += [BEST] if left_open.search is not None else []
    claim = read_claim(said, names, expansion.baseline, changes.keys)
    return Grid(
        name=path.stem,
        path=path,
        text=source.text,
        results_name=_results_name(
            path, str(preset.value), source, canonical(changes, declared, catalogue)
        ),
        preset=str(preset.value),
        declared=declared,
        baseline=expansion.baseline,
        claim=claim.values,
        match=match,
        left_open=left_open,
        overrides=tuple(each.text for each in changes.effective),
        warnings=(
            *_few_seeds(terms, root),
            *final_warnings(terms, root, declared),
            *declared.stays,
        ),
        notes=claim.notes,
        **vars(terms),
    )


def find_grid(name_or_path: str) -> Path:
    """Return the file of a grid that is named, or given as a path.

    Raises:
        UserError: there is none; the message has the nearest name.
    """
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml"):
        if path.is_file() and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", path.stem):
            return path
        what = "the name of a grid is a word" if path.is_file() else "no such grid file"
        hints = (
            ("letters, digits, - and _",) if path.is_file() else nearest(path.stem, grid_names())
        )
        raise UserError(Problem(what, COMMAND_LINE, "grid", name_or_path, hints))
    if name_or_path in grid_names():
        return GRIDS / f"{name_or_path}.yaml"
    problem = unknown(f"grid {name_or_path}", name_or_path, grid_names(), "grids")
    hints = (*problem.hints, "or give the path of a .yaml file")
    raise UserError(Problem(problem.what, COMMAND_LINE, "grid", name_or_path, hints))


def _varied(declared: Declared) -> set[str]:
    """Return the settings that are not the same for every variant."""
    ways = (
        declared.axes.values,
        declared.baseline,
        *(each for _, each in declared.variants.values()),
    )
    return {key for settings in ways for key in settings}


def _trained(declared: Declared) -> object:
    """Return the tokens of a training sample as written; None where variants differ in them."""
    key = "training.context"
    node = {**declared.preset, **declared.fixed}.get(key)
    return None if node is None or key in _varied(declared) else node.value


def _results_name(path: Path, preset: str, source: Source, changed: Mapping[str, Any]) -> str:
    """Name the results so that nothing overwrites those of the grid as it stands."""
    own = source.values.get("preset", DEFAULT_PRESET)
    scale = "" if preset == own else f"@{preset}"
    others = {key: value for key, value in changed.items() if key != "preset"}
    if path.stem in grid_names() and path.absolute().parent != GRIDS:
        others["grid"] = shown_path(path)
    return f"{path.stem}{scale}" + (f"+{digest(others)}" if others else "")


def _few_seeds(terms: Terms, root: Node) -> tuple[str, ...]:
    if len(terms.seeds) > 1:
        return ()
    seeds = root.items["seeds"]
    return (f"{seeds.key} = {shown(seeds.plain)}: the report will give no verdict ({seeds.place})",)
