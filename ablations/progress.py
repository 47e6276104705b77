"""Progress on stderr: a live table on a terminal, one plain line for each event elsewhere."""

import re
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from typing_extensions import override

from ablations.board import ELSEWHERE, PRUNED, QUEUED, TRAINING, Board, Row, loss_range, sparkline

HEARTBEAT = 30.0  # seconds between two lines about one running cell
SHOWN_DONE = 3  # finished cells that stay in the table
FRAME = 6  # lines of the window that are no rows
STOPPING = "stopping after the current step of each cell; again to stop at once"


class Display(ABC):
    """What a sweep tells while it runs.

    Args:
        board: the state of every cell; whoever changes it calls the method below that tells it.
        stream: where to.
    """

    def __init__(self, board: Board, stream: TextIO) -> None:
        self.board = board
        self.stream = stream

    def __enter__(self) -> Self:
        return self

    def __exit__(  # noqa: B027  # nothing to undo for lines
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the stream as it was."""

    @abstractmethod
    def event(self, name: str, **facts: Any) -> None:
        """Tell that something happened: plan, starting, start, done, failed, lost, stopping..."""

    @abstractmethod
    def moved(self, row: Row) -> None:
        """Tell that a running cell has done some steps."""


class Lines(Display):
    """One line an event: ISO time, `key=value`; a heartbeat for each running cell."""

    def __init__(self, board: Board, stream: TextIO) -> None:
        super().__init__(board, stream)
        self._told: dict[str, float] = {}
        self._stopping = False

    @override
    def event(self, name: str, **facts: Any) -> None:
        if self._stopping and name == "start":
            return  # it was handed out before the signal came, and stops at once
        self._stopping = self._stopping or name == "stopping"
        if "cell" in facts:
            self._told[facts["cell"]] = time.monotonic()
        self.stream.write(f"{line(name, facts)}\n")
        self.stream.flush()

    @override
    def moved(self, row: Row) -> None:
        now = time.monotonic()
        if now - self._told.setdefault(row.cell, now) < HEARTBEAT:
            return
        facts: dict[str, Any] = {"cell": row.cell, "step": f"{row.step}/{row.steps}"}
        facts |= {} if row.loss is None else {"loss": f"{row.loss:.3f}"}
        left = row.left(now)
        self.event("step", **facts, **({} if left is None else {"left": f"{left:.0f}s"}))


class LiveTable(Display):
    """The running cells, those that went wrong and the last that ended, 4 times a second."""

    def __init__(self, board: Board, stream: TextIO) -> None:
        super().__init__(board, stream)
        self._console = Console(file=stream, highlight=False, markup=False)
        self._stopping = False
        self._live = Live(
            console=self._console,
            get_renderable=self._picture,
            refresh_per_second=4,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    @override
    def __enter__(self) -> Self:
        self._live.start()
        return self

    @override
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    @override
    def event(self, name: str, **facts: Any) -> None:
        self._stopping = self._stopping or name == "stopping"
        if name == "lost":
            self._console.print(Text(line(name, facts)))

    @override
    def moved(self, row: Row) -> None:
        """The table draws itself from the board."""

    def _picture(self) -> RenderableType:
        return picture(self.board, self._console.size.height, STOPPING if self._stopping else "")


def display(board: Board, stream: TextIO | None = None, *, plain: bool = False) -> Display:
    """Choose how to tell: the live table on an interactive terminal, else lines.

    Args:
        board: the state of the sweep.
        stream: stderr unless given.
        plain: lines even on a terminal.
    """
    stream = stream or sys.stderr
    return Lines(board, stream) if plain or not is_live(stream) else LiveTable(board, stream)


def is_live(stream: TextIO) -> bool:
    """Say whether a moving display makes sense on a stream."""
    # FORCE_COLOR makes rich take a pipe for a terminal: ask the stream as well
    return stream.isatty() and Console(file=stream).is_interactive


def say(text: str) -> None:
    """Tell something on stderr: stdout is for results."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def line(event: str, facts: Mapping[str, Any]) -> str:
    """Return one event as `2026-11-24T08:41:04Z start cell=none/3`, without control characters."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return " ".join([now, event, *(f"{key}={_quoted(value)}" for key, value in facts.items())])


def picture(board: Board, height: int, note: str = "") -> RenderableType:
    """Return the table of a board for a window `height` lines high, with the counts below it."""
    room = max(height - FRAME, 3)
    shown, hidden = _choose(board, room)
    low, high = loss_range(list(board.rows.values()))
    table = Table(box=None, pad_edge=True, header_style="dim")
    for name, justify in (
        ("cell", "left"), ("state", "left"), ("step", "right"), ("loss", "right"),
        ("loss so far", "left"), ("left", "right"),
    ):  # fmt: skip
        table.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type]  # literals
    now = time.monotonic()
    for row in shown:
        table.add_row(
            Text(row.cell.replace("/", " · ")),
            Text(_WORDS.get(row.state, row.state), style=_STYLES.get(row.state, "")),
            Text(f"{row.step:,}/{row.steps:,}"),
            Text("" if row.loss is None else f"{row.loss:.3f}"),
            Text(sparkline(row.peaks, low, high)),
            Text(duration(row.left(now))),
        )
    rest = Text(f" {hidden}", style="dim") if hidden else Text("")
    return Group(
        table,
        rest,
        _bar(board),
        Text(note or (_HINT if board.count(QUEUED, TRAINING) else ""), style="dim"),
    )


_HINT = "Ctrl+C stops after the current step of each cell; the same command resumes."
_WORDS = {"complete": "done"}
_STYLES = {"failed": "red", "diverged": "red", TRAINING: "bold"}


def duration(seconds: float | None) -> str:
    """Return a rough time for people: `14 s`, `2.1 min`, `3.5 h`; nothing for None."""
    if seconds is None:
        return ""
    if seconds < 60:  # noqa: PLR2004  # a minute
        return f"{seconds:.0f} s"
    if seconds < 3600:  # noqa: PLR2004  # an hour
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:.1f} h"


def _choose(board: Board, room: int) -> tuple[list[Row], str]:
    """Return the rows that fit, the most telling first, and the rest in words."""
    rows = list(board.rows.values())
    running = [row for row in rows if row.state in (TRAINING, ELSEWHERE)]
    wrong = [row for row in rows if row.state in ("failed", "diverged")]
    ended = [row for row in rows if row.state in ("complete", PRUNED)]
    done = sorted(ended, key=lambda row: row.changed)
    shown = [*running, *wrong, *reversed(done[-SHOWN_DONE:])][:room]
    queued = board.count(QUEUED)
    more = len(running) + len(wrong) + len(done) - len(shown)
    words = [f"{queued} more queued"] if queued else []
    words += [f"{more} more not shown"] if more else []
    return shown, ", ".join(words)


def _bar(board: Board) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    total = board.total
    running = board.count(QUEUED, TRAINING, ELSEWHERE)
    rest = duration(board.left())
    left = f", {f'about {rest} left' if rest else 'measuring'}" if running else ""
    elapsed = int(time.monotonic() - board.begun)
    clock = f"{elapsed // 3600}:{elapsed // 60 % 60:02d}:{elapsed % 60:02d} so far"
    grid.add_row(
        Text(f"{board.done}/{total} cells done, {board.count('failed')} failed"),
        ProgressBar(total=total, completed=board.done, width=24),
        Text(f"{clock}{left}"),
    )
    return grid


def _quoted(value: Any) -> str:
    text = re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", str(value))
    if text and not re.search(r'[\s"=]', text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
