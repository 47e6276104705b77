"""A browser for the tests of a module that look at pages."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; each page has a context of its own."""
    with chromium() as started:
        yield started
