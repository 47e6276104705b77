"""Tuning, search and what was matched on the page and in its JSON."""

import json
import re
from datetime import UTC, datetime

import pytest

from reports.document import document
from reports.frames import read_frames
from reports.material import Material
from reports.page import page
from reports.verdict import judge
from tests.chosen import HIDDEN, search, usual_tuning
from tests.results import results

BUILT = datetime(2026, 11, 24, 8, 41, tzinfo=UTC)
LOSSES = {"baseline": [3.30, 3.31, 3.29], "best": [3.22, 3.233, 3.208]}
HOSTILE = "</script><img src=x onerror=alert(1)>"
MATCH = {"quantity": "flops", "key": "mlp.width", "tolerance": 0.02, "solved": {"best": 171}}


def written(folder):
    frames = read_frames(folder)
    return page(frames, judge(frames), BUILT)


def said(folder):
    frames = read_frames(folder)
    return document(Material(frames, judge(frames), BUILT))


def of(folder, losses=None, **blocks):
    return results(folder, losses or LOSSES, name="lr", blocks=blocks)


def sections(text):
    return re.findall(r'<section id="(\w+)"', text)


def words(text):
    body = text[text.index("<body>") : text.index('<script type="application/json"')]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


@pytest.mark.parametrize(
    ("name", "block"), [("tuning", usual_tuning("baseline", "best")), ("search", search(40))]
)
def test_the_section_stands_between_variants_and_curves(tmp_path, name, block):
    text = written(of(tmp_path, **{name: block}))
    assert sections(text)[:4] == ["verdict", "variants", name, "curves"]
    assert f'<a href="#{name}">{name.capitalize()}</a>' in text


def test_other_grids_have_neither(tmp_path):
    text = written(of(tmp_path))
    assert sections(text)[:3] == ["verdict", "variants", "curves"]
    assert "What was made equal" not in text
    assert said(of(tmp_path))["tuning"] is None
    assert said(of(tmp_path))["search"] is None
    assert said(of(tmp_path))["match"] is None


def test_what_was_made_equal_stands_with_the_variants(tmp_path):
    text = written(of(tmp_path, match=MATCH))
    own = text[text.index('<section id="variants"') : text.index('<section id="curves"')]
    assert "all variants have as many FLOPs per token as baseline" in words_of(own)
    assert "171" in words_of(own)


def words_of(part):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part.replace("<wbr>", "")))


def test_the_json_has_the_blocks(tmp_path):
    block = search(40, statuses={3: "pruned"})
    found = said(of(tmp_path, search=block, tuning=usual_tuning("baseline"), match=MATCH))
    plain = json.loads(json.dumps(found, allow_nan=False))
    assert plain["match"] == MATCH
    assert plain["search"]["best"] == block["best"]
    assert plain["search"]["trials"][3] == block["trials"][3]
    assert len(plain["search"]["expected_best"]) == 39
    assert plain["tuning"] == usual_tuning("baseline")
    assert plain["figures"]["search-history"]["table"]["rows"][3][1] == "pruned"


def test_the_command_of_the_rerun_stands_below_the_headline(tmp_path):
    losses = {"baseline": [3.3, 3.31, 3.29], "best": [None, None, None]}
    text = words(written(of(tmp_path, losses, search=search(12))))
    assert "The re-run of the best: python -m ablations.run grid=lr" in text
    again = words(written(of(tmp_path / "again", search=search(12))))
    assert "The re-run of the best" not in again


def test_words_of_a_grid_are_shown_and_never_obeyed(tmp_path):
    block = search(12)
    for each in block["trials"]:
        each["settings"][HIDDEN] = HOSTILE
        each["reason"] = HOSTILE
    block["sampler"] = HOSTILE
    tuning = usual_tuning("baseline", "best") | {"keys": [HOSTILE], "sampler": HOSTILE}
    match = MATCH | {"key": HOSTILE}
    text = written(of(tmp_path, search=block, tuning=tuning, match=match))
    assert "<img" not in text
    assert "&lt;/script&gt;&lt;img src=x" in text


def test_every_figure_of_the_page_has_its_data(tmp_path):
    folder = of(tmp_path, search=search(40))
    places = set(re.findall(r'id="figure-(search-[\w-]+)"', written(folder)))
    assert places == {each for each in said(folder)["figures"] if each.startswith("search")}
