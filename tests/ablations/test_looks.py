from dataclasses import replace
from pathlib import Path
from typing import Any

from ablations.grid import read_grid
from ablations.looks import FILE, looks_up_to, pair_digests, question_digest, record_look
from components.catalogue import read_catalogue

GRID = read_grid("positions", (), read_catalogue())


def document(seed: int, rate: float = 0.1) -> dict:
    return {"seed": seed, "training": {"rate": rate}, "data": "d1", "code": {}}


def pairs(*rates: float, seed: int = 0, **terms: Any) -> frozenset[str]:
    """The contrasts of a grid whose variants have these rates, the first its baseline."""
    documents = {str(rate): document(seed, rate) for rate in rates}
    return pair_digests(documents, replace(GRID, baseline=str(rates[0]), claim=None, **terms))


def test_a_question_does_not_depend_on_its_seeds_or_their_order():
    three = question_digest([document(0), document(1), document(2), document(0, 0.2)])
    assert three == question_digest([document(5, 0.2), document(7)])


def test_another_variant_is_another_question():
    assert question_digest([document(0)]) != question_digest([document(0), document(0, 0.2)])


def test_a_contrast_does_not_depend_on_the_seed_the_other_variants_or_which_is_the_baseline():
    assert pairs(0.1, 0.2) == pairs(0.1, 0.2, seed=7) == pairs(0.2, 0.1)
    assert pairs(0.1, 0.2) < pairs(0.1, 0.2, 0.3)
    assert pairs(0.1, 0.2) != pairs(0.1, 0.3)


def test_all_pairs_are_contrasts_where_all_are_compared():
    assert len(pairs(0.1, 0.2, 0.3)) == 2
    assert pairs(0.1, 0.2, 0.3, compare="all") == pairs(0.1, 0.2, 0.3) | pairs(0.2, 0.3)


def test_a_contrast_that_only_a_claim_needs_is_judged_too():
    documents = {str(rate): document(0, rate) for rate in (0.1, 0.2, 0.3)}
    grid = replace(GRID, baseline="0.1", claim={"0.2": {"between": ["0.1", "0.3"]}, "source": "x"})
    assert pair_digests(documents, grid) == pairs(0.1, 0.2, 0.3) | pairs(0.2, 0.3)


def test_adding_seeds_is_another_look_at_the_same_contrasts(tmp_path: Path):
    record_look(tmp_path, {"a", "b"}, (0, 1, 2))
    record_look(tmp_path, {"other"}, (0,))
    record_look(tmp_path, {"a", "b"}, (0, 1, 2, 3, 4))
    assert looks_up_to(tmp_path, {"a", "b"}, (0, 1, 2, 3, 4)) == [[0, 1, 2], [0, 1, 2, 3, 4]]


def test_a_look_is_remembered_though_another_variant_changed(tmp_path: Path):
    record_look(tmp_path, pairs(0.1, 0.2, 0.3), (0, 1))
    assert looks_up_to(tmp_path, pairs(0.1, 0.2, 0.4), (0, 1, 2)) == [[0, 1], [0, 1, 2]]
    assert looks_up_to(tmp_path, pairs(0.1, 0.2), (0, 1, 2)) == [[0, 1], [0, 1, 2]]
    assert looks_up_to(tmp_path, pairs(0.1, 0.4), (0, 1, 2)) == [[0, 1, 2]]


def test_a_later_look_does_not_change_an_earlier_one(tmp_path: Path):
    record_look(tmp_path, {"a"}, (0, 1, 2, 3, 4))
    record_look(tmp_path, {"a"}, (0, 1, 2))
    assert looks_up_to(tmp_path, {"a"}, (0, 1, 2, 3, 4)) == [[0, 1, 2, 3, 4]]
    assert looks_up_to(tmp_path, {"a", "new"}, (0, 1, 2, 3, 4)) == [[0, 1, 2, 3, 4]]


def test_the_same_look_is_recorded_once(tmp_path: Path):
    record_look(tmp_path, {"a", "b"}, (0, 1))
    record_look(tmp_path, {"b", "a"}, (1, 0))
    assert len((tmp_path / FILE).read_text().splitlines()) == 1


def test_seeds_that_were_never_judged_come_last(tmp_path: Path):
    assert looks_up_to(tmp_path, {"a"}, (1, 0)) == [[0, 1]]
    record_look(tmp_path, {"a"}, (0,))
    assert looks_up_to(tmp_path, {"a"}, (0, 1)) == [[0], [0, 1]]


def test_a_line_torn_by_a_kill_hides_no_other(tmp_path: Path):
    record_look(tmp_path, {"a"}, (0,))
    with (tmp_path / FILE).open("a") as file:
        file.write('{"pairs": ["a"], "se')
    record_look(tmp_path, {"a"}, (0, 1))
    assert looks_up_to(tmp_path, {"a"}, (0, 1)) == [[0], [0, 1]]
