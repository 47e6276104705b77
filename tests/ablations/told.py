"""What the progress lines of a sweep say."""

import shlex


def events(log: str, name: str) -> list[dict[str, str]]:
    """The facts of each line about an event."""
    lines = [line for line in log.splitlines() if line.split()[1:2] == [name]]
    return [dict(word.split("=", 1) for word in shlex.split(line)[2:]) for line in lines]


def started(log: str) -> list[str]:
    """The cells that were started, in this order."""
    return [each["cell"] for each in events(log, "start")]
