"""A caveat of the contrast whose pictures mislead most."""

import pytest

from reports.frames import read_frames
from reports.misleading import misleading
from reports.numbers import percent
from reports.verdict import judge
from tests.results import results

LOSSES = {
    "rotary": [3.201, 3.198, 3.209, 3.200],
    "none": [3.221, 3.217, 3.222, 3.220],
    "linspace": [3.250, 3.242, 3.248, 3.247],
}


def said(verdict):
    return [each.text for each in verdict.caveats if each.kind == "picture"]


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    folder = results(tmp_path_factory.mktemp("p"), LOSSES, steps=200, noise={"none": 0.06})
    return read_frames(folder)


def test_the_share_is_that_of_the_section_it_points_to(frames):
    verdict = judge(frames)
    told = [each.told.opposite for each in misleading(frames, verdict, {}).contrasts]
    assert max(told) == told[0] > 0.02
    (sentence,) = said(verdict)
    assert sentence == (
        f"Of the usual ways to draw no positions − rotary in one seed, {percent(told[0])} would "
        "tell the opposite story."
    )


def test_the_worst_contrast_is_named_wherever_it_stands(tmp_path):
    order = {name: LOSSES[name] for name in ("rotary", "linspace", "none")}
    (sentence,) = said(
        judge(read_frames(results(tmp_path, order, steps=200, noise={"none": 0.06})))
    )
    assert sentence.startswith("Of the usual ways to draw no positions − rotary")


def test_pictures_that_tell_the_truth_are_no_caveat(tmp_path):
    calm = results(tmp_path, {**LOSSES, "none": [4.0] * 4}, steps=200, noise={"none": 0.0})
    assert said(judge(read_frames(calm))) == []


def test_a_difference_that_does_not_matter_can_look_as_if_it_did(tmp_path):
    near = {"rotary": LOSSES["rotary"], "none": [3.2014, 3.1978, 3.2091, 3.1998]}
    found = judge(read_frames(results(tmp_path, near, steps=200, noise={"none": 0.06})))
    assert [each.verdict for each in found.claims] == ["equivalent"]
    (sentence,) = said(found)
    assert sentence.endswith("would show a gap that is none.")


def test_a_verdict_about_another_length_has_no_picture(tmp_path):
    folder = results(
        tmp_path, LOSSES, steps=200, noise={"none": 0.06}, evaluations=[("length 1024", 1024)]
    )
    found = judge(read_frames(folder))
    assert "worse" in [each.verdict for each in found.claims]
    assert said(found) == []


def test_what_is_not_resolved_has_no_story_to_contradict(tmp_path):
    losses = {"rotary": [3.2, 3.3, 3.1], "none": [3.25, 3.21, 3.19]}
    found = judge(read_frames(results(tmp_path, losses, steps=200, noise={"none": 0.06})))
    assert [each.verdict for each in found.claims] == ["unresolved"]
    assert said(found) == []
