"""What a grid may set beside components: its own keys, and the fields of data and training."""

import inspect
import re
from dataclasses import fields
from typing import Any, get_type_hints

from ablations.language import GRID_KEYS
from components.options import describe, plain, shown
from pipelines.cell import Data, Training

SECTIONS: dict[str, Any] = {"data": Data, "training": Training}

GRID_LINES = {
    "question": "what you want to know, a sentence; required",
    "preset": "the scale: a name of `ablations.list presets`; laptop if not given",
    "baseline": "the variant that the others are judged against: a value of each axis; required",
    "set": "settings of every variant: {training.steps: 200, optimizer.learning_rate: 0.001}",
    "axes": "setting -> list of values; the variants are their product. An axis that exists for "
    "some variants only: {when: {memory: xl}, values: [1, 2]}",
    "together": "axes that are zipped instead of multiplied: [model.heads, model.kv_heads]",
    "exclude": "points of the product to leave out: [{positions: none, model.heads: 1}]",
    "variants": "in place of axes: name -> settings that replace the baseline's",
    "leave_out": "in place of axes: the kinds of which one at a time becomes none, or all",
    "search": "in place of axes: a sampler proposes configurations, and the best is judged against "
    "the baseline on fresh seeds: {optimizer.learning_rate: {low: 1e-4, high: 1e-2, log: true}, "
    "trials: 20}, with sampler, pruner, objectives and seeds",
    "tune": "settings that are chosen for every variant by the same budget, on seeds that judge "
    "nothing: {optimizer.learning_rate: [1e-3, 3e-3], seeds: 2}; for ranges with trials: 8",
    "seeds": "how many, or which: 5, [0, 1, 7]; 5 if not given; or {looks: [3, 5, 10]}: seeds are "
    "added until every contrast is decided",
    "margin": "nats per token; smaller differences do not matter; 0.01, or null for no margin",
    "interval": "floored, the default, or paired: how the variance of a difference is estimated",
    "final": "last, the default, or tail: judged is the last validation, or the mean of those in "
    "the last fifth of the training, for runs whose learning rate stays constant",
    "hold": "what all variants have equally much of: tokens, the default, or flops, for which each "
    "variant gets as many steps as its FLOPs allow",
    "match": "an option that is solved for every variant, so that all have equally much: "
    "{parameters: mlp.width} or {flops: mlp.width}, with tolerance: 0.01 and multiple: 8",
    "budget": "hours of training that further looks stay within; no limit if not given",
    "evaluate": "samples of other lengths after the training: {lengths: [256, 512, 1024]}; with "
    "judge: 1024 the verdict is about that length",
    "compare": "the contrasts that are judged: baseline, the default, or all pairs",
    "claim": "what somebody reported: {none: worse, source: who}; checked, never believed",
}


def section_listing(section: str) -> list[dict[str, Any]]:
    """Return the settings of `data` or `training` as JSON: name, type, default, description."""
    owner = SECTIONS[section]
    hints, said = get_type_hints(owner), _described(inspect.getdoc(owner) or "")
    return [
        {
            "name": f"{section}.{each.name}",
            "type": describe(hints[each.name]),
            "default": plain(each.default),
            "description": said[each.name],
        }
        for each in fields(owner)
    ]


def grid_listing() -> list[dict[str, Any]]:
    """Return the keys of a grid as JSON: name, description."""
    return [{"name": key, "description": GRID_LINES[key]} for key in GRID_KEYS]


def head_of(setting: dict[str, Any]) -> str:
    """Return the first line about a setting: `training.steps: int, default 300`."""
    if "type" not in setting:
        return str(setting["name"])
    return f"{setting['name']}: {setting['type']}, default {shown(setting['default'])}"


def _described(docstring: str) -> dict[str, str]:
    """Return the text of each field that a docstring lists under `Fields:`."""
    found: dict[str, str] = {}
    last = ""
    for line in docstring.partition("Fields:\n")[2].splitlines():
        match = re.match(r" {4}([a-z_]+): (.*)$", line)
        if match:
            last = match.group(1)
            found[last] = match.group(2)
        elif last and line.strip():
            found[last] += f" {line.strip()}"
    return found
