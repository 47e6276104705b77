"""A plan for people: a row for each variant, the reasons below, the sum last."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ablations.planning import Plan, Planned
from ablations.progress import duration
from components.options import plain, shown

ROOM = 78
"""Columns beside the names of variants with which the table also says in what each differs."""


def show(planned: Plan, workers: int, console: Console, counts: str = "") -> None:
    """Print the plan as a table of variants, the reasons below it, and the sum last.

    Args:
        planned: the plan.
        workers: how many cells train at once.
        console: where to.
        counts: how many cells there are, where the plan cannot tell by itself.
    """
    grid = planned.grid
    head = f"preset {grid.preset} · {counts or counts_of(planned)} · baseline {grid.baseline}"
    console.print(Text.assemble((grid.results_name, "bold"), "  ", grid.question), soft_wrap=True)
    console.print(Text(f"{head}\n"), soft_wrap=True)
    console.print(_table(planned, console.width))
    for line in reasons(planned):
        console.print(Text(line), soft_wrap=True)
    console.print(Text(f"\n{summary(planned, workers)}"), soft_wrap=True)


def counts_of(planned: Plan) -> str:
    """Return how many cells there are; with looks, also how many more there may be."""
    grid, cells = planned.grid, len(planned.cells)
    variants = len(planned.variants)
    numbers = sorted({len(grid.seeds_of(variant.name)) for variant in planned.variants})
    seeds = f"{numbers[0]} to {numbers[-1]}" if len(numbers) > 1 else f"{numbers[0]}"
    counts = f"{variants} variants × {seeds} seeds = {cells} cells"
    later = [look for look in grid.looks or () if look > len(grid.seeds)]
    if not later:
        return counts
    most = (later[-1] - len(grid.seeds)) * sum(
        variant.name not in grid.asked for variant in planned.variants
    )
    looks = " and ".join(map(str, later))
    return f"{counts}, at most {most} more at {looks} seeds where it is not decided"


def reasons(planned: Plan) -> list[str]:
    """Return why cells are stale, failed or to be evaluated, the cells of one reason together.

    They share a line, unless a name holds a comma of its own.
    """
    by_reason: dict[str, list[str]] = {}
    for each in planned.cells:
        if each.state in ("stale", "failed"):
            by_reason.setdefault(f"{each.state}: {each.why}", []).append(each.name)
        elif each.unevaluated:
            what = f"to evaluate, not to train: {', '.join(each.unevaluated)}"
            by_reason.setdefault(what, []).append(each.name)
    return [f"\n{reason}\n  {_listed(names)}" for reason, names in by_reason.items()]


def _listed(names: Sequence[str]) -> str:
    return ("\n  " if any("," in name for name in names) else ", ").join(names)


def summary(planned: Plan, workers: int) -> str:
    """Return the last line: what there is to train, on what, in about how long."""
    train, cached = len(planned.to_train), len(planned.cells) - len(planned.to_train)
    evaluate = len(planned.to_do) - train
    if not planned.to_do:
        return f"Nothing to train: all {cached} cells are cached."
    working = min(workers, len(planned.to_do))
    threads = ", 1 thread each" if planned.device == "cpu" else ""
    about = duration(planned.about(working))
    where = f"{working} worker{'s' * (working > 1)} ({planned.device}{threads})"
    parts = [f"{cells_of(train)} to train on {where}"]
    begun = sum(each.begun for each in planned.cells)
    parts += [f"{begun} of them go{'es' * (begun == 1)} on from a checkpoint"] if begun else []
    parts += [f"about {about}"] if about else ["nothing like them was measured yet"]
    tail = f"; {cells_of(cached)} cached" if cached else ""
    tail += f", {evaluate} of them to evaluate" if evaluate else ""
    return f"{', '.join(parts)}{tail}."


def cells_of(count: int) -> str:
    """Return a number of cells in words."""
    return f"{count} cell" + ("s" if count != 1 else "")


def _table(planned: Plan, width: int) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=True)
    for name, justify in _COLUMNS:
        table.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type]  # literals
    longest = max(len(variant.name) for variant in planned.variants)
    says_differs = width - longest >= ROOM
    if says_differs:
        table.add_column("differs")
    for variant in planned.variants:
        own = [each for each in planned.cells if each.variant == variant.name]
        differs = [f"{key}={shown(plain(value))}" for key, value in variant.differs.items()]
        words = _row(own)
        if says_differs:
            words.append(", ".join(differs) or "baseline")
        table.add_row(*(Text(word) for word in words))
    return table


_COLUMNS = (
    ("variant", "left"),
    ("parameters", "right"),
    ("FLOPs a cell", "right"),
    ("memory", "right"),
    ("cached", "right"),
    ("to train", "right"),
    ("about", "right"),
)


def _row(cells: Sequence[Planned]) -> list[str]:
    first = cells[0]
    to_train = [each for each in cells if each.state != "cached"]
    known = [each.seconds for each in to_train if each.seconds is not None]
    about = duration(sum(known)) if known and len(known) == len(to_train) else "–"
    return [
        first.variant,
        _short(first.cost.parameters),
        _power(first.flops),
        f"{max(first.cost.memory_bytes / 2**20, 1):,.0f} MB",
        str(len(cells) - len(to_train)),
        str(len(to_train)),
        about,
    ]


def _short(count: float) -> str:
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.2f} {unit}"
    return f"{count:.0f}"


def _power(count: float) -> str:
    mantissa, exponent = f"{count:.1e}".split("e")
    digits = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa} × 10{digits}"
