"""A grid's variants, and its cells: every variant with every seed."""

from dataclasses import replace

from ablations.expand import expand
from ablations.grid import Grid
from ablations.language import Variant
from components.catalogue import Catalogue
from pipelines.cell import Cell


def variants(grid: Grid, catalogue: Catalogue) -> tuple[Variant, ...]:
    """Return the variants in grid order, the baseline among them."""
    return expand(grid.declared, catalogue).variants


def cells(grid: Grid, catalogue: Catalogue) -> tuple[Cell, ...]:
    """Return every cell once: variant by variant, the seeds of each in a row."""
    return tuple(cell for _, cell in named_cells(grid, catalogue))


def named_cells(grid: Grid, catalogue: Catalogue) -> tuple[tuple[Variant, Cell], ...]:
    """Return every cell with its variant."""
    expansion = expand(grid.declared, catalogue)
    return tuple(
        (variant, replace(cell, variant=variant.differs, seed=seed))
        for variant, cell in zip(expansion.variants, expansion.cells, strict=True)
        for seed in grid.seeds_of(variant.name)
    )
