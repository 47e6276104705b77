from pathlib import Path

from ablations.looks import FILE, looks_up_to, question_digest, record_look


def document(seed: int, rate: float = 0.1) -> dict:
    return {"seed": seed, "training": {"rate": rate}, "data": "d1", "code": {}}


def test_a_question_does_not_depend_on_its_seeds_or_their_order():
    three = question_digest([document(0), document(1), document(2), document(0, 0.2)])
    assert three == question_digest([document(5, 0.2), document(7)])


def test_another_variant_is_another_question():
    assert question_digest([document(0)]) != question_digest([document(0), document(0, 0.2)])


def test_adding_seeds_is_another_look_at_the_same_question(tmp_path: Path):
    record_look(tmp_path, "q", (0, 1, 2))
    record_look(tmp_path, "other", (0,))
    record_look(tmp_path, "q", (0, 1, 2, 3, 4))
    assert looks_up_to(tmp_path, "q", (0, 1, 2, 3, 4)) == [[0, 1, 2], [0, 1, 2, 3, 4]]


def test_a_later_look_does_not_change_an_earlier_one(tmp_path: Path):
    record_look(tmp_path, "q", (0, 1, 2, 3, 4))
    record_look(tmp_path, "q", (0, 1, 2))
    assert looks_up_to(tmp_path, "q", (0, 1, 2, 3, 4)) == [[0, 1, 2, 3, 4]]


def test_the_same_look_is_recorded_once(tmp_path: Path):
    record_look(tmp_path, "q", (0, 1))
    record_look(tmp_path, "q", (1, 0))
    assert len((tmp_path / FILE).read_text().splitlines()) == 1


def test_seeds_that_were_never_judged_come_last(tmp_path: Path):
    assert looks_up_to(tmp_path, "q", (1, 0)) == [[0, 1]]
    record_look(tmp_path, "q", (0,))
    assert looks_up_to(tmp_path, "q", (0, 1)) == [[0], [0, 1]]


def test_a_line_torn_by_a_kill_hides_no_other(tmp_path: Path):
    record_look(tmp_path, "q", (0,))
    with (tmp_path / FILE).open("a") as file:
        file.write('{"question": "q", "se')
    record_look(tmp_path, "q", (0, 1))
    assert looks_up_to(tmp_path, "q", (0, 1)) == [[0], [0, 1]]
