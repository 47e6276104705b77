"""A command as a process: arguments in, an exit code out, and no bare traceback for Ctrl+C."""

import errno
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from reports.errors import Problem

BAD_INPUT = 2
INTERRUPTED = 130

REFUSED = {errno.EACCES, errno.EDQUOT, errno.ENOSPC, errno.EPERM, errno.EROFS}
"""What a disk says that is full or whose owner is somebody else."""


def as_process(main: Callable[[Sequence[str]], int]) -> NoReturn:
    """Run a command as this process.

    Exit codes: those of the command; 2 where the disk refuses; 130 after Ctrl+C; 0 where the reader
    of a pipe has enough.
    """
    sys.exit(exit_code(main, sys.argv[1:]))


def exit_code(main: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> int:
    """Return the exit code of a command, having told the user what ended it."""
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
    except OSError as error:
        if error.errno not in REFUSED:
            raise
        sys.stderr.write(f"{_refused(error)}\n")
        return BAD_INPUT
    return code


def _refused(error: OSError) -> Problem:
    hint = "no earlier report was changed; the same command writes this one once it can"
    return Problem(f"the disk refuses: {error.strerror}", str(error.filename or ""), hints=(hint,))
