"""A command as a process: arguments in, an exit code out, and no bare traceback for Ctrl+C."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

INTERRUPTED = 130


def as_process(main: Callable[[Sequence[str]], int]) -> NoReturn:
    """Run a command as this process.

    Exit codes: those of the command; 130 after Ctrl+C; 0 where the reader of a pipe has enough.
    """
    sys.exit(exit_code(main, sys.argv[1:]))


def exit_code(main: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> int:
    """Return the exit code of a command, having told the user that it was interrupted."""
    try:
        code = main(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return INTERRUPTED
    except BrokenPipeError:
        # else the interpreter fails once more, when it flushes what is left at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code
