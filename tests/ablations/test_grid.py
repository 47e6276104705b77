from pathlib import Path

import pytest

from ablations.cells import cells, variants
from ablations.grid import Grid, grid_names, read_grid
from ablations.presets import preset_names
from components.catalogue import Catalogue, read_catalogue
from components.errors import UserError
from pipelines.cell import Evaluation
from tests.ablations.broken_grids import extra, grid

CATALOGUE = read_catalogue()

RECURRENT = "question: Q\nbaseline: {memory: none}\n"


def read(folder: Path, text: str, *overrides: str) -> Grid:
    path = folder / "question.yaml"
    path.write_text(text, encoding="utf-8")
    return read_grid(str(path), overrides, CATALOGUE)


def names(grid: Grid) -> list[str]:
    return [variant.name for variant in variants(grid, CATALOGUE)]


def labels(grid: Grid) -> list[str]:
    return [variant.label for variant in variants(grid, CATALOGUE)]


@pytest.mark.parametrize("preset", preset_names())
@pytest.mark.parametrize("name", grid_names())
def test_every_grid_reads_at_every_preset(name: str, preset: str) -> None:
    found = read_grid(name, [f"preset={preset}"], CATALOGUE)
    assert found.preset == preset
    assert len(cells(found, CATALOGUE)) == len(names(found)) * len(found.seeds)


def test_the_positions_grid_asks_what_the_readme_says() -> None:
    found = read_grid("positions", (), CATALOGUE)
    assert found.question == "Does the decoder need explicit positions?"
    assert names(found) == ["rotary", "none", "linspace"]
    assert labels(found) == ["rotary", "no positions", "linspace"]
    assert found.baseline == "rotary"
    assert found.seeds == (0, 1, 2, 3, 4)
    assert found.margin == 0.01
    assert found.claim == {
        "none": {"between": ["rotary", "linspace"]},
        "source": "BakaLLM part 4",
    }
    assert found.results_name == "positions"
    assert found.warnings == ()


def test_what_a_grid_does_not_say_has_a_default(tmp_path: Path) -> None:
    found = read(tmp_path, grid())
    assert (found.preset, found.seeds, found.margin) == ("laptop", (0, 1, 2, 3, 4), 0.01)
    assert (found.interval, found.hold, found.compare) == ("floored", "tokens", "baseline")
    assert (found.evaluate, found.claim) == ((Evaluation(),), None)


def test_seeds_may_be_listed(tmp_path: Path) -> None:
    assert read(tmp_path, extra("seeds: [7, 0, 3]")).seeds == (7, 0, 3)


def test_no_margin_may_be_wanted(tmp_path: Path) -> None:
    assert read(tmp_path, extra("margin: null")).margin is None


def test_longer_samples_are_evaluated_after_the_validation_split(tmp_path: Path) -> None:
    found = read(tmp_path, extra("evaluate: {lengths: [512, 1024]}"))
    assert found.evaluate == (
        Evaluation(),
        Evaluation("length 512", 512),
        Evaluation("length 1024", 1024),
    )


def test_the_trained_context_may_be_one_of_the_lengths(tmp_path: Path) -> None:
    found = read(tmp_path, extra("evaluate: {lengths: [256, 128, 1024]}"))
    assert [each.length for each in found.evaluate] == [None, 256, 128, 1024]


@pytest.mark.parametrize(
    "override", ["evaluate.lengths=[256,512]", "evaluate={lengths: [256,512]}"]
)
@pytest.mark.parametrize("line", ["", "evaluate: {lengths: [1024]}"])
def test_lengths_are_given_on_the_command_line(line: str, override: str, tmp_path: Path) -> None:
    found = read(tmp_path, extra(line), override)
    assert [each.length for each in found.evaluate] == [None, 256, 512]


def test_one_seed_is_warned_of_with_its_place(tmp_path: Path) -> None:
    (warning,) = read(tmp_path, extra("seeds: 1")).warnings
    assert warning == (f"seeds = 1: the report will give no verdict ({tmp_path}/question.yaml:4)")


def test_a_scientific_number_is_a_number(tmp_path: Path) -> None:
    assert read(tmp_path, extra("margin: 1e-3")).margin == 0.001


def test_quoted_words_are_words(tmp_path: Path) -> None:
    assert read(tmp_path, grid(question='question: "no"\n')).question == "no"


# settings


def test_a_later_layer_wins(tmp_path: Path) -> None:
    text = "question: Q\nset: {mlp: plain, mlp.gated.width: 16}\n"
    text += "baseline: {mlp: {plain: {width: 32}}}\nvariants:\n"
    text += "  a: {mlp: {plain: {width: 64}}}\n  b: {mlp: gated}\n"
    found = variants(read(tmp_path, text), CATALOGUE)
    assert found[0].settings["mlp.plain.width"] == 32
    assert found[1].settings["mlp.plain.width"] == 64
    assert found[2].settings["mlp.gated.width"] == 16


def test_two_members_of_one_name_keep_their_own_options(tmp_path: Path) -> None:
    text = "question: Q\nset: {positions: [{rotary: {base: 5}}, {rotary: {base: 7}}]}\n"
    text += "baseline: {}\nvariants: {a: {mlp: plain}}\n"
    settings = variants(read(tmp_path, text), CATALOGUE)[0].settings
    assert settings["positions[0].rotary.base"] == 5.0
    assert settings["positions[1].rotary.base"] == 7.0


def test_nested_and_dotted_settings_are_the_same(tmp_path: Path) -> None:
    nested = read(tmp_path, extra("set: {model: {width: 32}, memory: {xl: {windows: 3}}}"))
    dotted = read(tmp_path, extra("set: {model.width: 32, memory: xl, memory.xl.windows: 3}"))
    assert cells(nested, CATALOGUE) == cells(dotted, CATALOGUE)


def test_an_option_under_set_holds_wherever_its_component_is_chosen(tmp_path: Path) -> None:
    found = read(tmp_path, extra("set: {positions.rotary.base: 500}"))
    rotary, none = variants(found, CATALOGUE)
    assert rotary.settings["positions.rotary.base"] == 500.0
    assert none.settings["positions"] == "none"


def test_a_component_keeps_the_options_of_the_preset_when_it_is_named(tmp_path: Path) -> None:
    text = "question: Q\nbaseline: {optimizer: adamw}\nvariants: {a: {positions: none}}\n"
    baseline = variants(read(tmp_path, text), CATALOGUE)[0]
    assert baseline.settings["optimizer.adamw.learning_rate"] == 0.003


@pytest.mark.parametrize(
    "line", ["optimizer.adamw.learning_rate: 0.1", "optimizer: {adamw: {learning_rate: 0.1}}"]
)
def test_an_option_under_set_wins_over_the_preset(line: str, tmp_path: Path) -> None:
    found = read(tmp_path, extra(f"set: {{{line}}}"))
    assert variants(found, CATALOGUE)[0].settings["optimizer.adamw.learning_rate"] == 0.1


def test_an_option_of_the_grid_wins_over_the_preset(tmp_path: Path) -> None:
    text = "question: Q\nbaseline: {optimizer: {adamw: {learning_rate: 0.1}}}\n"
    found = read(tmp_path, text + "variants: {a: {positions: none}}\n")
    assert variants(found, CATALOGUE)[0].settings["optimizer.adamw.learning_rate"] == 0.1


def test_a_variant_that_chooses_anew_drops_the_options_of_the_baseline(tmp_path: Path) -> None:
    text = "question: Q\nbaseline: {positions: rotary, positions.base: 500}\n"
    found = read(tmp_path, text + "variants: {nope: {positions: none}}\n")
    rotary, nope = variants(found, CATALOGUE)
    assert rotary.settings["positions.rotary.base"] == 500.0
    assert nope.differs == {"positions": "none"}


def two_memories(folder: Path, text: str) -> tuple[Grid, Catalogue]:
    """Read a grid beside a component `memory/another`."""
    mine = folder / "another.py"
    mine.write_text(
        '@component("memory", "another")\nclass Another(Memory):\n    """Another."""\n',
        encoding="utf-8",
    )
    path = folder / "question.yaml"
    path.write_text(RECURRENT + text, encoding="utf-8")
    catalogue = read_catalogue([mine])
    return read_grid(str(path), (), catalogue), catalogue


@pytest.mark.parametrize("chain", ["[xl, another]", "[another, xl]"])
def test_the_order_in_a_chain_of_memories_is_not_the_authors(chain: str, tmp_path: Path) -> None:
    found = variants(*two_memories(tmp_path, f"axes: {{memory: [none, {chain}]}}\n"))[1]
    assert (found.name, found.settings["memory"]) == ("another+xl", ("another", "xl"))
    assert found.differs == {"memory": ("another", "xl")}


def test_options_stay_with_their_memory_whatever_the_order(tmp_path: Path) -> None:
    text = "axes: {memory: [none, [{xl: {windows: 2}}, another]]}\n"
    found = variants(*two_memories(tmp_path, text))[1]
    assert found.settings["memory[1].xl.windows"] == 2
    assert found.differs == {"memory": ("another", {"xl": {"windows": 2}})}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "axes: {memory: [none, [xl, another], [another, xl]]}\n",
            "two values of an axis are the same",
        ),
        (
            "variants: {a: {memory: [xl, another]}, b: {memory: [another, xl]}}\n",
            "two variants are equal: a and b",
        ),
    ],
)
def test_a_chain_in_two_orders_is_one_cell(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=said):
        two_memories(tmp_path, text)


def test_a_chain_of_one_is_that_memory(tmp_path: Path) -> None:
    chain = read(tmp_path, RECURRENT + "axes: {memory: [none, [xl]]}\n")
    alone = read(tmp_path, RECURRENT + "axes: {memory: [none, xl]}\n")
    assert cells(chain, CATALOGUE) == cells(alone, CATALOGUE)


def test_a_pattern_longer_than_its_period_is_the_same_cell(tmp_path: Path) -> None:
    text = "question: Q\nbaseline: {}\nset: {model.layers: 4}\nvariants: {a: {positions: "
    short = read(tmp_path, text + "[rotary, none]}}\n")
    long = read(tmp_path, text + "[rotary, none, rotary, none, rotary]}}\n")
    assert cells(short, CATALOGUE) == cells(long, CATALOGUE)


# names


def test_variants_are_called_by_what_differs(tmp_path: Path) -> None:
    text = "question: Q\nbaseline: {positions: rotary, model.heads: 4}\n"
    found = read(tmp_path, text + "axes: {positions: [rotary, none], model.heads: [4, 1]}\n")
    assert names(found) == ["rotary, heads=4", "heads=1", "none", "none, heads=1"]
    assert labels(found)[1:] == ["heads = 1", "no positions", "no positions, heads = 1"]
    assert found.baseline == "rotary, heads=4"


def test_a_name_that_two_axes_have_is_written_with_its_key(tmp_path: Path) -> None:
    text = "question: Q\nbaseline: {positions: none, memory: none}\n"
    found = read(tmp_path, text + "axes: {positions: [none, rotary], memory: [none, xl]}\n")
    assert names(found) == ["positions=none, memory=none", "xl", "rotary", "rotary, xl"]
    assert labels(found)[0] == "no positions, no memory"


def test_options_are_in_a_name_only_where_they_tell_variants_apart(tmp_path: Path) -> None:
    text = "question: Q\nbaseline: {positions: rotary}\naxes:\n  positions: [rotary, {linspace: "
    one = read(tmp_path, text + "{edge: 0.2}}]\n")
    two = read(tmp_path, text + "{edge: 0.2}}, linspace]\n")
    assert names(one) == ["rotary", "linspace"]
    assert names(two) == ["rotary", "linspace(edge=0.2)", "linspace(edge=0.1)"]


def test_keys_that_end_alike_are_written_whole(tmp_path: Path) -> None:
    text = "question: Q\nbaseline: {model.width: 64, mlp.width: 64}\n"
    found = read(tmp_path, text + "axes: {model.width: [64, 32], mlp.width: [64, 32]}\n")
    assert names(found)[1:3] == ["mlp.width=32", "model.width=32"]


def test_named_variants_keep_their_names(tmp_path: Path) -> None:
    text = "question: Q\nbaseline: {positions: rotary}\nvariants: {nope: {positions: none}}\n"
    assert names(read(tmp_path, text)) == ["rotary", "nope"]


def test_a_baseline_of_several_settings_beside_variants_is_called_so() -> None:
    assert read_grid("pristine", (), CATALOGUE).baseline == "baseline"


def test_what_differs_is_written_as_a_grid_would(tmp_path: Path) -> None:
    text = "question: Q\nbaseline: {positions: rotary}\n"
    axes = "axes: {positions: [rotary, {linspace: {edge: 1}}, [rotary, none]]}\n"
    found = variants(read(tmp_path, text + axes), CATALOGUE)
    assert [each.differs for each in found] == [
        {},
        {"positions": {"linspace": {"edge": 1.0}}},
        {"positions": ("rotary", "none")},
    ]


def test_excluded_points_are_gone(tmp_path: Path) -> None:
    text = "question: Q\nbaseline: {positions: rotary, model.heads: 4}\n"
    text += "axes: {positions: [rotary, none], model.heads: [4, 1]}\n"
    found = read(tmp_path, text + "exclude: [{positions: none, model.heads: 1}]\n")
    assert names(found) == ["rotary, heads=4", "heads=1", "none"]


# the command line


def test_the_command_line_changes_a_grid() -> None:
    found = read_grid(
        "positions", ["seeds=3", "axes.positions=[rotary,none]", "margin=0.02"], CATALOGUE
    )
    assert (found.seeds, names(found), found.margin) == ((0, 1, 2), ["rotary", "none"], 0.02)


@pytest.mark.parametrize("key", ["axes.model.heads", "axes[model.heads]"])
def test_a_dotted_axis_is_reached_from_the_command_line(key: str) -> None:
    found = read_grid("heads", [f"{key}=[4,2,1]", "axes.model.kv_heads=[4,1]", EXCLUDE], CATALOGUE)
    assert "heads=2, kv_heads=1" in names(found)


EXCLUDE = "exclude=[{model.heads: 2, model.kv_heads: 4}, {model.heads: 1, model.kv_heads: 4}]"


def test_a_nested_axis_is_reached_from_the_command_line(tmp_path: Path) -> None:
    text = "question: Q\nbaseline: {model: {heads: 4}}\naxes: {model: {heads: [4, 1]}}\n"
    assert names(read(tmp_path, text, "axes.model.heads=[4,2]")) == ["heads=4", "heads=2"]


def test_one_value_of_an_axis_is_reached_from_the_command_line(tmp_path: Path) -> None:
    assert names(read(tmp_path, grid(), "axes.positions[1]=learned")) == ["rotary", "learned"]


def test_a_setting_for_every_variant_is_reached_from_the_command_line() -> None:
    found = read_grid("positions", ["set.training.steps=7"], CATALOGUE)
    assert {cell.training.steps for cell in cells(found, CATALOGUE)} == {7}


def test_a_named_variant_is_reached_from_the_command_line() -> None:
    found = read_grid("pristine", ["variants.plain mlp.mlp.width=100"], CATALOGUE)
    by_name = {variant.name: variant for variant in variants(found, CATALOGUE)}
    assert by_name["plain mlp"].settings["mlp.plain.width"] == 100


def test_the_command_to_settle_a_contrast_reads_though_the_claim_no_longer_holds() -> None:
    found = read_grid(
        "positions",
        ["axes.positions=[none,linspace]", "baseline.positions=none", "seeds=14"],
        CATALOGUE,
    )
    assert (names(found), found.baseline, found.claim) == (["none", "linspace"], "none", None)
    assert found.warnings == ()  # nothing is wrong
    said = "what was claimed of none is not judged: the command line changed the grid"
    assert found.notes == (said,)


def test_losses_that_were_claimed_are_named_where_the_baselines_is_gone(tmp_path: Path) -> None:
    text = extra("claim: {rotary: {loss: 4.1}, none: {loss: 4.3}, source: me}")
    assert read(tmp_path, text).notes == ()
    changed = read(tmp_path, text, "axes.positions=[alibi, none]", "baseline.positions=alibi")
    assert changed.claim is None
    (said,) = changed.notes
    assert "what was claimed of rotary, none is not judged" in said


def test_results_of_another_preset_have_a_name_of_their_own() -> None:
    found = read_grid("positions", ["preset=pythia-14m"], CATALOGUE)
    assert found.results_name == "positions@pythia-14m"


def test_results_of_other_overrides_have_a_name_of_their_own() -> None:
    a = read_grid("positions", ["seeds=3", "margin=0.02"], CATALOGUE)
    b = read_grid("positions", ["margin=0.02", "seeds=3"], CATALOGUE)
    c = read_grid("positions", ["seeds=4", "margin=0.02"], CATALOGUE)
    assert a.results_name == b.results_name != c.results_name
    assert a.results_name.startswith("positions+")
    assert len(a.results_name) == len("positions+") + 6


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("set.optimizer.learning_rate=0.1", "set.optimizer.adamw.learning_rate=0.1"),
        ("axes[positions]=[rotary,alibi]", "axes.positions=[rotary,alibi]"),
    ],
)
def test_two_spellings_of_one_change_share_a_name(one: str, other: str) -> None:
    names = {read_grid("positions", [each], CATALOGUE).results_name for each in (one, other)}
    assert len(names) == 1


def test_an_override_that_changes_nothing_leaves_the_name() -> None:
    found = read_grid("positions", ["preset=laptop", "seeds=5"], CATALOGUE)
    assert (found.results_name, found.overrides) == ("positions", ())


def test_a_file_elsewhere_never_overwrites_the_results_of_the_projects_grid(
    tmp_path: Path,
) -> None:
    path = tmp_path / "positions.yaml"
    path.write_text(grid(), encoding="utf-8")
    assert read_grid(str(path), (), CATALOGUE).results_name != "positions"
