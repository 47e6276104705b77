"""Both copies of the atomic writer keep a file complete or absent."""

import pytest

import pipelines.files
import reports.files

COPIES = [pipelines.files, reports.files]


@pytest.mark.parametrize("files", COPIES)
def test_what_is_written_can_be_read(files, tmp_path):
    files.write_json(tmp_path / "new" / "a.json", {"b": 1, "a": "é"})
    assert files.read_json(tmp_path / "new" / "a.json") == {"a": "é", "b": 1}
    assert [each.name for each in (tmp_path / "new").iterdir()] == ["a.json"]


@pytest.mark.parametrize("files", COPIES)
def test_a_write_that_fails_leaves_the_file_as_it_was(files, tmp_path):
    path = tmp_path / "a.txt"
    files.write_text(path, "before")

    def broken(beside):
        beside.write_text("half")
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        files.write_whole(path, broken)
    assert path.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("files", COPIES)
def test_json_refuses_what_is_not_a_number(files, tmp_path):
    with pytest.raises(ValueError, match="JSON compliant"):
        files.write_json(tmp_path / "a.json", {"loss": float("nan")})
    assert list(tmp_path.iterdir()) == []
