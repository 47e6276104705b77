"""The command line's changes to a grid: `seeds=3 axes.positions=[rotary,none]`."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, cast

from ablations.language import Declared
from ablations.members import read_members
from ablations.tree import Problems, Steps
from ablations.yaml_source import COMMAND_LINE, Source, read_likeliest
from components.catalogue import Catalogue
from components.errors import Problem, UserError
from pipelines.cell import PART_KINDS

DOTTED = ("set", "baseline", "axes", "tune", "search")
"""Sections of dotted settings: `axes.model.heads` is the key `model.heads` of `axes`."""


@dataclass(frozen=True)
class Override:
    """One `key=value` of the command line.

    Fields:
        text: as it was given.
        key: before the first `=`.
        value: read as a file would have it.
        unread: what could not be read as meant; the value then is the likeliest reading.
    """

    text: str
    key: str
    value: Any
    unread: tuple[Problem, ...] = ()


_KEY = re.compile(r"[^\[\].]+(?:\.[^\[\].]+|\[[^\[\]]+\])*")


def read_override(text: str) -> Override:
    """Split `key=value` and read the value as YAML.

    Raises:
        UserError: there is no `=`, no key, or no value that can be read.
    """
    key, equals, written = text.partition("=")
    if not equals or not _KEY.fullmatch(key):
        hint = "expected key=value: seeds=3, axes.positions=[rotary,none], set.training.steps=200"
        raise UserError(Problem(f"not an override: {text}", COMMAND_LINE, hints=(hint,)))
    return Override(text, key, *read_likeliest(written, key))


@dataclass(frozen=True)
class Changes:
    """A grid after the command line.

    Fields:
        values: of the grid.
        replaced: the steps at which the command line's values stand.
        effective: the overrides that changed something.
    """

    values: Mapping[str, Any]
    replaced: tuple[Steps, ...]
    effective: tuple[Override, ...]

    @property
    def keys(self) -> frozenset[str]:
        """The grid's keys in which something changed."""
        return frozenset(re.split(r"[.\[]", each.key)[0] for each in self.effective)

    def place(self, source: Source, steps: Steps) -> str:
        """Say where a value was written: in the file, or on the command line."""
        inside = any(steps[: len(each)] == each for each in self.replaced)
        around = any(each[: len(steps)] == steps for each in self.replaced)
        if inside or (around and steps and steps not in source.lines):
            return COMMAND_LINE
        return source.place(steps)


def read_changes(values: Mapping[str, Any], texts: Sequence[str], problems: Problems) -> Changes:
    """Read the overrides and put them into the grid's values; what is wrong goes to `problems`."""
    read = [problems.attempt(None, read_override, text) for text in texts]
    changed: dict[str, Any] = dict(values)
    replaced: list[Steps] = []
    effective = []
    for override in read:
        if override is None:
            continue
        problems.unread += override.unread
        steps = locate(values, override.key)
        if steps in replaced:
            problems.found.append(Problem("the key is given twice", COMMAND_LINE, override.key))
            continue
        before = changed
        changed = problems.attempt(before, apply, before, steps, override)
        replaced.append(steps)
        if changed != before:
            effective.append(override)
    return Changes(changed, tuple(replaced), tuple(effective))


def apply(values: Mapping[str, Any], steps: Steps, override: Override) -> dict[str, Any]:
    """Return the grid's values with one override in them.

    Raises:
        UserError: the key stands below something that holds no keys.
    """
    from omegaconf import OmegaConf  # noqa: PLC0415  # 40 ms that few commands need
    from omegaconf.errors import OmegaConfBaseException  # noqa: PLC0415  # the same

    config = OmegaConf.create(dict(values))
    try:
        OmegaConf.update(config, _bracketed(steps), override.value, merge=False)
    except (OmegaConfBaseException, AssertionError, LookupError, TypeError, ValueError) as error:
        value = override.text.partition("=")[2]
        raise UserError(
            Problem("nothing can be set there", COMMAND_LINE, override.key, value)
        ) from error
    return cast("dict[str, Any]", OmegaConf.to_container(config))


def locate(values: Mapping[str, Any], key: str) -> Steps:
    """Find the steps that `key` means; a setting is one step, however many dots it has."""
    parts = _parts(key)
    section, rest = str(parts[0]), parts[1:]
    if not rest:
        return (section,)
    inner = values.get(section)
    if section == "variants":
        name = _variant(inner, rest)
        inside = inner.get(name) if isinstance(inner, Mapping) else None
        used = name.count(".") + 1
        return (section, name, *(_setting(inside, rest[used:]) if rest[used:] else ()))
    if section in DOTTED:
        return (section, *_setting(inner, rest))
    return (section, *rest)


def canonical(changes: Changes, declared: Declared, catalogue: Catalogue) -> dict[str, Any]:
    """Return the changes, key -> value, under keys that two spellings of one change share.

    `set.optimizer.learning_rate` is an option of the component that `set` or the preset chooses,
    `set.optimizer.adamw.learning_rate`; `axes[model.heads]` is `axes.model.heads`.
    """
    chosen = {**declared.preset, **declared.fixed}
    found = {}
    for each in changes.effective:
        words = re.sub(r"\[([^\[\]]*[^\d\[\]][^\[\]]*)\]", r".\1", each.key).split(".")
        if words[0] == "set" and len(words) == 3 and words[1] in PART_KINDS:  # noqa: PLR2004  # set.kind.option
            members = read_members(words[1], chosen[words[1]], catalogue)
            names = {member.name for member in members}
            varies = words[1] in {*declared.axes.values, *declared.baseline, *declared.leave_out}
            words[2:2] = names if len(names) == 1 and not varies else ()
        found[".".join(words)] = each.value
    return found


def digest(changed: Mapping[str, Any]) -> str:
    """Return six hexadecimal digits that tell one set of changes, key -> value, from another."""
    given = json.dumps(changed, sort_keys=True)
    return blake2b(given.encode(), digest_size=3).hexdigest()


def _parts(key: str) -> Steps:
    found: list[str | int] = []
    for name, bracket in re.findall(r"([^.\[\]]+)|\[([^\[\]]+)\]", key):
        if not bracket:
            found.append(name)
        elif bracket.isdigit():
            found.append(int(bracket))
        else:
            found.extend(bracket.split("."))
    return tuple(found)


def _variant(variants: Any, rest: Steps) -> str:
    names = variants if isinstance(variants, Mapping) else {}
    for size in range(len(rest), 0, -1):
        name = ".".join(str(each) for each in rest[:size])
        if name in names:
            return name
    return str(rest[0])


def _setting(section: Any, rest: Steps) -> Steps:
    """Return where a dotted setting stands in the file, or its one dotted key where it does not."""
    words = [each for each in rest if isinstance(each, str)]
    indices = rest[len(words) :]
    return (*(_existing(section, words) or (".".join(words),)), *indices)


def _existing(section: Any, words: Sequence[str]) -> Steps | None:
    if not words:
        return ()
    if not isinstance(section, Mapping):
        return None
    for size in range(len(words), 0, -1):
        name = ".".join(words[:size])
        if name in section and (below := _existing(section[name], words[size:])) is not None:
            return (name, *below)
    return None


def _bracketed(steps: Steps) -> str:
    """Return the steps as OmegaConf takes keys that hold dots: `axes[model.heads]`."""
    return str(steps[0]) + "".join(f"[{step}]" for step in steps[1:])
