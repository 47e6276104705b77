"""The table of volatility: a cell has its number first, and what qualifies it on further lines."""

from collections.abc import Mapping, Sequence

from reports.course import Course, Run, along, middle
from reports.crossings import Lead
from reports.drawings.drawing import Table
from reports.noise import FEWEST_POINTS
from reports.numbers import NO_RESULT, THIN, amount, fixed, percent
from reports.volatility import TOO_FEW, Volatility

ONE_SEED = "one seed"
MOST_SEEDS = 5  # whose values stand in a cell each


COLUMNS = (
    "variant",
    "step-to-step noise\nand wander, nats",
    "own noise, × baseline's",
    "share of jumping",
    "correlated over",
    "spikes a run",
    f"SD between seeds\n95{THIN}% interval",
    "lead settled since\ntokens, one value a seed",
)


def measures_row(label: str, found: Volatility, course: Course, own: str) -> tuple[str, ...]:
    """Write the measures of one variant; `own` is the cell of its own noise."""
    late = [each.late for each in course.runs if each.late is not None]
    wander, share = middle([e.wander for e in late]), middle([e.jumping for e in late])
    # several that were trained cannot be evaluated so; none that was trained has a loss either
    without = ONE_SEED if len(course.runs) == 1 else NO_RESULT
    spread = without if found.seed_sd is None else fixed(found.seed_sd, 4)
    limits = found.seed_sd_limits
    if limits is not None:
        spread = f"{spread}\n{fixed(limits[0], 4)} to {fixed(limits[1], 4)}"
    nothing = TOO_FEW if course.runs else NO_RESULT
    noise = nothing if found.jitter is None else fixed(found.jitter, 4)
    return (
        label,
        lines(noise, None if wander is None else f"wander {fixed(wander, 4)}"),
        own,
        "–" if share is None else percent(share),
        _correlated(course.runs),
        _spikes(found.spikes_per_run, found.batch_spikes_per_run),
        spread,
        _settled(course.leads),
    )


def stretches_table(labels: Sequence[str], given: Sequence[Course]) -> Table:
    """Write noise and wander of 10 stretches of equal width in log tokens, as medians of seeds."""
    told = [along(each.runs) for each in given]
    longest = max(told, key=len, default=())
    rows = tuple(
        (
            f"{amount(stretch.start)} to {amount(stretch.end)}",
            *(_pair(each[place].jitter, each[place].wander) if each else "–" for each in told),
        )
        for place, stretch in enumerate(longest)
    )
    return Table(("tokens", *labels), rows)


def lines(*given: str | None) -> str:
    """Put what there is on lines of one cell."""
    return "\n".join(line for line in given if line)


def _pair(jitter: float | None, wander: float | None) -> str:
    if jitter is None or wander is None:
        return f"under {FEWEST_POINTS} steps"
    return f"{fixed(jitter, 4)} / {fixed(wander, 4)}"


def _spikes(own: float | None, batch: float | None) -> str:
    if own is None:
        return TOO_FEW
    return lines(f"{own:.1f}", f"and {batch:.1f} of the batches" if batch else None)


def _correlated(runs: Sequence[Run]) -> str:
    """Write the autocorrelation time, `at least` where some run is too short for it."""
    known = [each for each in runs if each.memory is not None]
    tau = middle([each.memory.tau for each in known if each.memory])
    if tau is None:
        return TOO_FEW if runs else NO_RESULT
    tokens = middle([each.memory.tau * each.tokens_per_step for each in known if each.memory])
    least = "" if all(each.memory and each.memory.is_reliable for each in known) else "at least "
    steps = f"{tau:.1f} step{'' if f'{tau:.1f}' == '1.0' else 's'}"
    return lines(f"{least}{steps}", f"{amount(tokens)} tokens")


def _settled(leads: Mapping[int, Lead | None]) -> str:
    known = [each for each in leads.values() if each is not None]
    if not known:
        return TOO_FEW if leads else "–"
    shares = [each.time_in_lead for each in known]
    over = "median over seeds" if len(set(map(percent, shares))) > 1 else None
    return lines(
        _seeds([_since(each) for each in known], known),
        *_leaders(known),
        f"ahead for {percent(middle(shares))} of tokens",
        over,
    )


def _leaders(known: Sequence[Lead]) -> tuple[str, ...]:
    """Say in how many seeds the variant leads at the end, where they settle on unlike leaders."""
    leaders = {each.leader for each in known if each.settled_since is not None}
    if len(leaders) < 2:  # noqa: PLR2004 - one leader needs no number
        return ()
    ahead = sum(each.leader < 0 for each in known)
    return ("not the same leader:", f"ahead at the end in {ahead} of {len(known)} seeds")


def _since(lead: Lead) -> str:
    if lead.first is None:
        return "no lead"
    if lead.settled_since is None:
        return "not settled"
    if lead.is_from_start and not lead.changes:
        return "the start"
    return amount(lead.settled_since)


def _seeds(words: Sequence[str], leads: Sequence[Lead]) -> str:
    """Write one value for each seed; of equal ones the value once, of many their range."""
    if len(set(words)) == 1:
        return words[0]
    if len(words) <= MOST_SEEDS:
        return ", ".join(words)
    since = [each.settled_since for each in leads if each.settled_since is not None]
    settled = f"{amount(min(since))} to {amount(max(since))} in " if since else ""
    return f"{settled}{len(since)} of {len(words)}"
