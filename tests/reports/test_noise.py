"""How often a ratio of own noises is printed, by simulation: residuals of three variants."""

import numpy as np
import pytest

from reports.noise import is_borne_out, noise_ratio, own_variances, shared_unequally

GRIDS = 150
STEPS = 300


def simulated(generator, own, shared, batch, seeds):
    """Residuals [variants, steps] of each seed; the last two variants share a part of their own."""
    found = []
    for _ in range(seeds):
        common = generator.normal(0, batch, STEPS)
        clone = generator.normal(0, 1, STEPS) * shared
        parts = [0.0, shared, shared]
        rows = [
            common + (clone if part else 0) + generator.normal(0, np.sqrt(sd**2 - part**2), STEPS)
            for sd, part in zip(own, parts, strict=True)
        ]
        found.append(np.array(rows))
    return found


def printed(residuals):
    """Whether any ratio to the first variant is resolved, and whether it is then given."""
    own = np.array([own_variances(each) for each in residuals])
    if (own <= 0).any():
        return False, False
    own, whole = np.sqrt(own), np.array([np.std(each, axis=1, ddof=1) for each in residuals])
    found = [(noise_ratio(s[:, v], s[:, 0], 2)) for v in (1, 2) for s in (own, whole)]
    pairs = [(found[0], found[1]), (found[2], found[3])]
    resolved = [(one, other) for one, other in pairs if not one.low <= 1 <= one.high]
    given = not shared_unequally(residuals) and any(is_borne_out(*each) for each in resolved)
    return bool(resolved), given


def rates(own, part, batch, seeds):
    generator = np.random.default_rng([seeds, round(1000 * batch), round(100 * part)])
    shared = own[1] * np.sqrt(part)
    found = [printed(simulated(generator, own, shared, batch, seeds)) for _ in range(GRIDS)]
    return np.mean(found, axis=0)


@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize("batch", [0.02, 0.08])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_equal_noises_with_a_near_clone_seldom_print_a_ratio(part, batch, seeds):
    resolved, given = rates((0.01, 0.01, 0.01), part, batch, seeds)
    assert resolved > 0.6  # what the near clone would make of equal noises
    assert given <= 0.05


@pytest.mark.parametrize("seeds", [3, 5])
def test_equal_independent_noises_seldom_print_a_ratio(seeds):
    assert rates((0.01, 0.01, 0.01), 0.0, 0.05, seeds)[1] <= 0.05


def test_a_noise_that_is_twice_the_baselines_is_still_found():
    assert rates((0.01, 0.02, 0.01), 0.0, 0.02, 5)[1] > 0.85


def test_independent_noises_are_seldom_called_shared():
    generator = np.random.default_rng(1)
    found = [
        shared_unequally(simulated(generator, (0.01, 0.02, 0.01), 0.0, 0.05, 5)) for _ in range(400)
    ]
    assert np.mean(found) <= 0.025  # 1 %, and what 400 draws may add


def test_one_seed_or_two_variants_show_no_unequal_sharing():
    residuals = np.random.default_rng(0).normal(0, 1, (3, 60))
    assert not shared_unequally([residuals])
    assert not shared_unequally([residuals[:2], residuals[1:]])
