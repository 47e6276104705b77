"""What a verdict says that it is about."""

from reports.frames import read_frames
from reports.scope import scope
from tests.results import edit_manifest, results

LOSSES = {"rotary": [3.2, 3.3], "none": [3.4, 3.5]}
SIZE = "7,680 tokens, 120.0 k parameters"


def test_a_verdict_is_about_the_tokens_and_the_size_of_the_baseline(tmp_path):
    folder = results(tmp_path, LOSSES, steps_of={"none": 120}, hold="flops")
    said = scope(read_frames(folder)).replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert said.startswith(f"At equal FLOPs (the baseline: {SIZE}), this data and ")


def test_it_says_what_was_made_equal(tmp_path):
    folder = results(tmp_path, LOSSES)
    assert "equal" not in scope(read_frames(folder))
    solved = {"tolerance": 0.01, "key": "mlp.width", "solved": {"none": 43}}
    for quantity, words in {"parameters": "parameters", "flops": "FLOPs per token"}.items():
        edit_manifest(folder, match={**solved, "quantity": quantity})
        assert f"parameters (equal {words} for all), this data" in scope(read_frames(folder))


def test_without_a_finished_cell_there_is_nothing_to_be_about(tmp_path):
    assert scope(read_frames(results(tmp_path, {"rotary": [None], "none": [None]}))) == ""
