"""The command that shows what there is: components with their options, grids, presets."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

from ablations.command import main_of
from ablations.grid import GRIDS, grid_names
from ablations.presets import PRESETS, preset_names
from ablations.settings import component_paths
from ablations.settings_list import SECTIONS, grid_listing, head_of, section_listing
from ablations.yaml_source import COMMAND_LINE, read_source, shown_path
from components.catalogue import Catalogue, Entry, read_catalogue
from components.errors import Problem, UserError, nearest
from components.options import REQUIRED, Option, describe, plain, shown
from pipelines.cell import PART_KINDS

WIDTH = 80

PRESET_TOPICS = ("model", "training", "data")
"""Of settings to which a preset gives values of its own."""

HELP = """\
python -m ablations.list [TOPIC] [--json] [--components PATH]

Shows the registered components with their options and sources, the grids with
their questions, and the presets. With a topic that part alone, every option
described:
  positions, memory, ...   the components of a kind
  model, training, data    the settings of every cell
  grid                     the keys of a grid
  grids                    the grids there are
  presets, laptop, ...     what all presets set, or one of them
"""


def main(argv: Sequence[str]) -> int:
    """Print what there is, or the part of it that is asked for."""
    if "--help" in argv or "-h" in argv:
        sys.stdout.write(HELP)
        return 0
    topics, paths, as_json = _read(argv)
    catalogue = read_catalogue(component_paths(paths))
    topic = _topic(topics, catalogue)
    found = listing(catalogue, topic)
    text = json.dumps(found, indent=1) if as_json else written(catalogue, found, topic)
    sys.stdout.write(f"{text}\n")
    return 0


def listing(catalogue: Catalogue, topic: str) -> dict[str, Any]:
    """Return what there is on a topic (empty: everything) as JSON; topics as in the help."""
    found: dict[str, Any] = {}
    if topic in SECTIONS or topic == "grid":
        found["settings"] = grid_listing() if topic == "grid" else section_listing(topic)
        return found
    if topic not in ("grids", "presets", *preset_names()):
        kinds = [topic] if topic else ordered_kinds(catalogue)
        found["components"] = [
            _component(catalogue.entry(kind, name))
            for kind in kinds
            for name in catalogue.names(kind)
        ]
    if topic in ("", "grids"):
        found["grids"] = [
            {"name": name, **_yaml(GRIDS / f"{name}.yaml", "question")} for name in grid_names()
        ]
    if topic in ("", "presets", *preset_names()):
        names = [topic] if topic in preset_names() else preset_names()
        found["presets"] = [_preset(PRESETS / f"{name}.yaml") for name in names]
    return found


def ordered_kinds(catalogue: Catalogue) -> list[str]:
    """Return the kinds as a reader meets them: the decoder, its parts, then any others."""
    first = ["model", *PART_KINDS]
    return [kind for kind in first if kind in catalogue.kinds] + [
        kind for kind in catalogue.kinds if kind not in first
    ]


def written(catalogue: Catalogue, found: dict[str, Any], topic: str) -> str:
    """Return the listing as text of 80 columns."""
    lines: list[str] = []
    kinds = dict.fromkeys(each["kind"] for each in found.get("components", ()))
    for kind in kinds:
        lines += [kind, ""]
        for name in catalogue.names(kind):
            entry = catalogue.entry(kind, name)
            lines += [*(_in_full(entry) if topic else _in_short(entry)), ""]
    for each in found.get("settings", ()):
        lines += [*_indented(head_of(each), 2), *_indented(each["description"], 6), ""]
    if "grids" in found:
        rows = [_row(each["name"], each["question"]) for each in found["grids"]]
        lines += ["grids", "", *(line for row in rows for line in row), ""]
    if "presets" in found:
        lines += ["presets", ""]
        for each in found["presets"]:
            lines += [*_row(each["name"], each["description"]), *(_sets(each) if topic else ())]
        lines.append("")
    if topic in PRESET_TOPICS:
        lines += ["A preset sets others of these: python -m ablations.list presets"]
    if not topic:
        lines.append("python -m ablations.list KIND describes the options of a kind;")
        lines.append("with model, training, data or grid what else a grid may set.")
    return "\n".join(lines).rstrip()


def _sets(preset: dict[str, Any]) -> list[str]:
    """Return the settings of a preset, as a grid would write them."""
    settings = [_labelled(key, shown(value)) for key, value in preset["settings"].items()]
    return [*(line for each in settings for line in each), ""]


def _in_short(entry: Entry) -> list[str]:
    options = "; ".join(f"{each.name} = {shown(each.default)}" for each in entry.options)
    return [
        *_row(entry.name, entry.summary),
        *(_labelled("options", options) if options else []),
        *(_labelled("source", entry.source) if entry.source else []),
    ]


def _in_full(entry: Entry) -> list[str]:
    lines = _row(entry.name, entry.summary)
    for option in entry.options:
        what = f"{describe(option.annotation)}, {_default(option)}"
        lines += [*_indented(f"{option.name}: {what}", 4), *_indented(option.description, 8)]
    lines += _labelled("source", entry.source) if entry.source else []
    return [*lines, *_labelled("file", shown_path(entry.path))]


def _default(option: Option) -> str:
    return "required" if option.default is REQUIRED else f"default {shown(option.default)}"


def _row(name: str, text: str) -> list[str]:
    """A name in the first column, a text beside it, or below it where the name is long."""
    column = 18
    head = f"  {name:<{column - 2}}"
    below = _indented(text, column)
    if not head.endswith(" "):
        return [f"  {name}", *below]
    return [head + below[0].lstrip(), *below[1:]] if below else [f"  {name}"]


def _labelled(label: str, text: str) -> list[str]:
    return wrap(
        f"{label}: {text}", WIDTH, initial_indent="    ", subsequent_indent="      ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _indented(text: str, by: int) -> list[str]:
    space = " " * by
    return wrap(
        text, WIDTH, initial_indent=space, subsequent_indent=space,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _component(entry: Entry) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "name": entry.name,
        "summary": entry.summary,
        "source": entry.source,
        "file": shown_path(entry.path),
        "options": [
            {
                "name": option.name,
                "type": describe(option.annotation),
                "required": option.default is REQUIRED,
                "default": None if option.default is REQUIRED else plain(option.default),
                "description": option.description,
            }
            for option in entry.options
        ],
    }


def _yaml(path: Path, key: str) -> dict[str, str]:
    """Return one text of a YAML file; a file that is wrong is still listed."""
    return {key: str(_values(path, key).get(key, "")), "file": shown_path(path)}


def _preset(path: Path) -> dict[str, Any]:
    about = "description"
    settings = {key: value for key, value in _values(path, about).items() if key != about}
    return {"name": path.stem, **_yaml(path, about), "settings": plain(settings)}


def _values(path: Path, key: str) -> dict[str, Any]:
    """Return what a YAML file holds; where it is wrong, that as the value of `key`."""
    try:
        return dict(read_source(path).values)
    except UserError as error:
        return {key: f"({error.problems[0].what})"}


def _read(argv: Sequence[str]) -> tuple[list[str], list[Path], bool]:
    topics: list[str] = []
    paths: list[Path] = []
    words = iter(argv)
    for word in words:
        if word == "--components":
            paths.append(Path(next(words, "")))
        elif word.startswith("-") and word not in ("--json", "--plain"):
            known = ("--json", "--components", "--help")
            raise UserError(
                Problem(f"unknown option {word}", COMMAND_LINE, hints=nearest(word, known))
            )
        elif not word.startswith("-"):
            topics.append(word)
    return topics, paths, "--json" in argv


def _topic(topics: Sequence[str], catalogue: Catalogue) -> str:
    known = (*ordered_kinds(catalogue), *SECTIONS, "grid", "grids", "presets", *preset_names())
    if not topics:
        return ""
    if len(topics) == 1 and topics[0] in known:
        return topics[0]
    kinds = [kind for kind, name in catalogue.entries if name == topics[0]]
    owners = [f"{topics[0]} is a component of {kind}: ablations.list {kind}" for kind in kinds]
    close = owners or nearest(topics[0], known)
    hints = (*close, f"expected one of {', '.join(known)}")
    raise UserError(
        Problem(f"nothing is listed under {' '.join(topics)}", COMMAND_LINE, hints=hints)
    )


if __name__ == "__main__":
    main_of(main)
