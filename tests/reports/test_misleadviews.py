"""The words of the section: findings where there are some, and nothing said that is not counted."""

import html
import re

import pytest

from reports.frames import read_frames
from reports.material import Material
from reports.page import page
from reports.verdict import judge
from tests.browser import BUILT
from tests.reference import written
from tests.results import results

LOSSES = {
    "rotary": [3.201, 3.198, 3.209, 3.200],
    "none": [3.221, 3.217, 3.222, 3.220],
}
APART = {"rotary": [3.2, 3.21, 3.2], "none": [3.6, 3.61, 3.62]}


def material(folder):
    frames = read_frames(folder)
    return Material(frames, judge(frames), BUILT)


def section(folder):
    return material(folder).picture_section


def words(folder):
    """The section as it stands in the page, without tags."""
    frames = read_frames(folder)
    text = page(frames, judge(frames), BUILT)
    part = text[text.index('<section id="mislead"') : text.index('<section id="volatility"')]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", part)))


def test_a_finding_heads_two_pictures_and_what_every_seed_says(tmp_path):
    folder = results(tmp_path, LOSSES, steps=400, noise={"none": 0.06})
    said = section(folder)
    about = "no positions and rotary"
    assert said.title == f"One seed, smoothed and zoomed, tells two opposite stories about {about}"
    assert [panel.title for panel in said.panels] == [
        "“no positions is worse than rotary”",
        "“no positions is better than rotary”",
    ]
    assert [each.label for each in said.evidence] == [written("no positions - rotary")]
    assert said.evidence[0].text.endswith(", worse; 4 paired seeds")
    assert said.evidence[0].zero < said.evidence[0].bar[0] < said.evidence[0].mean
    assert 'data-address="#curves?p=' in page(*judged(folder), BUILT)


def judged(folder):
    frames = read_frames(folder)
    return frames, judge(frames)


def test_the_sentence_has_its_counts_and_its_longest_stretch(tmp_path):
    folder = results(tmp_path, LOSSES, steps=400, noise={"none": 0.06})
    views = material(folder).misleading.contrasts[0]
    (sentence,) = section(folder).sentences
    pattern = (
        (
            r"Of 6,480 usual ways to draw no positions against rotary, (\d+) % would tell the "
            r"opposite story and (\d+) % would show no difference; the longest stretch that "
            r"contradicts the verdict is tokens [\d.,]+( k)? to "
            r"[\d.,]+( k)? of seed (\d) \((\d+) % of the run\)\."
        )
        .replace(" %", "\u202f%")
        .replace(" k", "\u202fk")
    )
    opposite, equal, *_, seed, share = re.fullmatch(pattern, sentence).groups()
    shown = [float(each) for each in (opposite, equal, share)]
    exact = [100 * each for each in (views.told.opposite, views.told.equal, views.longest.share)]
    assert shown == pytest.approx(exact, abs=0.5)
    assert int(seed) == views.longest.seed


def test_where_no_view_contradicts_the_verdict_it_says_so_under_the_plain_noun(tmp_path):
    said = section(results(tmp_path, APART, steps=200))
    assert said.title == "Where the picture misleads"
    assert said.panels == said.evidence == ()
    assert said.sentences[0] == "No view of this kind contradicts the verdict (0 of 4,860)."
    assert "no stretch of a run contradicts the verdict" in said.sentences[1]


def test_an_unresolved_contrast_is_shown_both_ways(tmp_path):
    losses = {"rotary": [3.2, 3.21, 3.2], "none": [3.19, 3.23, 3.205]}
    folder = results(tmp_path, losses, steps=400, noise={"none": 0.05})
    said = section(folder)
    assert [panel.title for panel in said.panels] == [
        "“no positions is better than rotary”",
        "“no positions is worse than rotary”",
    ]
    assert "No verdict stands behind either." in said.subtitle
    assert re.search(r", which is not resolved, \d+\u202f% would show no pos", said.sentences[0])
    row = dict(zip(said.table.columns, said.table.rows[0], strict=True))
    assert (row["opposite"], row["agree"], row["verdict"]) == ("–", "–", "not resolved")


def test_the_table_has_its_denominator_and_every_factor_its_own(tmp_path):
    said = section(results(tmp_path, APART, steps=200))
    row = dict(zip(said.table.columns, said.table.rows[0], strict=True))
    assert (row["views"], row["opposite"], row["agree"]) == ("4,860", written("0_%"), "100\u202f%")
    ((title, factors),) = said.factors
    assert title == "no positions against rotary"
    assert len(factors.rows) == 9 + 3 + 5 + 3 + 2 + 2
    assert factors.rows[1][0] == "smoothing: TensorBoard 0.6"


def test_a_diverged_variant_is_told_of_its_finished_seeds(tmp_path):
    folder = results(tmp_path, LOSSES, steps=200, status={"none/1": "diverged"})
    assert "in the seeds in which no positions did not diverge" in section(folder).sentences[0]


def test_a_page_of_one_seed_says_only_why(tmp_path):
    text = words(results(tmp_path, {"rotary": [3.2], "none": [3.3]}, steps=200))
    assert text.strip().startswith("Where the picture misleads Needs a second seed:")
    assert "usual ways" not in text


def test_an_unfinished_grid_contradicts_no_verdict(tmp_path):
    losses = {"rotary": [3.2, 3.21, None], "none": [3.25, 3.27, None]}
    said = section(results(tmp_path, losses, steps=200))
    assert "which is not resolved" in said.sentences[0]
    assert all("verdict" not in each for each in said.sentences)


def test_of_many_variants_the_three_that_mislead_most_are_shown(tmp_path):
    names = [f"v{place}" for place in range(8)]
    losses = {
        name: [3.2 + 0.02 * i, 3.21 + 0.02 * i, 3.205 + 0.021 * i] for i, name in enumerate(names)
    }
    noise = {name: 0.02 * place for place, name in enumerate(names)}
    given = material(results(tmp_path, losses, steps=200, noise=noise))
    every, said = given.misleading.contrasts, given.picture_section
    assert (len(every), len(said.table.rows), said.further) == (7, 3, 4)
    told = [each.told for each in every]
    best = sorted(told, key=lambda each: (each.contradicting is not None, each.misled))[-3:]
    shown = [each for each in every if each.told in best]
    assert [row[0] for row in said.table.rows] == [f"{each.claim.a} against v0" for each in shown]


def test_hostile_names_stay_text(tmp_path):
    losses = {"rotary": LOSSES["rotary"], "<b>&": LOSSES["none"]}
    folder = results(tmp_path, losses, steps=400, noise={"<b>&": 0.06})
    text = page(*judged(folder), BUILT)
    assert "<b>&" not in text
    assert "“&lt;b&gt;&amp; is better than rotary”" in text
