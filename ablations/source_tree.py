"""Whether a commit tells the code that cells are trained with, or something was changed since."""

import subprocess
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from pipelines.code import PACKAGES, PROJECT

PATIENCE = 10.0  # seconds that git gets to answer


def source_tree(project: Path = PROJECT) -> dict[str, Any] | None:
    """Return `commit` and `changes`, the digest of what is not committed; None outside a checkout.

    Changes are those of the packages that a cell can reach, new files included; None without any.
    """
    if _git(project, "rev-parse", "--show-toplevel") != str(project.resolve()):
        return None  # installed, or a folder of somebody else's repository
    commit = _git(project, "rev-parse", "HEAD")
    if commit is None:
        return None
    changed = _git(project, "diff", "HEAD", "--binary", "--", *PACKAGES)
    new = _git(project, "ls-files", "-z", "--others", "--exclude-standard", "--", *PACKAGES)
    if changed is None or new is None:
        return None  # what git does not say is unknown, not clean
    files = sorted(filter(None, new.split("\0")))
    return {"commit": commit, "changes": _digest(changed, project, files)}


def _digest(changed: str, project: Path, new: Sequence[str]) -> str | None:
    if not changed and not new:
        return None
    digest = blake2b(changed.encode(errors="surrogateescape"), digest_size=10)
    for name in new:
        digest.update(f"\0{name}\0".encode(errors="surrogateescape"))
        digest.update((project / name).read_bytes())
    return digest.hexdigest()


def _git(project: Path, *arguments: str) -> str | None:
    command = ("git", "-C", str(project), *arguments)
    try:
        done = subprocess.run(command, capture_output=True, check=True, timeout=PATIENCE)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode(errors="surrogateescape").strip()
