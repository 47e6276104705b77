"""What is seen along the runs of a variant and at their ends, for machines."""

from collections.abc import Mapping
from typing import Any

from reports.course import Course, Run, along, middle
from reports.crossings import Lead
from reports.estimates import Interval
from reports.outlook import Outlook
from reports.powerlaw import PowerLaw
from reports.spikescores import MONITOR_WINDOW, PAPER_WINDOW
from reports.wander import Motion


def course_json(course: Course) -> dict[str, Any]:
    """Return medians over the seeds, and the values of each seed; absent ones are null."""
    late = [each.late for each in course.runs if each.late is not None]
    ratio = course.spread_ratio
    return {
        "wander": middle([each.wander for each in late]),
        "share_of_jumping": middle([each.jumping for each in late]),
        "autocorrelation_steps": middle([each.memory.tau for each in course.runs if each.memory]),
        "runs": [_run(each) for each in course.runs],
        "along": [_motion(each) for each in along(course.runs)],
        "settled_tokens": [
            None if each is None else each.settled_since for each in course.leads.values()
        ],
        "leads": [
            None if each is None else _lead(seed, each) for seed, each in course.leads.items()
        ],
        "spread": [
            {
                "tokens": each.tokens,
                "seeds": each.seeds,
                "sd": each.deviation,
                "low": None if each.limits is None else each.limits[0],
                "high": None if each.limits is None else each.limits[1],
            }
            for each in course.spreads
        ],
        "tails": [None if each is None else vars(each) for each in course.tails],
        "spread_ratio": _interval(ratio) if isinstance(ratio, Interval) else None,
        "spread_note": ratio if isinstance(ratio, str) else None,
        "power_law": _law(course.power_law) if isinstance(course.power_law, PowerLaw) else None,
        "power_law_note": course.power_law if isinstance(course.power_law, str) else None,
        "spike_scores": _scores(course),
    }


def outlook_json(outlook: Outlook) -> dict[str, Any]:
    """Return the slopes of the end: changes in nats for 10 % more tokens."""
    return {
        "end_slopes": [
            {"change": each.for_more, "error": each.error * 0.1 * each.end}
            for each in outlook.lines
        ],
        "end_slope": _interval(outlook.slope),
        "gap": _interval(outlook.gap),
        "gap_slope": _interval(outlook.gap_slope),
        "gap_direction": outlook.direction,
        "gap_zero_at_tokens": outlook.meets,
        "rate_decays_at_end": outlook.decays,
    }


def _run(run: Run) -> dict[str, Any]:
    found = run.memory
    return {
        "seed": run.seed,
        **_motion(run.late),
        "autocorrelation_steps": None if found is None else found.tau,
        "autocorrelation_tokens": None if found is None else found.tau * run.tokens_per_step,
        "autocorrelation_is_reliable": None if found is None else found.is_reliable,
        "effective_points": None if found is None else found.effective,
        "error_of_mean": None if found is None else found.error_of_mean,
    }


def _motion(motion: Motion | None) -> dict[str, Any]:
    if motion is None:
        return dict.fromkeys(("start", "end", "jitter", "wander", "share_of_jumping"))
    return {
        "start": motion.start,
        "end": motion.end,
        "jitter": motion.jitter,
        "wander": motion.wander,
        "share_of_jumping": motion.jumping,
    }


def _lead(seed: int, lead: Lead) -> dict[str, Any]:
    return {
        "seed": seed,
        "leader": {-1: "variant", 0: None, 1: "baseline"}[lead.leader],
        "changes": list(lead.changes),
        "first": lead.first,
        "is_from_start": lead.is_from_start,
        "settled_tokens": lead.settled_since,
        "time_in_lead": lead.time_in_lead,
        "sign_changes": lead.sign_changes,
        "expected_sign_changes": lead.expected_sign_changes,
    }


def _interval(interval: Interval | None) -> dict[str, float] | None:
    if interval is None:
        return None
    return {"estimate": interval.estimate, "low": interval.low, "high": interval.high}


def _law(law: PowerLaw) -> Mapping[str, Any]:
    return {
        "limit": law.limit,
        "scale": law.scale,
        "exponent": law.exponent,
        "limits": list(law.limits),
        "exponents": list(law.exponents),
    }


def _scores(course: Course) -> dict[str, Any]:
    paper = {what: [first for first, _ in each] for what, each in course.scores.items()}
    monitor = {what: [second for _, second in each] for what, each in course.scores.items()}
    return {
        "percent_beyond_7_sd": {"window": PAPER_WINDOW, **paper},
        "share_above_6_sd": {"window": MONITOR_WINDOW, **monitor},
    }
