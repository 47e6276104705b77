"""The questions of the benchmark: each measures some settings and returns rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from benchmarks.verdicts_measure import Said, Share, false_share, measure, said_by
from benchmarks.verdicts_noise import (
    BEYOND,
    LARGE,
    NOISES,
    NOISY,
    SMALL,
    VARIANCES,
    WILD,
    Noise,
    Setting,
)
from benchmarks.verdicts_others import OTHERS, oracle

SEEDS = (3, 5, 10)
LOOKS = (3, 5, 10)
OURS = ("paired", "floored")
Row = Mapping[str, str | float | None]


@dataclass(frozen=True)
class Effort:
    """How much is simulated.

    Fields:
        sweeps: of each setting.
        resampled: for rules that resample, which are slow.
        variances: patterns of variance, baselines and sizes of the check of critical values.
    """

    sweeps: int
    resampled: int
    checks: tuple[tuple[Noise, ...], tuple[float, ...], tuple[int, ...]]


SHORT = Effort(1000, 300, (("equal", "geometric 4"), (1.0,), (6,)))
FULL = Effort(20_000, 4000, (VARIANCES, (0.0, 1.0, 2.0), (3, 4, 6, 9)))


def rules(effort: Effort) -> Iterator[Row]:
    """Every rule, fixed seeds, six variants: equal ones, and such that differ."""
    for seeds in (1, *SEEDS):
        for name in (*OTHERS, "oracle", *OURS):
            if seeds > 1 or name == "lowest wins":
                row: dict[str, str | float | None] = {"rule": name, "seeds": seeds}
                yield row | _three_settings(name, seeds, effort)


def _three_settings(name: str, seeds: int, effort: Effort) -> dict[str, str | float | None]:
    null = _said(name, Setting(seeds=seeds, deviation=NOISY), effort)
    noisy = _said(name, Setting(seeds=seeds, deviation=NOISY, effects=LARGE), effort)
    calm = _said(name, Setting(seeds=seeds, effects=LARGE), effort)
    return {
        "false_null": null.false.value,
        "error_null": null.false.error,
        "false_noisy": noisy.false.value,
        "error_noisy": noisy.false.error,
        "resolved_noisy": noisy.resolved,
        "directed_noisy": noisy.directed,
        "false_calm": calm.false.value,
        "error_calm": calm.false.error,
        "directed_calm": calm.directed,
    }


def _said(name: str, setting: Setting, effort: Effort) -> Said:
    if name in OURS:
        return measure(setting, (setting.seeds,), effort.sweeps, name).said
    rule = OTHERS.get(name, oracle)
    slow = name == "bootstrap"
    return said_by(setting, rule, effort.resampled if slow else effort.sweeps)


def patterns(effort: Effort) -> Iterator[Row]:
    """The worst of nine patterns of noise, all variants equal."""
    for variants in (3, 6):
        for name in (*list(OTHERS)[1:], *OURS):
            row: dict[str, str | float | None] = {"variants": variants, "rule": name}
            for seeds in SEEDS:
                found = {each: _false(name, variants, seeds, each, effort) for each in NOISES}
                row |= _worst(f"{seeds} seeds", found)
            if name in OURS:
                every = {each: _looked(name, variants, each, effort) for each in NOISES}
                row |= _worst("until decided", every)
            yield row


def beyond(effort: Effort) -> Iterator[Row]:
    """Noise that no few seeds can be safe from, all means equal."""
    for noise in BEYOND:
        for variants in (3, 6):
            row: dict[str, str | float | None] = {"noise": noise, "variants": variants}
            for seeds in SEEDS:
                row |= _worst(
                    f"{seeds} seeds", {noise: _false("floored", variants, seeds, noise, effort)}
                )
            yield row | _worst(
                "until decided", {noise: _looked("floored", variants, noise, effort)}
            )


def _false(name: str, variants: int, seeds: int, noise: Noise, effort: Effort) -> Share:
    return _said(name, Setting(variants, seeds, WILD, noise=noise), effort).false


def _looked(name: str, variants: int, noise: Noise, effort: Effort) -> Share:
    setting = Setting(variants, max(LOOKS), WILD, noise=noise)
    return false_share(setting, LOOKS, effort.sweeps, name)


def _worst(key: str, found: Mapping[Noise, Share]) -> dict[str, str | float | None]:
    noise = max(found, key=lambda each: found[each].value)
    return {
        key: found[noise].value,
        f"{key}, error": found[noise].error,
        f"{key}, noise": noise,
    }


def best_sets(effort: Effort) -> Iterator[Row]:
    """The set that could be the best: least coverage over nine patterns, and its size."""
    for variants in (3, 6):
        for looks in ((3,), (5,), (10,), LOOKS):
            setting = Setting(variants, max(looks), WILD)
            found = [measure(replace(setting, noise=n), looks, effort.sweeps) for n in NOISES]
            least = min(found, key=lambda each: each.best_covered.value)
            named = min(found, key=lambda each: each.best_named.value)
            sized = measure(replace(setting, deviation=NOISY, effects=LARGE), looks, effort.sweeps)
            yield {
                "variants": variants,
                "seeds": _looks(looks),
                "covered": least.best_covered.value,
                "error": least.best_covered.error,
                "noise": least.setting.noise,
                "named": named.best_named.value,
                "size": sized.best_size,
            }


CONDITIONS: tuple[tuple[str, Setting], ...] = (
    *((f"{n} variants, equal", Setting(n, deviation=NOISY)) for n in (3, 6, 11, 16, 20)),
    ("small effects, calm", Setting(effects=SMALL)),
    ("small effects, noisy", Setting(deviation=NOISY, effects=SMALL)),
    ("large effects, calm", Setting(effects=LARGE)),
    ("large effects, noisy", Setting(deviation=NOISY, effects=LARGE)),
    ("  with 3 variants", Setting(3, deviation=NOISY, effects=LARGE)),
    ("  with 20 variants", Setting(20, deviation=NOISY, effects=LARGE)),
    ("  paired, rho 0.5", Setting(deviation=NOISY, effects=LARGE, rho=0.5)),
    ("  one seed diverges", Setting(deviation=NOISY, effects=LARGE, diverged=1)),
    ("  heavy tails (t3)", Setting(deviation=NOISY, effects=LARGE, noise="student")),
    ("equal, rho 0.5", Setting(deviation=NOISY, rho=0.5)),
    ("equal, one diverges", Setting(deviation=NOISY, diverged=1)),
    ("equal, heavy tails", Setting(deviation=NOISY, noise="student")),
)


def conditions(effort: Effort) -> Iterator[Row]:
    """The rule of the reports where sweeps differ, for five seeds."""
    for name, setting in CONDITIONS:
        found = measure(replace(setting, seeds=5), (5,), effort.sweeps)
        yield {
            "setting": name,
            "false": found.said.false.value,
            "error": found.said.false.error,
            "covered": found.covered.value,
            "resolved": found.said.resolved,
            "oracle": found.oracle,
            "diary": found.diary.value,
        }


def until_decided(effort: Effort) -> Iterator[Row]:
    """What seeds until decided find and cost, beside always training the most."""
    for name, setting in CONDITIONS:
        most = max(LOOKS)
        looked = measure(setting, LOOKS, effort.sweeps)
        fixed = measure(setting, (most,), effort.sweeps)
        yield {
            "setting": name,
            "false": looked.said.false.value,
            "error": looked.said.false.error,
            "covered": looked.covered.value,
            "resolved": looked.said.resolved,
            "resolved_fixed": fixed.said.resolved,
            "cells": looked.cells,
            "most_cells": looked.most_cells,
            "saved": 1 - looked.cells / looked.most_cells,
        }


def critical_values(effort: Effort) -> Iterator[Row]:
    """Family error where the baseline has 0 to 2 times the noise of the variants."""
    noises, baselines, sizes = effort.checks
    for variants in sizes:
        row: dict[str, str | float | None] = {"contrasts": variants - 1}
        for seeds in SEEDS:
            every = [
                Setting(variants, seeds, WILD, noise=noise, baseline=baseline)
                for noise in noises
                for baseline in baselines
            ]
            found = [false_share(each, (seeds,), effort.sweeps) for each in every]
            row[f"{seeds} seeds, least"] = min(each.value for each in found)
            row[f"{seeds} seeds, most"] = max(each.value for each in found)
            row[f"{seeds} seeds, error"] = max(each.error for each in found)
        yield row


def looks_without_sharing(effort: Effort) -> Iterator[Row]:
    """Looks that share the 5 %, and looks that each take all of it; all variants equal."""
    for contrasts in (1, 5):
        for rule in OURS:
            setting = Setting(contrasts + 1, max(LOOKS), WILD)
            shared = false_share(setting, LOOKS, effort.sweeps, rule)
            whole = false_share(setting, LOOKS, effort.sweeps, rule, 0.05)
            yield {
                "contrasts": contrasts,
                "rule": rule,
                "shared": shared.value,
                "whole": whole.value,
                "error": whole.error,
            }


def _looks(looks: Sequence[int]) -> str:
    return ", ".join(map(str, looks))
