import json
import subprocess
import sys
from dataclasses import replace
from importlib import metadata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.cell import Cell, Data, Evaluation
from pipelines.fingerprint import describe, evaluation_digest, explain, fingerprint
from tests.training import MODEL, cell

USERS = '''"""Mine."""

from components.positions import Positions
from components.registry import component


@component("positions", "mine")
class Mine(Positions):
    """Do nothing.

    Options:
    """
'''


def described(own=None, data="d" * 20, device="cpu", extra=()):
    return describe(own or cell(), data, device, extra)


def digest(own=None, **changed):
    return fingerprint(described(own, **changed))


def test_equal_cells_have_equal_fingerprints():
    assert digest(cell()) == digest(cell())


def test_a_fingerprint_is_twenty_hexadecimal_digits():
    assert len(digest()) == 20
    int(digest(), 16)


def test_a_document_survives_json():
    document = described(cell(memory=["none", "xl"]))
    assert json.loads(json.dumps(document)) == document


def test_a_cell_read_back_has_the_same_fingerprint():
    own = cell(memory="xl", positions=["rotary", "none"])
    assert digest(Cell.from_json(json.loads(json.dumps(own.as_json())))) == digest(own)


def shuffled(value, random):
    if isinstance(value, dict):
        keys = list(value)
        random.shuffle(keys)
        return {key: shuffled(value[key], random) for key in keys}
    return [shuffled(each, random) for each in value] if isinstance(value, list) else value


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_keys_means_nothing(random):
    document = described()
    assert fingerprint(shuffled(document, random)) == fingerprint(document)
    assert explain(shuffled(document, random), document) is None


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.text(), st.one_of(st.integers(), st.text(), st.none())))
def test_the_name_of_the_variant_means_nothing(variant):
    assert digest(replace(cell(), variant=variant)) == digest()


@pytest.mark.parametrize(
    "written",
    [
        {"model": {"kv_heads": 2}},
        {"model": {"head_width": 8}},
        {"model": {"kv_heads": 2, "head_width": 8, "tied": False}},
        {"training": {"precision": "auto"}},
        {"positions": {"rotary": {"base": 10000}}},
        {"positions": ["rotary", "rotary"]},
    ],
    ids=str,
)
def test_writing_out_what_holds_anyway_means_nothing(written):
    assert digest(cell(**written)) == digest()


def test_a_pattern_is_what_stands_in_the_layers():
    twice = {"model": {"layers": 4}}
    short, long = ["rotary", "none"], ["rotary", "none", "rotary", "none"]
    assert digest(cell(positions=short, **twice)) == digest(cell(positions=long, **twice))
    assert digest(cell(positions=short, **twice)) != digest(cell(positions=short[::-1], **twice))


def test_a_chain_of_memories_is_no_pattern():
    assert digest(cell(memory=["none", "none"])) != digest(cell(memory="none"))


def test_settings_of_the_data_mean_nothing_beside_what_they_lead_to():
    other = replace(cell(), data=Data(corpus="files", path="/somewhere/text"))
    assert digest(other) == digest()


CHANGES = {
    "seed": {"seed": 1},
    "a size": {"model": {"width": 32}},
    "shared heads": {"model": {"kv_heads": 1}},
    "an option": {"positions": {"rotary": {"base": 500.0}}},
    "a component": {"positions": "none"},
    "a component that acts on nothing": {"activation": "relu"},
    "the schedule": {"schedule": "cosine"},
    "steps": {"training": {"steps": 7}},
    "precision": {"training": {"precision": "bfloat16"}},
    "engine": {"training": {"engine": "compiled"}},
    "devices": {"training": {"devices": 2}},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_can_change_a_result_changes_the_fingerprint(change):
    assert digest(cell(**change)) != digest()


def test_no_two_of_these_changes_have_one_fingerprint():
    assert len({digest(cell(**change)) for change in CHANGES.values()}) == len(CHANGES)


def test_the_data_counts():
    assert digest(data="e" * 20) != digest()


def test_the_class_of_device_counts():
    assert digest(device="mps") != digest()


def test_the_version_of_torch_counts_without_its_build():
    document = described()
    assert document["torch"] == metadata.version("torch").split("+")[0]
    assert fingerprint(document | {"torch": "2.12.0"}) != fingerprint(document)


def test_the_version_of_numpy_counts_without_its_build_and_is_explained():
    document = described()
    assert document["numpy"] == metadata.version("numpy").split("+")[0]
    other = document | {"numpy": "1.0"}
    assert fingerprint(other) != fingerprint(document)
    assert explain(other, document) == f"numpy: 1.0 -> {document['numpy']}"


def test_a_document_of_before_numpy_was_in_it_is_explained():
    old = described()
    del old["numpy"]
    assert explain(old, described()).startswith("numpy: absent -> ")


def test_the_digest_of_a_module_counts_and_those_of_its_functions_only_explain():
    document, other = described(), described()
    module = other["code"]["components/decoder.py"] = dict(other["code"]["components/decoder.py"])
    module["parts"] = {}
    assert fingerprint(other) == fingerprint(document)
    module["digest"] = "0" * 20
    assert fingerprint(other) != fingerprint(document)


def test_files_are_named_within_the_project():
    names = described()["code"]
    assert "components/positions/rotary.py" in names
    assert all(name.startswith(("components/", "pipelines/")) for name in names)


def test_only_the_components_of_the_cell_are_in_its_code():
    assert "components/positions/rotary.py" not in described(cell(positions="none"))["code"]


def test_a_users_file_is_known_by_its_name_wherever_it_lies(tmp_path):
    documents = []
    for folder in ("one", "two"):
        file = tmp_path / folder / "mine.py"
        file.parent.mkdir()
        file.write_text(USERS)
        own = cell(positions="mine", components=[file])
        documents.append(described(own, extra=[file]))
    assert "mine.py" in documents[0]["code"]
    assert documents[0] == documents[1]


def test_a_users_component_that_the_cell_does_not_have_means_nothing(tmp_path):
    (tmp_path / "mine.py").write_text(USERS)
    assert digest(extra=[tmp_path]) == digest()


def test_what_its_file_does_when_it_is_imported_counts(tmp_path):
    (tmp_path / "mine.py").write_text(f"{USERS}\n\ntorch.set_default_dtype(torch.float64)\n")
    assert explain(described(), described(extra=[tmp_path])) == "mine.py: is new"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"training": {"steps": 300}}, "training.steps: 6 -> 300"),
        ({"model": {"width": 32}}, "model.width: 16 -> 32"),
        ({"positions": {"rotary": {"base": 500.0}}}, "positions.base: 10000.0 -> 500.0"),
        ({"positions": "none"}, "positions: rotary -> none"),
        ({"memory": ["xl", "none"]}, "memory: none -> [xl, none]"),
        ({"seed": 3}, "seed: 0 -> 3"),
        ({"positions": "none", "training": {"steps": 9}}, "positions: rotary -> none"),
    ],
    ids=str,
)
def test_a_changed_setting_is_explained(change, text):
    assert explain(described(), described(cell(**change))) == text


def test_an_option_of_one_memory_of_several_is_named_with_it():
    old, new = (cell(memory=["none", {"xl": {"windows": count}}]) for count in (1, 2))
    assert explain(described(old), described(new)) == "memory.xl.windows: 1 -> 2"


def test_a_new_option_is_explained():
    old = described()
    del old["parts"]["positions"][0]["options"]["base"]
    assert explain(old, described()) == "positions.base: absent -> 10000.0"


def test_data_come_before_torch_and_code():
    old = described(data="e" * 20) | {"torch": "2.12.0", "code": {}}
    assert explain(old, described()) == f"data: {'e' * 20} -> {'d' * 20}"
    assert explain(old | {"data": "d" * 20}, described()).startswith("torch: 2.12.0 -> 2.")


def test_a_function_that_changed_is_named():
    old = json.loads(json.dumps(described()))
    module = old["code"]["components/positions/rotary.py"]
    module["digest"] = module["parts"]["Rotary.on_queries_and_keys"] = "0"
    text = "components/positions/rotary.py: Rotary.on_queries_and_keys changed"
    assert explain(old, described()) == text


def test_a_module_that_came_or_went_is_named():
    old = described()
    del old["code"]["components/sizes.py"]
    assert explain(old, described()) == "components/sizes.py: is new"
    assert explain(described(), old) == "components/sizes.py: is gone"


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(CHANGES)), st.sampled_from(sorted(CHANGES)))
def test_there_is_an_explanation_exactly_where_fingerprints_differ(one, other):
    old, new = described(cell(**CHANGES[one])), described(cell(**CHANGES[other]))
    assert (explain(old, new) is None) == (fingerprint(old) == fingerprint(new))


def test_an_evaluation_is_known_by_its_length():
    assert evaluation_digest(Evaluation(), cell()) == evaluation_digest(Evaluation(), cell(seed=1))
    longer = Evaluation("length 64", 64)
    assert evaluation_digest(longer, cell()) != evaluation_digest(Evaluation(), cell())


def test_nothing_imports_torch():
    modules = "pipelines.fingerprint, pipelines.runs, pipelines.cost, pipelines.code"
    check = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_a_cell_is_described_without_torch():
    check = (
        "import sys; from tests.training import cell; from pipelines.fingerprint import describe;"
        "describe(cell(), '', 'cpu'); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_null_sizes_follow_the_others():
    options = described(cell(model={"heads": 4}))["model"]["options"]
    assert (options["kv_heads"], options["head_width"]) == (4, MODEL["width"] // 4)
