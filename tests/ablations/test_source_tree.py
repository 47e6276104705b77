"""What a commit tells of the code, in real repositories."""

import subprocess
from pathlib import Path

import pytest

from ablations.source_tree import source_tree


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository like this project's, with one commit."""
    for name in ("components", "pipelines", "docs"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file.py").write_text("one = 1\n")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "one")
    return tmp_path


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    command = ("git", *who, *arguments)
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def changes(folder: Path) -> str | None:
    found = source_tree(folder)
    assert found is not None
    assert found["commit"] == git(folder, "rev-parse", "HEAD")
    digest: str | None = found["changes"]
    return digest


def test_a_commit_has_no_changes(checkout: Path) -> None:
    assert changes(checkout) is None


def test_what_no_cell_reaches_is_no_change(checkout: Path) -> None:
    (checkout / "docs" / "file.py").write_text("two = 2\n")
    (checkout / "new.py").write_text("two = 2\n")
    assert changes(checkout) is None


def test_each_state_of_the_code_has_its_digest(checkout: Path) -> None:
    file, new = checkout / "components" / "file.py", checkout / "pipelines" / "new.py"
    found = []
    for target, text in ((file, "two\n"), (file, "three\n"), (new, "four\n"), (new, "five\n")):
        target.write_text(text)
        found.append(changes(checkout))
    assert None not in found
    assert len(set(found)) == 4
    git(checkout, "add", ".")
    assert changes(checkout) is not None
    git(checkout, "commit", "-m", "two")
    assert changes(checkout) is None


@pytest.mark.parametrize("name", ["file.py", "grün.py"])
def test_bytes_that_are_no_text_are_changes_too(checkout: Path, name: str) -> None:
    (checkout / "components" / name).write_bytes(b"# \xff\n")
    first = changes(checkout)
    (checkout / "components" / name).write_bytes(b"# \xfe\n")
    assert None not in (first, changes(checkout))
    assert first != changes(checkout)


def test_an_installation_has_no_tree(tmp_path: Path, checkout: Path) -> None:
    inside = checkout / "site-packages"
    inside.mkdir()
    assert source_tree(inside) is None  # of somebody's repository, not the project's
    assert source_tree(tmp_path.parent) is None


def test_a_repository_without_a_commit_has_none(tmp_path: Path) -> None:
    git(tmp_path, "init")
    assert source_tree(tmp_path) is None


def test_without_git_nobody_knows(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert source_tree(checkout) is None
