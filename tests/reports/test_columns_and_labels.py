"""Names of columns and points have room that is known before anything is drawn."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from reports.drawings.columns import LETTER, MOST_LINES, WIDE
from reports.drawings.cost import LABEL, cost
from reports.drawings.drawing import MARKERS, Mark, Table
from reports.drawings.seeds import seeds
from reports.summaries import Interval

LABELS = st.lists(
    st.text("abcdef=,. +<", min_size=1, max_size=60).map(lambda text: f"v{text}"),
    min_size=2,
    max_size=12,
    unique=True,
)


def marks(labels: list[str]) -> list[Mark]:
    return [
        Mark(label, place if place < 6 else None, MARKERS[place % 8], place)
        for place, label in enumerate(labels)
    ]


def drawn(labels: list[str]) -> dict:
    losses = [[3.2 + place / 50, 3.21] for place in range(len(labels))]
    return seeds(marks(labels), [0, 1], losses, 0).as_json()["layout"]


def visible(name: str) -> str:
    return name.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@given(LABELS)
@settings(max_examples=100, deadline=None)
def test_names_below_columns_fit_and_never_move_the_margin(labels):
    layout = drawn(labels)
    for axis in (layout["xaxis"], layout["xaxis"] | layout["meta"]["narrow"]["xaxis"]):
        assert axis["automargin"] is False
        assert axis["tickangle"] == 0
        assert len(axis["ticktext"]) == len(labels)
    letters = WIDE / (len(labels) + 0.35) / LETTER
    for name in layout["xaxis"]["ticktext"]:
        lines = name.split("<br>")
        assert len(lines) <= MOST_LINES
        assert max(len(visible(line)) for line in lines) <= letters


def test_short_names_stand_below_their_columns_on_every_screen():
    layout = drawn(["rotary", "no positions", "linspace"])
    assert layout["xaxis"]["ticktext"] == ["rotary", "no positions", "linspace"]
    assert layout["meta"]["narrow"]["xaxis"]["ticktext"] == ["rotary", "no positions", "linspace"]


def test_long_names_stand_on_lines_of_their_own_on_a_phone():
    labels = [f"norm=layer, positions=rotary number {place}, mlp=plain" for place in range(6)]
    narrow = drawn(labels)["meta"]["narrow"]
    assert set(narrow["xaxis"]["ticktext"]) == {""}
    rows = [note for note in narrow["annotations"] if "↑" in note["text"]]
    assert [note["x"] for note in rows] == list(range(6))
    assert len({note["yshift"] for note in rows}) == 6
    assert narrow["margin"]["b"] >= -min(note["yshift"] for note in rows)


def test_many_columns_are_named_at_the_right_edge_at_their_mean():
    labels = [f"a variant with a long name {place}" for place in range(12)]
    layout = drawn(labels)
    assert set(layout["xaxis"]["ticktext"]) == {""}
    ends = [note for note in layout["annotations"] if note["name"] == "end"]
    assert len(ends) == 5
    losses = [[3.2 + place / 50, 3.21] for place in range(12)]
    figure = seeds(marks(labels), [0, 1], losses, 0).as_json()
    for trace, place in zip(figure["data"], range(1, 12), strict=True):
        assert abs(trace["meta"]["last"] - (place / 50 + 0.0) / 2) < 1e-9


@given(st.lists(st.floats(3, 3.001), min_size=1, max_size=5).map(lambda close: [2.5, *close]))
@settings(max_examples=100, deadline=None)
def test_names_of_points_keep_their_distance_and_stay_in_the_frame(losses):
    points = [
        (mark, Interval(10.0 + mark.place, None, None), Interval(loss, None, None))
        for mark, loss in zip(marks([f"v{n}" for n in range(len(losses))]), losses, strict=True)
    ]
    layout = cost(points, Table((), ()), "cpu").as_json()["layout"]
    low, high = layout["yaxis"]["range"]
    places = sorted(note["y"] for note in layout["annotations"])
    assert len(places) == len(losses)
    gap = (high - low) * LABEL
    assert all(b - a >= gap * 0.999 for a, b in pairwise(places))
    assert low < places[0]
    assert places[-1] < high
