"""What was made equal, and by how much it still differs."""

import pytest

from reports.frames import read_frames
from reports.marks import marks
from reports.matched import section
from tests.results import edit_manifest, results

LOSSES = {"rotary": [3.2, 3.21], "none": [3.25, 3.27], "linspace": [3.3, 3.31]}
MATCH = {
    "quantity": "parameters",
    "key": "model.width",
    "tolerance": 0.01,
    "solved": {"none": 72, "linspace": 60},
}


def said(folder, match, **own):
    written = results(folder, LOSSES, blocks={"match": match})
    variants = [vars(each) for each in read_frames(written).manifest.variants]
    edit_manifest(written, variants=[each | own.get(each["name"], {}) for each in variants])
    frames = read_frames(written)
    return section(frames.manifest, marks(frames))


def test_a_grid_that_matches_nothing_says_nothing(tmp_path):
    assert said(tmp_path, None) is None


def test_every_variant_has_its_value_and_its_distance(tmp_path):
    own = {
        "rotary": {"parameters": 200_000},
        "none": {"parameters": 201_500},
        "linspace": {"parameters": 199_990},
    }
    found = said(tmp_path, MATCH, **own)
    assert found.sentence == (
        "Made equal: all variants have as many parameters as rotary, by solving model.width for "
        "each; 1\u202f% more or fewer was allowed."
    )
    assert [(each.value, each.quantity, each.difference) for each in found.rows] == [
        ("64", "200,000", ""),
        ("72", "201,500", "+0.75\u202f%"),
        ("60", "199,990", "<\u202f0.01\u202f% fewer"),
    ]


def test_flops_are_counted_for_each_token(tmp_path):
    own = {"none": {"flops_per_token": 720_000.0}, "linspace": {"flops_per_token": None}}
    found = said(tmp_path, MATCH | {"quantity": "flops"}, **own)
    assert found.quantity == "FLOPs per token"
    assert [each.difference for each in found.rows] == ["", "equal", "–"]


@pytest.mark.parametrize(
    ("theirs", "expected"), [(198_000, "\u22121.00\u202f%"), (202_001, "+1.00\u202f%")]
)
def test_the_sign_is_that_of_the_variant(tmp_path, theirs, expected):
    own = {"rotary": {"parameters": 200_000}, "none": {"parameters": theirs}}
    assert said(tmp_path, MATCH, **own).rows[1].difference == expected
