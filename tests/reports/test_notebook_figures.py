"""Figures for notebooks: of plotly, in colours, with title and subtitle, and the page's numbers."""

import json
import math
import re
import subprocess
import sys

import numpy as np
import plotly.graph_objects as go
import polars as pl
import pytest
from scipy import stats

from reports import figures
from reports.errors import UserError
from reports.frames import read_frames
from reports.notebook import material
from reports.templating import asset
from reports.themes import palette
from tests.results import edit_manifest, results

LOSSES = {
    "rotary": [3.201, 3.198, 3.209],
    "none": [3.255, 3.247, 3.260],
    "linspace": [3.270, 3.262, 3.268],
}
STEPS = 200
NAMES = ("curves", "difference", "profile", "profile-absolute", "seeds", "cost", "cost-flops")
COLOUR = re.compile(r"#[0-9a-f]{6}|rgba\(\d+, ?\d+, ?\d+, ?[\d.]+\)")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebook")
    return read_frames(results(folder, LOSSES, steps=STEPS, status={"linspace/2": "diverged"}))


def traces(figure, what):
    return [each for each in figure.data if each.meta and each.meta.get("what") == what]


def curve(found, cell):
    rows = found.steps.filter(pl.col("cell") == cell)
    return rows["loss"].cast(pl.Float64).to_numpy()


def wandb(values, p):
    """The recurrence as W&B writes it, over a chart as wide as the longest run."""
    weight, last, count, shown = min(math.sqrt(p), 0.999), 0.0, 0.0, []
    for value in values:
        faded = weight ** (1000 / (STEPS - 1))
        last, count = last * faded + value, count * faded + 1
        shown.append(last / count)
    return np.array(shown)


def tensorboard(values, p):
    last, shown = 0.0, []
    for number, value in enumerate(values, 1):
        last = last * p + (1 - p) * value
        shown.append(last / (1 - p**number))
    return np.array(shown)


def colours(value, key=""):
    if isinstance(value, dict):
        return [one for name, each in value.items() for one in colours(each, name)]
    if isinstance(value, list):
        return [one for each in value for one in colours(each, key)]
    return [value] if isinstance(value, str) and key.endswith("color") else []


def test_every_figure_of_the_page_has_a_name_and_a_title(found):
    names = figures.names(found)
    assert set(NAMES) < set(names)
    assert names["seeds"] == "Seeds"
    assert {name: title for name, title in names.items() if name.startswith("volatility")} == {
        "volatility-0": "rotary",
        "volatility-1": "no positions",
        "volatility-2": "linspace",
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_figure_is_plotlys_with_colours_title_and_subtitle(found, theme):
    names = figures.names(found)
    for name in names:
        figure = figures.figure(found, name, theme)
        assert isinstance(figure, go.Figure)
        text = figure.to_json(validate=True)
        assert "var(--" not in text
        assert "@" not in text
        drawn = json.loads(text)
        seen = set(colours(drawn))
        assert {each for each in seen if not COLOUR.fullmatch(each)} <= {"rgba(0,0,0,0)"}
        assert palette(theme)["page"] == drawn["layout"]["paper_bgcolor"]
        assert palette(theme)["ink"] in seen
        assert drawn["layout"]["title"]["text"] == names[name]
        assert drawn["layout"]["title"]["subtitle"]["text"]
        assert "layout" not in drawn["layout"]["template"]


def test_a_written_figure_needs_no_page(found, tmp_path):
    path = tmp_path / "seeds.html"
    figures.figure(found, "seeds", "dark").write_html(path, include_plotlyjs=False)
    text = path.read_text(encoding="utf-8")
    assert palette("dark")["v1"] in text
    assert asset("report.css") not in text


def test_variants_keep_the_colours_of_the_page(found):
    means = traces(figures.curves(found), "mean")
    light = palette("light")
    assert [(each.name, each.line.color) for each in means] == [
        ("rotary", light["v0"]),
        ("no positions", light["v1"]),
        ("linspace", light["v2"]),
    ]


@pytest.mark.parametrize(("kind", "formula"), [("wandb", wandb), ("tensorboard", tensorboard)])
def test_the_thick_line_is_the_mean_of_the_smoothed_finished_seeds(found, kind, formula):
    figure = figures.curves(found, 0.97, kind=kind)
    for name, mean in zip(LOSSES, traces(figure, "mean"), strict=True):
        seeds = [0, 1] if name == "linspace" else [0, 1, 2]
        expected = np.array([formula(curve(found, f"{name}/{seed}"), 0.97) for seed in seeds])
        assert mean.y == pytest.approx(expected.mean(axis=0), abs=1e-9)
    high, low = traces(figure, "band")[:2]
    rotary = np.array([formula(curve(found, f"rotary/{seed}"), 0.97) for seed in range(3)])
    assert (high.y, low.y) == (
        pytest.approx(rotary.max(axis=0)),
        pytest.approx(rotary.min(axis=0)),
    )


def test_raw_curves_are_all_there_whatever_is_smoothed(found):
    for smoothing in (0, 0.999):
        raw = traces(figures.curves(found, smoothing), "raw")
        assert len(raw) == 9
        for cell, trace in zip(found.cells["cell"], raw, strict=True):
            own = curve(found, cell)
            np.testing.assert_array_equal(trace.y[: len(own)], own)
            assert np.isnan(trace.y[len(own) :]).all()


def test_a_cell_that_stopped_ends_in_a_cross(found):
    (mark,) = traces(figures.curves(found), "diverged")
    last = 133 - 1  # the loss of the step after it is NaN
    assert (mark.x, mark.text) == ((last,), ("seed 2 diverged",))
    own = wandb(curve(found, "linspace/2")[:last], 0.9)
    assert mark.y == pytest.approx([own[-1]], abs=1e-9)


def test_the_difference_pairs_by_seed_and_step(found):
    figure = figures.difference(found, 0)
    pairs = np.array([curve(found, f"none/{s}") - curve(found, f"rotary/{s}") for s in range(3)])
    first = traces(figure, "mean")[0]
    assert first.y == pytest.approx(pairs.mean(axis=0))
    half = stats.t.ppf(0.975, 2) * stats.sem(pairs, axis=0)
    high, low = traces(figure, "band")[:2]
    assert high.y == pytest.approx(pairs.mean(axis=0) + half)
    assert low.y == pytest.approx(pairs.mean(axis=0) - half)
    assert [each.name for each in traces(figure, "mean")] == ["no positions", "linspace"]
    assert len(traces(figure, "raw")) == 6


@pytest.mark.parametrize(
    ("x", "last", "title"),
    [
        ("step", 200, "training step"),
        ("tokens", 200 * 128 / 1e6, "tokens seen (millions)"),
        ("seconds", 200 * 0.011, "seconds of training"),
        ("flops", 200 * 128 * 7.2e5 / 1e12, "FLOPs of training (10¹²)"),
    ],
)
def test_curves_stand_over_what_was_asked(found, x, last, title):
    figure = figures.curves(found, x=x)
    assert traces(figure, "mean")[0].x[-1] == pytest.approx(last)
    assert figure.layout.xaxis.title.text == title


def test_variants_and_seeds_can_be_chosen(found):
    figure = figures.curves(found, variants=["none"], seeds=[0, 2])
    assert [each.name for each in traces(figure, "raw")] == [
        "no positions seed 0 raw",
        "no positions seed 2 raw",
    ]
    assert "2 other variants are not drawn." in subtitle(figure)


def subtitle(figure):
    return figure.layout.title.subtitle.text.replace("<br>", " ")


def test_what_leaves_the_frame_is_counted(found):
    figure = figures.curves(found)
    low, high = figure.layout.yaxis.range
    raw = np.concatenate([np.array(each.y, dtype=float) for each in traces(figure, "raw")])
    above = int((raw > high).sum())
    assert above > 0
    assert f"Raw points outside the frame: {above} above" in subtitle(figure)
    assert low < np.nanmin(raw)


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda found: figures.figure(found, "seed"), "did you mean seeds?"),
        (lambda found: figures.figure(found, "seeds", "drak"), "did you mean dark?"),
        (lambda found: figures.curves(found, variants=["linspce"]), "did you mean linspace?"),
        (lambda found: figures.curves(found, kind="wand"), "did you mean wandb?"),
        (lambda found: figures.curves(found, x="steps"), "did you mean step?"),
        (lambda found: figures.curves(found, seeds=[7]), "known: 0, 1, 2"),
        (lambda found: figures.curves(found, 1.0), "expected: 0 to 0.999"),
        (lambda found: figures.difference(found, x="flops"), "known: step, tokens"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(found, draw, said):
    with pytest.raises(UserError) as caught:
        draw(found)
    assert said in str(caught.value)


def test_a_figure_with_nothing_to_draw_says_why_and_is_not_listed(tmp_path):
    one = read_frames(results(tmp_path, {"rotary": [3.2], "none": [3.3]}))
    assert "seeds" not in figures.names(one)
    with pytest.raises(UserError) as caught:
        figures.figure(one, "seeds")
    assert "Needs a second seed." in str(caught.value)
    assert "python -m ablations.run" in str(caught.value)


def test_results_without_a_curve_have_none_to_draw(tmp_path):
    failed = {"rotary/0": "failed", "none/0": "failed"}
    none = read_frames(results(tmp_path, {"rotary": [None], "none": [None]}, status=failed))
    assert "curves" not in figures.names(none)
    for draw in (figures.curves, figures.difference):
        with pytest.raises(UserError, match="there is no curve to draw"):
            draw(none)


def test_names_of_variants_are_shown_and_not_obeyed(tmp_path):
    folder = results(tmp_path, LOSSES, labels={"none": "<b>none</b>"})
    edit_manifest(folder, question="<i>")
    figure = figures.curves(read_frames(folder))
    assert [each.name for each in traces(figure, "mean")][1] == "&lt;b&gt;none&lt;/b&gt;"
    assert "<b>" not in figure.to_json()


def test_variants_without_a_colour_on_the_page_are_drawn_without_a_name(tmp_path):
    many = {f"v{place}": [3.2 + place / 100, 3.21 + place / 90] for place in range(9)}
    frames = read_frames(results(tmp_path, many))
    coloured = [each.label for each in material(frames).marks if each.slot is not None]
    assert "v0" in coloured
    assert len(coloured) < 9
    profile = figures.figure(frames, "profile-absolute")
    ghosts = [each for each in profile.data if each.line.color == palette("light")["ghost"]]
    assert len(ghosts) == 9 - len(coloured)
    assert sorted(each.text for each in profile.layout.annotations) == coloured
    cost = figures.figure(frames, "cost")
    assert [each.mode for each in cost.data if each.mode != "lines"] == ["markers"] * 9
    assert sorted(each.text for each in cost.layout.annotations) == coloured
    assert [each.name for each in traces(figures.curves(frames), "mean")] == coloured
    alone = figures.curves(frames, variants=["v8"])
    assert [each.name for each in traces(alone, "mean")] == ["v8"]


def test_importing_asks_for_no_page_and_no_torch():
    code = (
        "import sys\nfrom reports import figures, frames\n"
        "print(sorted({'torch', 'jinja2', 'scipy', 'reports.material'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"
