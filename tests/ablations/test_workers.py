import os

import pytest

from ablations.workers import ONE_THREAD, places


def test_a_cpu_has_a_single_threaded_worker_for_each_core():
    assert places("cpu", None) == (ONE_THREAD,) * len(os.sched_getaffinity(0))
    assert places("cpu", 3) == (ONE_THREAD,) * 3


def test_each_gpu_has_a_worker_that_sees_it_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
    assert [each["CUDA_VISIBLE_DEVICES"] for each in places("cuda", None)] == ["4", "7"]
    assert [each["CUDA_VISIBLE_DEVICES"] for each in places("cuda", 3)] == ["4", "7", "4"]


def test_an_apple_gpu_has_one_worker():
    assert places("mps", None) == ({},)
