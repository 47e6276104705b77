"""Names of others on a terminal and in a sentence."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from reports.frames import read_frames
from reports.material import Material
from reports.readable import BIDIRECTIONAL, readable
from reports.terminal import plain
from reports.verdict import judge
from tests.results import results
from tests.scales import BUILT

HOSTILE = "ev\x1b[31mil\x1b]0;pwn\x07\u202eabc"


@given(st.text())
def test_nothing_that_is_left_acts_on_a_terminal(text):
    found = readable(text)
    assert len(found) == len(text)
    assert not BIDIRECTIONAL & set(found)
    assert not any(unicodedata.category(each) in {"Cc", "Zl", "Zp"} for each in found)
    assert readable(found) == found


def test_what_people_write_stays():
    assert readable("alpha=0.1, größe, 位置, 👩‍🔬") == "alpha=0.1, größe, 位置, 👩‍🔬"


def test_a_hostile_label_is_shown_and_does_nothing(tmp_path):
    losses = {"rotary": [3.2, 3.21, 3.19], "none": [3.3, 3.31, 3.32]}
    folder = results(tmp_path, losses, labels={"none": HOSTILE, "rotary": "rotary"})
    frames = read_frames(folder)
    said = plain(Material(frames, judge(frames), BUILT), folder)
    assert "ev�[31mil�]0;pwn��abc" in said
    assert not {"\x1b", "\x07", "\u202e"} & set(said)
