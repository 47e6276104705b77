"""Plans of grids whose variants no verdict could tell apart, or none could compare."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from ablations.grid import read_grid
from ablations.planning import Plan, plan
from ablations.project import Project
from components.catalogue import read_catalogue
from components.errors import Problem, UserError
from pipelines.cell import Data
from pipelines.prepare import prepare
from pipelines.validation import has_the_same_text, has_the_same_tokenizer
from tests.ablations.tiny import text

SETTINGS = """\
question: Q
set:
  data.corpus: {corpus}
  data.path: {path}
  data.documents: paragraph
  data.validation_tokens: 800
  model: {{width: 16, layers: {layers}, heads: 2, window: 16}}
  training: {{context: {context}, batch: 2, steps: 8}}
"""

OWN = '''"""A memory of the user's own."""

import torch
from torch import Tensor

from components.memory import Memory
from components.registry import component
from components.sizes import Sizes


@component("memory", "own_hands_on")
class HandsOn(Memory[Tensor]):
    """Hand a number on.

    Options:
        handing: whether it does.
    """

    def __init__(self, sizes: Sizes, *, handing: bool = True) -> None:
        super().__init__(sizes)
        self.carries = handing

    def start(self, batch: int, device: torch.device) -> Tensor:
        return torch.zeros(batch, 1, device=device)
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with text; data that is prepared and costs that are measured stay in it."""
    made = tmp_path_factory.mktemp("alike")
    text(made / "text")
    (made / "own_hands_on.py").write_text(OWN)
    return made


def planned(
    folder: Path, lines: str, *, fixed: str = "", components: Sequence[Path] = (), **sizes: object
) -> Plan:
    """Plan a grid of some lines in the folder; `fixed` is added to `set`."""
    path = folder / "question.yaml"
    given = {"corpus": "files", "path": folder / "text", "layers": 2, "context": 32, **sizes}
    path.write_text(f"{SETTINGS.format(**given)}{fixed}{lines}", encoding="utf-8")
    catalogue = read_catalogue(components)
    project = Project(
        catalogue, tuple(components), folder / "data", folder / "runs", folder / "results"
    )
    grid = read_grid(str(path), ("seeds=1",), catalogue)
    return plan(grid, project, lambda _: None)


def refused(folder: Path, lines: str, **more: object) -> list[Problem]:
    with pytest.raises(UserError) as caught:
        planned(folder, lines, **more)  # type: ignore[arg-type]
    assert all(each.place.startswith(f"{folder}/question.yaml:") for each in caught.value.problems)
    return list(caught.value.problems)


def axis(key: str, *values: str) -> str:
    """Two lines: the first value is the baseline."""
    return f"baseline: {{{key}: {values[0]}}}\naxes: {{{key}: [{', '.join(values)}]}}\n"


def test_another_validation_split_is_other_text(folder: Path) -> None:
    lines = "baseline: {positions: rotary}\nvariants: {more: {data.validation_tokens: 1600}}\n"
    (problem,) = refused(folder, lines)
    assert problem.what.startswith("the variants rotary and more are validated on different text")
    assert (problem.key, problem.value) == ("variants.more.data.validation_tokens", "1600")
    assert "make a grid for each value of data.validation_tokens" in problem.hints[0]


def test_other_tokenizers_have_other_tokens(folder: Path) -> None:
    lines = "baseline: {data.tokenizer: byte}\nvariants:\n  small: {data.tokenizer: bpe, "
    lines += "data.vocabulary: 280}\n  large: {data.tokenizer: bpe, data.vocabulary: 290}\n"
    found = refused(folder, lines)
    assert [each.key for each in found] == [
        f"variants.{name}.data.tokenizer" for name in ("small", "large")
    ]
    assert all("have different tokenizers" in each.what for each in found)


def test_other_training_text_is_a_fair_question(folder: Path) -> None:
    fixed = "  data.probe_length: 12\n  data.probe_items: 2\n  data.probe_symbols: 4\n"
    grid = axis("data.probe_documents", "100", "200")
    path = folder / "recall.yaml"
    path.write_text(
        "question: Q\nset:\n  data.corpus: selective_copy\n  data.validation_tokens: 240\n"
        f"  model: {{width: 16, layers: 1, heads: 2, window: 16}}\n{fixed}{grid}"
    )
    catalogue = read_catalogue()
    project = Project(catalogue, (), folder / "data", folder / "runs", folder / "results")
    made = plan(read_grid(str(path), ("seeds=1",), catalogue), project, lambda _: None)
    assert len({each.data.digest for each in made.cells}) == 2


def test_a_batching_that_masks_documents_changes_no_text(folder: Path) -> None:
    lines = axis("batching", "packed", "{packed: {document_mask: true}}")
    assert len(planned(folder, lines).cells) == 2


def test_scored_places_and_documents_are_of_the_text(folder: Path, tmp_path: Path) -> None:
    made = prepare(
        Data("files", str(folder / "text"), documents="paragraph", validation_tokens=800),
        folder / "data",
        lambda _: None,
    ).folder
    assert has_the_same_text(made, made)
    for name in ("validation.tokens", "validation.starts.npy"):
        other = tmp_path / name
        other.mkdir()
        for each in made.iterdir():
            (other / each.name).write_bytes(each.read_bytes() + b"x" * (each.name == name))
        assert not has_the_same_text(made, other)
        assert has_the_same_tokenizer(made, other)
    (other / "validation.starts.npy").write_bytes((made / "validation.starts.npy").read_bytes())
    (other / "tokenizer.json").write_text("another")
    assert has_the_same_text(made, other)
    assert not has_the_same_tokenizer(made, other)
    (other / "validation.scored").write_bytes(b"\1")
    assert not has_the_same_text(made, other)


def test_data_that_cannot_be_read_have_file_line_and_key(folder: Path) -> None:
    (problem,) = refused(folder, axis("positions", "rotary", "none"), path="/nonexistent")
    assert problem.place.endswith("question.yaml:4")
    assert (problem.key, problem.value) == ("set.data.path", "/nonexistent")


@pytest.mark.parametrize(
    ("off", "why"),
    [
        ("{xl: {windows: 0}}", "memory/xl with windows = 0 does nothing"),
        ("{xl: {layers: [false]}}", "memory/xl with layers = [false] does nothing"),
        ("{sinks: {layers: [false, false]}}", "memory/sinks with layers"),
        ("{rmt: {tokens: 0}}", "memory/rmt with tokens = 0 does nothing"),
        ("{rmt: {read: false, write: false}}", "memory/rmt with read = false and write = false"),
        ("{pause: {count: 0}}", "memory/pause with count = 0 does nothing"),
        ("{registers: {tokens: 0}}", "memory/registers with tokens = 0 does nothing"),
    ],
)
def test_a_memory_that_is_switched_off_is_no_second_variant(
    folder: Path, off: str, why: str
) -> None:
    (problem,) = refused(folder, axis("memory", "none", off))
    assert "are one model under two names" in problem.what
    assert problem.hints[0].startswith(why)
    assert problem.key == "axes.memory[1]"
    assert problem.value == off


@pytest.mark.parametrize(
    "lines",
    [
        axis("memory", "xl", "{xl: {windows: 0}}"),
        axis("memory", "none", "{xl: {layers: [false, true]}}"),
        axis("memory", "[xl, {pause: {count: 0}}]", "none"),
        axis("memory", "{rmt: {tokens: 2}}", "{rmt: {tokens: 2, write: false}}", "registers"),
        axis("mixer", "attention", "mamba"),
        axis("mlp", "none", "plain"),
    ],
)
def test_what_does_nothing_in_one_variant_alone_is_a_fair_question(
    folder: Path, lines: str
) -> None:
    assert len(planned(folder, lines).cells) >= 2


@pytest.mark.parametrize("off", ["count: 0", "count: 0, spread: 0.5"])
def test_a_member_of_a_chain_that_is_switched_off_is_told(folder: Path, off: str) -> None:
    (problem,) = refused(folder, axis("memory", "xl", f"[xl, {{pause: {{{off}}}}}]"))
    assert problem.hints[0] == "memory/pause with count = 0 does nothing"


def test_positions_do_nothing_where_no_layer_has_keys(folder: Path) -> None:
    lines = axis("positions", "none", "rotary", "alibi", "learned")
    rotary, alibi = refused(folder, lines, fixed="  mixer: mamba\n")
    assert rotary.what == "the variants none and rotary are one model under two names"
    assert alibi.key == "axes.positions[2]"
    assert rotary.hints[0] == "positions act on keys, and no layer has any"


def test_positions_do_nothing_in_layers_without_keys(folder: Path) -> None:
    lines = axis("positions", "rotary", "[rotary, none]", "[none, rotary]")
    (problem,) = refused(folder, lines, fixed="  mixer: [attention, mamba]\n")
    assert problem.key == "axes.positions[1]"
    assert problem.hints[0] == "positions act on keys, and layer 1 has none"


def test_an_activation_does_nothing_where_no_layer_has_an_mlp(folder: Path) -> None:
    (problem,) = refused(folder, axis("activation", "silu", "relu"), fixed="  mlp: none\n")
    assert problem.hints[0] == "activations act in an MLP, and no layer has any"


def test_a_grid_may_leave_out_what_did_nothing(folder: Path) -> None:
    lines = "baseline: {mixer: mamba, positions: rotary, memory: pause}\n"
    lines += "leave_out: [positions, memory]\n"
    assert len(planned(folder, lines).variants) == 3


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("model.mlp_sharing", ("null", "ab", "ba")),
        ("model.mlp_sharing", ("aa", "bb", "cc")),
        ("model.mlp_widths", ("null", "[1]", "[1, 1]")),
        ("model.mlp_widths", ("[2]", "[2, 2]", "[2, 2, 5]")),
        ("memory.xl.layers", ("[true]", "[true, true]", "[true, true, false]")),
        ("training.precision", ("auto", "float32")),
    ],
)
def test_two_spellings_of_one_cell_are_refused_where_the_second_stands(
    folder: Path, key: str, values: tuple[str, ...]
) -> None:
    fixed = "  memory: xl\n" if key.startswith("memory") else ""
    found = refused(folder, axis(key, *values), fixed=fixed)
    assert [(each.key, each.value) for each in found] == [
        (f"axes.{key}[{index}]", value) for index, value in enumerate(values) if index
    ]
    assert "are the same cell" in found[0].what


@pytest.mark.parametrize("memory", ["xl", "[pause, rmt]", "own_hands_on"])
def test_a_memory_that_hands_on_needs_a_second_window_whoever_wrote_it(
    folder: Path, memory: str
) -> None:
    components = (folder / "own_hands_on.py",)
    lines = axis("memory", "none", memory)
    (problem,) = refused(folder, lines, context=16, components=components)
    name = memory.strip("[]").split(", ")[-1]
    assert problem.what == f"memory/{name} needs a context longer than one window"
    assert problem.hints[0] == "training.context = 16, model.window = 16"
    assert "at least 32" in problem.hints[1]
    assert problem.key.startswith("axes.memory[1]")


def test_a_memory_that_hands_nothing_on_is_good_in_one_window(folder: Path) -> None:
    lines = axis("memory", "pause", "{own_hands_on: {handing: false}}", "{rmt: {read: false}}")
    found = planned(folder, lines, context=16, components=(folder / "own_hands_on.py",))
    assert len(found.cells) == 3
