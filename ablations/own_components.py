"""Components of the user's own that a command could have loaded, had it been told to."""

from glob import escape
from pathlib import Path

from components.catalogue import HERE

DEPTHS = ("", "*/", "*/*/")
"""Folders between the working directory and the folder of a kind in which components are looked
for: `positions/`, `mine/positions/`, `more/mine/positions/`."""


def not_loaded(kind: str, name: str) -> tuple[str, ...]:
    """Return a hint where a file of this kind and name lies nearby, and may be a component.

    Files are looked at by name alone: nothing is loaded that the command line does not name.
    """
    if not name.isidentifier():
        return ()
    for depth in DEPTHS:
        for file in sorted(Path().glob(f"{depth}{kind}/{escape(name)}.py")):
            if file.absolute().parent.parent != HERE:
                folder = file.parent.parent
                path = file.parent if folder == Path() else folder
                return (f"there is {file}: load it with --components {path}",)
    return ()
