import base64
import gzip
import hashlib
import json
from html.parser import HTMLParser

import numpy as np
import pytest

from reports.encode import (
    MISSING,
    QUANTUM,
    in_quanta,
    packed,
    plotly_source,
    rounded,
    script_json,
    shuffled,
    source_digest,
)


def unpacked(text: str, shape: tuple[int, int]) -> np.ndarray:
    planes = np.frombuffer(gzip.decompress(base64.b64decode(text)), np.uint8).reshape(4, -1)
    counted = np.frombuffer(planes.T.tobytes(), "<i4").reshape(shape)
    return np.where(counted == MISSING, np.nan, counted * QUANTUM).astype(np.float32)


def test_curves_come_back_as_they_were_rounded():
    losses = np.random.default_rng(0).normal(3, 1, (5, 101))
    losses[2, 40:] = np.nan
    back = unpacked(packed(shuffled(in_quanta(rounded(losses)))), losses.shape)
    np.testing.assert_array_equal(back, rounded(losses))
    np.testing.assert_allclose(back, losses, atol=QUANTUM / 2)


def test_what_is_not_finite_has_no_value():
    assert np.isnan(rounded(np.array([np.inf, -np.inf, np.nan]))).all()


def test_the_same_curves_are_the_same_text():
    values = in_quanta(np.linspace(2, 3, 50))
    assert packed(shuffled(values)) == packed(shuffled(values.copy()))


def test_shuffling_costs_two_bytes_a_point_where_plain_floats_cost_four():
    losses = 3 + np.random.default_rng(1).normal(0, 0.1, (4, 4000))
    assert len(packed(shuffled(in_quanta(losses)))) / losses.size < 2.1


def test_what_no_count_can_hold_is_the_most_that_one_can():
    counted = in_quanta(np.array([1e9, -1e9, np.nan, 0.5]))
    assert counted.tolist() == [2**31 - 1, 1 - 2**31, MISSING, 2048]


def test_json_cannot_end_its_script_element():
    value = {"a": "</script><!--<script>", "b": "\u2028\u2029&", "c": ["ä", 1.5, None]}
    text = script_json(value)
    assert not set(text) & set("<>&\u2028\u2029")
    assert json.loads(text) == value


def test_an_html_parser_reads_the_json_back():
    class Reader(HTMLParser):
        seen = ""

        def handle_data(self, data):
            self.seen += data

    reader = Reader()
    reader.feed(f"<script type='application/json'>{script_json(['</script><b>'])}</script>")
    assert json.loads(reader.seen) == ["</script><b>"]


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_json_does_not_have_is_refused(number):
    with pytest.raises(ValueError, match="not JSON compliant"):
        script_json({"loss": number})


def test_the_digest_is_that_of_the_policy():
    expected = base64.b64encode(hashlib.sha256(b"alert(1)").digest()).decode()
    assert source_digest("alert(1)") == f"'sha256-{expected}'"


def test_plotly_comes_from_the_installed_wheel():
    assert "plotly.js v" in plotly_source()[:200]
