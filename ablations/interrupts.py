"""Ctrl+C and SIGTERM: the first asks for an orderly stop, the second ends at once."""

import signal
import threading
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """While this is entered, signals are noted in `signal`; outside the main thread nothing is.

    Fields:
        signal: the number of the first one that came.
        on_stop: called when it came.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self.on_stop: Callable[[], None] = lambda: None
        self._before: dict[signal.Signals, Any] = {}

    def stopped(self) -> bool:
        """Say whether a signal came."""
        return self.signal is not None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {each: signal.signal(each, self._note) for each in SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for each, handler in self._before.items():
            signal.signal(each, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = number
        self.on_stop()
