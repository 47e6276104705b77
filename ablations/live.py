"""The report of a sweep that is still running: written anew now and then by a process of its own.

It says that it is partial and names no verdict, so reading it is not a look at the results.
"""

import subprocess
import time
from collections.abc import Callable, Sequence

EVERY = 60.0
"""Seconds between two reports, at least: building one takes a few seconds of one core."""


class Live:
    """Writes what there is whenever a cell has ended and the last report is old enough.

    Args:
        write: gathers the results so far.
        program: builds the report from them.
        every: seconds between two reports.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        write: Callable[[], object],
        program: Sequence[str],
        every: float = EVERY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write = write
        self._program = tuple(program)
        self._every = every
        self._clock = clock
        self._last = clock()
        self._building: subprocess.Popen[bytes] | None = None
        self._is_behind = False

    def cell_ended(self) -> None:
        """Hear that there is more to show."""
        self._is_behind = True
        is_building = self._building is not None and self._building.poll() is None
        if is_building or self._clock() - self._last < self._every:
            return
        self._build()
        self._last = self._clock()

    def close(self) -> None:
        """End the building of a report, which the last one would overwrite; files stay whole."""
        if self._building is not None and self._building.poll() is None:
            self._building.kill()
            self._building.wait()
            self._is_behind = True

    def stopped(self) -> bool:
        """Show what ended before the sweep was stopped; False where no cell has."""
        if self._is_behind:
            self._build().wait()
        return self._building is not None

    def _build(self) -> "subprocess.Popen[bytes]":
        self._write()
        quiet = subprocess.DEVNULL
        self._building = subprocess.Popen(self._program, stdout=quiet, stderr=quiet)
        self._is_behind = False
        return self._building
