"""What stands open below the headline of a large grid."""

from reports.context import OPEN_SENTENCES, page_of
from reports.frames import read_frames
from reports.material import Material
from reports.verdict import judge
from tests.results import results
from tests.scales import BUILT


def said(folder):
    frames = read_frames(folder)
    return page_of(Material(frames, judge(frames), BUILT)).verdict


def test_all_candidates_are_named_and_verdicts_come_before_what_is_open(tmp_path):
    losses = {name: [3.2, 3.25, 3.21, 3.24] for name in "abcdefgh"}
    losses = {n: [x + 0.01 * i * (-1) ** s for s, x in enumerate(v)]
              for i, (n, v) in enumerate(losses.items())}  # fmt: skip
    losses["worst"] = [4.21, 4.25, 4.2, 4.26]
    found = said(results(tmp_path, losses))
    assert "more" in "".join(each.text for each in found.headline)
    assert found.because[0] == "Could be the best: a, b, c, d, e, f, g and h."
    assert found.because[1].startswith("worst is worse than a by ")
    assert len(found.because) >= 1 + OPEN_SENTENCES
    assert all("worst" not in each for each in found.folded)


def test_a_headline_that_names_them_is_not_said_twice(tmp_path):
    losses = {"a": [3.2, 3.25, 3.21], "b": [3.21, 3.24, 3.22], "c": [4.2, 4.25, 4.21]}
    assert not any("Could be" in each for each in said(results(tmp_path, losses)).because)
