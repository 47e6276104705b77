"""What pairing by seed took off the noise in finished grids; `python -m benchmarks.pairing`."""

import json
import math
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from reports.contrasts import Contrast, family
from reports.errors import UserError
from reports.estimates import pairing_efficiency
from reports.frames import read_frames

ABOUT = """Read every finished grid and print, for each contrast, how far seeds spread, how far
differences of the same seed do, and rho = 1 - var(D) / (var(Y) + var(Y0)): 0 where pairing gains
nothing, 1 where a seed decides everything. Of a few seeds rho is a rough number; the last line
pools the variances."""
FEWEST_SEEDS = 3


@dataclass(frozen=True)
class Row:
    """One contrast of a grid.

    Fields:
        grid, a, b: which.
        seeds: that both finished.
        seed_sd: standard deviation between seeds, of both variants together, nats per token.
        difference_sd: of the paired difference.
        rho: share of the variance that pairing took off.
    """

    grid: str
    a: str
    b: str
    seeds: int
    seed_sd: float
    difference_sd: float
    rho: float


def rows(results: Path) -> Iterator[Row]:
    """Return the contrasts of every grid that has enough seeds, grid by grid."""
    for path in sorted(results.glob("*/manifest.json")):
        try:
            frames = read_frames(path.parent)
        except UserError as error:
            sys.stderr.write(f"{error}\n")
            continue
        for each in family(frames):
            row = _row(frames.manifest.name, each)
            if row is not None:
                yield row


def _row(grid: str, each: Contrast) -> Row | None:
    if each.pairs < FEWEST_SEEDS or each.diverged:
        return None
    rho = pairing_efficiency(each.a_losses, each.b_losses)
    if rho is None:
        return None
    both = (np.var(each.a_losses, ddof=1) + np.var(each.b_losses, ddof=1)) / 2
    spread = float(np.std(each.differences, ddof=1))
    return Row(grid, each.a, each.b, each.pairs, math.sqrt(both), spread, rho)


def pooled(found: Sequence[Row]) -> float:
    """Return rho of the sums of squares of all contrasts."""
    degrees = np.array([each.seeds - 1 for each in found])
    differences = np.array([each.difference_sd**2 for each in found])
    alone = np.array([2 * each.seed_sd**2 for each in found])
    return float(1 - (degrees * differences).sum() / (degrees * alone).sum())


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 0, or 2 for bad input."""
    given = _parser().parse_args(argv)
    found = list(rows(given.results))
    if not found:
        sys.stderr.write(f"no grid with {FEWEST_SEEDS} seeds under {given.results}\n")
        return 2
    Console(width=None if sys.stdout.isatty() else 100).print(_table(found))
    sys.stdout.write(f"rho of all {len(found)} contrasts together: {pooled(found):.2f}\n")
    if given.json is not None:
        document = [asdict(each) for each in found]
        given.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser("python -m benchmarks.pairing", description=ABOUT)
    help_ = "folder of results; results/ unless said"
    parser.add_argument("results", nargs="?", type=Path, default=Path("results"), help=help_)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every number")
    return parser


def _table(found: Sequence[Row]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("grid", "contrast"):
        table.add_column(heading)
    for heading in ("seeds", "SD of seeds", "SD of differences", "rho"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in found:
        numbers = (f"{each.seed_sd:.4f}", f"{each.difference_sd:.4f}", f"{each.rho:.2f}")
        table.add_row(each.grid, f"{each.a} - {each.b}", str(each.seeds), *numbers)
    return table


if __name__ == "__main__":
    sys.exit(main())
