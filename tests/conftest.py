"""What holds for every test."""

import os
import signal
from collections.abc import Iterator

# Before torch is imported, here and in the processes that tests start: models this small are ten
# times slower where threads wait for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import settings

# A busy machine is slow now and then; how long an example takes proves nothing.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


@pytest.fixture
def heard() -> Iterator[None]:
    """SIGINT reaches the processes that a test starts, even where those that started it ignore it.

    A shell starts what it runs in the background with SIGINT ignored, and that is inherited.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
