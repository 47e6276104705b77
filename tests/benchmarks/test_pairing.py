import json

import numpy as np
import pytest

from benchmarks.pairing import main, pooled, rows
from tests.results import results

DICE = np.random.default_rng(3)


def test_rho_is_what_pairing_took_off_the_variance(tmp_path):
    base = 3.4 + 0.02 * DICE.standard_normal(200)
    alike = base + 0.005 * DICE.standard_normal(200)
    apart = 3.4 + 0.02 * DICE.standard_normal(200)
    folder = results(tmp_path, {"rotary": base, "alike": alike, "apart": apart})
    found = {each.a: each for each in rows(folder.parent)}
    assert found["alike"].rho == pytest.approx(1 - 0.005**2 / (2 * 0.02**2), abs=0.02)
    assert found["apart"].rho == pytest.approx(0, abs=0.2)
    assert found["alike"].difference_sd == pytest.approx(0.005, rel=0.15)
    together = 1 - (0.005**2 + 2 * 0.02**2) / (4 * 0.02**2)
    assert pooled(list(found.values())) == pytest.approx(together, abs=0.1)


def test_the_command_prints_every_contrast_and_writes_its_numbers(tmp_path, capsys):
    folder = results(tmp_path, {"rotary": [3.1, 3.2, 3.3], "alibi": [3.1, 3.3, 3.3]})
    target = tmp_path / "rho.json"
    assert main([str(folder.parent), "--json", str(target)]) == 0
    assert "alibi - rotary" in capsys.readouterr().out
    (row,) = json.loads(target.read_text())
    assert row["seeds"] == 3


def test_two_seeds_and_no_results_have_no_rho(tmp_path, capsys):
    folder = results(tmp_path, {"rotary": [3.1, 3.2], "alibi": [3.1, 3.3]})
    assert main([str(folder.parent)]) == 2
    assert "no grid with 3 seeds" in capsys.readouterr().err
