"""Grids whose variants are the same function, trained for real; `python -m benchmarks.same`."""

import math
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from components.catalogue import component_files
from reports.contrasts import Losses, final_losses
from reports.estimates import ALPHA
from reports.frames import Frames, read_frames
from reports.looks import judged
from reports.manifest import Looks, Manifest

ABOUT = """Train two grids in which nothing differs that could matter: an MLP against a copy of it
whose parameters have other names, hence other first values (renamed), and a cache read at the
positions `both` and `absolute`, the same function under rotary (places). Disjoint sets of 3, 5 and
10 seeds are judged as so many sweeps. "Better" and "worse" are false there; more than 5 % of them,
beyond chance, is exit code 1. Minutes on a CPU."""
SIZES = (3, 5, 10)
ERRORS = 3  # standard errors beyond which the level counts as broken

SMALL = """\
preset: laptop
seeds: {seeds}
margin: null
set: {{training.steps: 60, model.width: 32, model.window: 32, training.context: 64}}
"""
RENAMED = """\
question: Does it matter what parameters are called?
baseline: {mlp: gated}
axes: {mlp: [gated, renamed]}
"""
PLACES = """\
question: Does it matter where the same keys are said to stand?
baseline: {memory: {xl: {positions: both}}}
axes: {memory: [{xl: {positions: both}}, {xl: {positions: absolute}}]}
"""


@dataclass(frozen=True)
class Count:
    """How a grid of equal variants was judged.

    Fields:
        grid: renamed or places.
        seeds: of each sweep.
        sweeps: how many.
        words: verdict -> how often.
    """

    grid: str
    seeds: int
    sweeps: int
    words: dict[str, int]

    @property
    def false(self) -> float:
        """The share of sweeps that call one better."""
        return sum(self.words.get(word, 0) for word in ("better", "worse")) / self.sweeps

    @property
    def is_kept(self) -> bool:
        """Whether that is no more than the level allows, within the error of so few sweeps."""
        error = math.sqrt(ALPHA * (1 - ALPHA) / self.sweeps)
        return self.false <= ALPHA + ERRORS * error


def renamed() -> str:
    """Return the source of `mlp/gated` with other names of its parameters."""
    (path,) = (
        file
        for file in component_files(Path(__file__).parents[1] / "components")
        if file.parts[-2:] == ("mlp", "gated.py")
    )
    source = path.read_text(encoding="utf-8")
    for before, after in (("self.gate", "self.valve"), ("self.up", "self.wide"),
                          ("self.down", "self.narrow"), ('"gated"', '"renamed"'),
                          ("class Gated", "class Renamed")):  # fmt: skip
        source = source.replace(before, after)
    return source


def trained(folder: Path, name: str, grid: str, seeds: int) -> Frames:
    """Train one of the grids in `folder`, or what of it is not trained yet."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(grid + SMALL.format(seeds=seeds), encoding="utf-8")
    own = folder / "own" / "mlp"
    own.mkdir(parents=True, exist_ok=True)
    (own / "renamed.py").write_text(renamed(), encoding="utf-8")
    program = [sys.executable, "-m", "ablations.sweep", f"grid={name}.yaml", "--components", "own"]
    subprocess.run(program, cwd=folder, check=True)
    return read_frames(folder / "results" / name)


def counts(name: str, frames: Frames) -> Iterator[Count]:
    """Judge disjoint sets of seeds, each as if it was a sweep of its own."""
    manifest, losses = frames.manifest, final_losses(frames)
    for size in SIZES:
        words: dict[str, int] = {}
        sweeps = len(manifest.seeds) // size
        for index in range(sweeps):
            here, own = _sweep(manifest, losses, manifest.seeds[index * size :][:size])
            (outcome,) = judged(here, own).outcomes
            words[outcome.word] = words.get(outcome.word, 0) + 1
        if sweeps:
            yield Count(name, size, sweeps, words)


def _sweep(manifest: Manifest, losses: Losses, seeds: Sequence[int]) -> tuple[Manifest, Losses]:
    """Return the grid as it would be with these seeds alone."""
    cells = tuple(each for each in manifest.cells if each.seed in seeds)
    looks = Looks(**{**vars(manifest.looks), "seeds": (tuple(seeds),), "declared": None})
    here = replace(manifest, seeds=tuple(seeds), cells=cells, looks=looks)
    return here, {name: {s: own[s] for s in seeds if s in own} for name, own in losses.items()}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 1 if equal variants were called better too often."""
    given = _parser().parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="same-") as elsewhere:
        found = [
            count
            for name, grid in (("renamed", RENAMED), ("places", PLACES))
            for count in counts(
                name, trained(given.into or Path(elsewhere), name, grid, given.seeds)
            )
        ]
    Console().print(_table(found))
    return 0 if all(each.is_kept for each in found) else 1


def _parser() -> ArgumentParser:
    parser = ArgumentParser("python -m benchmarks.same", description=ABOUT)
    parser.add_argument("seeds", nargs="?", type=int, default=60, help="of each variant; 60")
    help_ = "where it is trained; what is there is used again"
    parser.add_argument("--into", type=Path, metavar="FOLDER", help=help_)
    return parser


def _table(found: Sequence[Count]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("grid", "seeds", "sweeps", "called better or worse", "verdicts"):
        table.add_column(heading)
    for each in found:
        words = ", ".join(f"{word} {count}" for word, count in sorted(each.words.items()))
        table.add_row(each.grid, str(each.seeds), str(each.sweeps), f"{each.false:.1%}", words)
    return table


if __name__ == "__main__":
    sys.exit(main())
