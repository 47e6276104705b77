"""Simulated sweeps whose truth is known: final losses of every variant and seed, as arrays."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Noise = Literal[
    "equal",
    "spread",
    "one variant 3x",
    "one variant 8x",
    "two variants 8x",
    "baseline 3x",
    "log-normal",
    "geometric 2",
    "geometric 4",
    "geometric 8",
    "student",
    "exponential",
    "outliers",
    "skewed, log-normal",
    "one skewed, 8x",
    "one has bad seeds",
]
NOISES: tuple[Noise, ...] = (
    "spread",
    "one variant 3x",
    "one variant 8x",
    "baseline 3x",
    "log-normal",
    "geometric 4",
    "student",
    "exponential",
    "outliers",
)
BEYOND: tuple[Noise, ...] = (
    "skewed, log-normal",
    "one skewed, 8x",
    "one has bad seeds",
)
"""Noise for which no interval of a few seeds keeps its promise: skewed to unequal sides."""

VARIANCES: tuple[Noise, ...] = (
    "equal",
    "one variant 8x",
    "two variants 8x",
    "geometric 2",
    "geometric 4",
    "geometric 8",
    "log-normal",
)
DEGREES = 14.3  # of the spread of variances between recipes in the logs of modded-nanogpt
CALM, NOISY = 0.0013, 0.005  # nats: a GPT-2 of 124M parameters; a small model, briefly trained
WILD = 1.0  # nats: nothing is ever within the margin, so that no contrast ends before it misleads
BAD_SEEDS, HOW_BAD = 0.15, 10.0  # a share of the seeds ends so many standard deviations higher
LARGE, SMALL = 0.01, 0.003  # nats: standard deviation of the true means of variants


@dataclass(frozen=True)
class Setting:
    """What a simulated sweep is drawn from.

    Fields:
        variants: with the baseline.
        seeds: the most that a rule may see.
        deviation: typical standard deviation of a variant between seeds, in nats.
        effects: standard deviation of the true means in nats; 0 where all are equal.
        noise: how it differs between variants, and its shape.
        rho: what pairing by seed takes off the variance of a difference.
        diverged: cells that diverge, each of another variant, in the first three seeds.
        baseline: standard deviation of the baseline, beside what `noise` makes of it.
    """

    variants: int = 6
    seeds: int = 10
    deviation: float = CALM
    effects: float = 0.0
    noise: Noise = "spread"
    rho: float = 0.0
    diverged: int = 0
    baseline: float = 1.0


@dataclass(frozen=True)
class Sweeps:
    """Sweeps of one setting.

    Shapes: means, deviations [sweeps, variants]; losses [sweeps, variants, seeds], NaN where a cell
    diverged. Units: nats per token.
    """

    setting: Setting
    means: Array
    deviations: Array
    losses: Array

    @property
    def differences(self) -> Array:
        """The true differences from the baseline [sweeps, variants - 1]."""
        return self.means[:, 1:] - self.means[:, :1]

    @property
    def difference_variances(self) -> Array:
        """The true variance of a paired difference [sweeps, variants - 1]."""
        variances, rho = self.deviations**2, self.setting.rho
        own = (1 - rho) * (variances[:, 1:] + variances[:, :1])
        common = rho * (self.deviations[:, 1:] - self.deviations[:, :1]) ** 2
        return own + common

    def first(self, seeds: int) -> "Sweeps":
        """Return the same sweeps with fewer seeds."""
        return replace(self, losses=self.losses[:, :, :seeds])


def simulate(setting: Setting, sweeps: int, generator: np.random.Generator) -> Sweeps:
    """Draw sweeps; the loss level is that of a small language model and of no consequence."""
    shape = (sweeps, setting.variants, setting.seeds)
    means = 3.3 + setting.effects * generator.standard_normal(shape[:2])
    deviations = setting.deviation * _scales(setting, sweeps, generator)
    common = np.sqrt(setting.rho) * generator.standard_normal((sweeps, 1, setting.seeds))
    own = np.sqrt(1 - setting.rho) * _standard(setting.noise, shape, generator)
    losses = means[:, :, None] + deviations[:, :, None] * (common + own)
    for variant in range(1, 1 + setting.diverged):
        seed = generator.integers(0, min(3, setting.seeds), sweeps)
        losses[np.arange(sweeps), variant, seed] = np.nan
    return Sweeps(setting, means, deviations, losses)


def _scales(setting: Setting, sweeps: int, generator: np.random.Generator) -> Array:
    """Standard deviations in units of the typical one [sweeps, variants]."""
    shape = (sweeps, setting.variants)
    scales: Array = np.sqrt(DEGREES / generator.chisquare(DEGREES, shape))
    match setting.noise:
        case "one variant 3x":
            scales[:, 1] *= 3
        case "one variant 8x" | "one skewed, 8x":
            scales[:, 1] *= 8
        case "two variants 8x":
            scales[:, 1:3] *= 8
        case "baseline 3x":
            scales[:, 0] *= 3
        case "log-normal" | "skewed, log-normal":
            scales = np.exp(generator.standard_normal(shape))
        case "equal":
            scales = np.ones(shape)
        case "geometric 2" | "geometric 4" | "geometric 8":
            ratio = float(setting.noise.removeprefix("geometric "))
            scales = np.broadcast_to(ratio ** np.arange(setting.variants), shape).copy()
        case _:
            pass
    scales[:, 0] *= setting.baseline
    return scales


def _standard(noise: Noise, shape: tuple[int, ...], generator: np.random.Generator) -> Array:
    """Noise of mean 0 and variance 1; outliers and bad seeds come on top of it."""
    match noise:
        case "student":
            heavy: Array = generator.standard_t(3, shape) / np.sqrt(3)
            return heavy
        case "exponential" | "skewed, log-normal" | "one skewed, 8x":
            return generator.standard_exponential(shape) - 1
        case "one has bad seeds":
            is_bad = generator.random(shape) < BAD_SEEDS
            only = np.arange(shape[1])[:, None] == 1
            jumps = np.where(only, HOW_BAD * (is_bad - BAD_SEEDS), 0.0)
            return generator.standard_normal(shape) + jumps
        case "outliers":
            outlying = generator.random(shape) < 0.03  # noqa: PLR2004 - 3 % of them, 5 times as far
            return generator.standard_normal(shape) * np.where(outlying, 5.0, 1.0)
        case _:
            return generator.standard_normal(shape)
