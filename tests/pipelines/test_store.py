import tracemalloc
from hashlib import blake2b

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import store as module
from pipelines.store import store


def in_order(texts: list[str]) -> list[str]:
    """Every different text once, sorted in memory."""
    return sorted({*texts}, key=lambda text: blake2b(text.encode(), digest_size=16).digest())


@pytest.mark.parametrize(("run", "widest"), [(1, 2), (500, 2), (500, 64), (1 << 25, 64)])
@settings(deadline=None, max_examples=30)
@given(st.lists(st.text(max_size=5), max_size=20))
def test_documents_are_kept_once_in_the_order_of_their_digests(
    tmp_path_factory, run, widest, texts
):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "RUN", run)
        patch.setattr(module, "WIDEST", widest)
        path = tmp_path_factory.mktemp("store") / "documents"
        found = store(iter(texts), path)
    assert list(found) == in_order(texts)
    assert len(found) == len({*texts})
    assert found.repeated == len(texts) - len({*texts})
    assert list(path.parent.iterdir()) == [path]


def test_documents_can_be_gone_through_again_and_at_the_same_time(tmp_path):
    found = store(("a", "b", "c"), tmp_path / "documents")
    assert list(zip(found, found, strict=True)) == [(text, text) for text in in_order([*"abc"])]


def test_a_document_is_read_when_it_is_asked_for(tmp_path):
    found = store((f"{n} " * 1000 for n in range(1000)), tmp_path / "documents")
    tracemalloc.start()
    assert sum(len(text) for text in found) > 3_000_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 300_000


def test_sorting_holds_a_few_runs_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "RUN", 200_000)
    peaks = []
    for count in (300, 3000):
        tracemalloc.start()
        store((f"{n} " * 500 for n in range(count)), tmp_path / "documents")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 64 * 70_000 < 3000 * 500 * 4
