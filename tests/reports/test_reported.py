"""What others reported, against the verdicts."""

import pytest

from reports.frames import read_frames
from reports.verdict import judge
from tests.results import results

ROTARY = [3.20, 3.21, 3.19, 3.20, 3.205]
NOISE = (0.001, -0.001, 0.002, 0.0, -0.002)


def shifted(by, noise=NOISE):
    return [round(loss + by + each, 4) for loss, each in zip(ROTARY, noise, strict=True)]


LOSSES = {
    "rotary": ROTARY,
    "none": shifted(0.05),
    "linspace": shifted(0.1, (0.0, 0.002, -0.001, 0.001, -0.001)),
    "alike": shifted(0.001),
    "close": shifted(0.005),
    "noisy": shifted(0.0, (0.03, -0.03, 0.02, -0.01, -0.01)),
}


def answers(tmp_path, claim, **options):
    found = judge(read_frames(results(tmp_path, LOSSES, claim=claim, **options)))
    return {each.variant: each for each in found.reported}


@pytest.mark.parametrize(
    ("variant", "said", "answer"),
    [
        ("none", "worse", "agrees"),
        ("none", "better", "disagrees"),
        ("none", "equal", "disagrees"),
        ("alike", "equal", "agrees"),
        ("alike", "better", "disagrees"),
        ("close", "equal", "agrees"),
        ("noisy", "better", "cannot tell"),
        ("noisy", "equal", "cannot tell"),
    ],
)
def test_a_direction_is_compared_with_the_verdict(tmp_path, variant, said, answer):
    assert answers(tmp_path, {variant: said})[variant].answer == answer


@pytest.mark.parametrize(
    ("variant", "ends", "answer"),
    [
        ("none", ["rotary", "linspace"], "agrees"),
        ("none", ["linspace", "rotary"], "agrees"),
        ("linspace", ["rotary", "none"], "disagrees"),
        ("alike", ["rotary", "linspace"], "disagrees"),
        ("none", ["rotary", "noisy"], "cannot tell"),
        ("rotary", ["none", "linspace"], "disagrees"),
    ],
)
def test_between_needs_both_ends(tmp_path, variant, ends, answer):
    found = answers(tmp_path, {variant: {"between": ends}}, interval="paired")[variant]
    assert found.answer == answer


def test_two_losses_claim_the_sign_of_their_difference(tmp_path):
    claim = {"none": {"loss": 4.926}, "rotary": {"loss": 4.793}, "source": "a diary"}
    found = answers(tmp_path, claim)
    assert list(found) == ["none"]
    assert found["none"].answer == "agrees"
    assert found["none"].text == (
        "Reported (a diary): no positions is worse than rotary (4.926 against 4.793); "
        "the verdicts here agree."
    )


def test_the_sentence_names_source_and_claim(tmp_path):
    claim = {"none": {"between": ["rotary", "linspace"]}, "source": "BakaLLM part 4"}
    assert answers(tmp_path, claim)["none"].text == (
        "Reported (BakaLLM part 4): no positions is between rotary and linspace; "
        "the verdicts here agree."
    )


def test_a_diverged_variant_cannot_tell(tmp_path):
    found = answers(tmp_path, {"none": "worse"}, status={"none/0": "diverged"})
    assert found["none"].answer == "cannot tell"


def test_without_a_claim_there_is_no_answer(tmp_path):
    assert answers(tmp_path, None) == {}
