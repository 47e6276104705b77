"""The colours of report.css: contrast with what is behind, distance between any two."""

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

import reports

CSS = (Path(reports.__file__).parent / "assets" / "report.css").read_text(encoding="utf-8")
THEMES = ("light", "dark")
SLOTS = [f"v{slot}" for slot in range(6)]

# Machado, Oliveira, Fernandes 2009, severity 1, on linear RGB.
SIGHT = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def tokens() -> dict[str, tuple[str, str]]:
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", CSS)
    return {name: (light, dark) for name, light, dark in pairs}


def colour(name: str, theme: str) -> np.ndarray:
    """Linear RGB of a token."""
    text = tokens()[name][THEMES.index(theme)]
    values = np.array([int(text[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str, theme: str) -> float:
    weights = np.array([0.2126, 0.7152, 0.0722])
    lights = sorted(float(weights @ colour(name, theme)) + 0.05 for name in (one, other))
    return lights[1] / lights[0]


def lab(linear: np.ndarray) -> np.ndarray:
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    ratio = to_xyz @ np.clip(linear, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("behind", ["page", "panel"])
@pytest.mark.parametrize("name", [*SLOTS, "ink", "muted", "link"])
def test_text_has_contrast(name, behind, theme):
    assert contrast(name, behind, theme) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(
    ("name", "behind"), [("bad", "bad-panel"), ("caution", "caution-panel"), ("bad", "page")]
)
def test_warnings_have_contrast(name, behind, theme):
    assert contrast(name, behind, theme) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_rules_have_the_contrast_of_graphics(theme):
    assert contrast("rule", "page", theme) >= 3


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sight", SIGHT)
def test_any_two_variants_can_be_told_apart(sight, theme):
    seen = [lab(np.array(SIGHT[sight]) @ colour(name, theme)) for name in SLOTS]
    assert min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2)) > 20
