"""Grids that are wrong, and what their author must be told: line, key, and parts of the message."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Broken:
    """One wrong grid.

    Fields:
        why: a name for the case.
        text: the file.
        line: of the first problem; None where it has none.
        parts: what the message must contain, the key among it.
    """

    why: str
    text: str
    line: int | None
    parts: tuple[str, ...]


def grid(**changes: str) -> str:
    """Return a good grid with some of its keys replaced, added, or (empty) left out."""
    keys = {
        "question": "question: Is it so?\n",
        "baseline": "baseline: {positions: rotary}\n",
        "axes": "axes: {positions: [rotary, none]}\n",
    }
    return "".join({**keys, **changes}.values())


def axes(values: str) -> str:
    """Return a good grid with other values of the axis `positions`, all in line 3."""
    return grid(axes=f"axes: {{positions: [{values}]}}\n")


def extra(line: str) -> str:
    """Return a good grid with one more line, the fourth."""
    return grid() + line + "\n"


def conditional(
    axis: str = "{when: {memory: xl}, values: [1, 2]}",
    baseline: str = "none",
    memory: str = "none, xl",
    exclude: str = "",
) -> str:
    """Return a grid with a conditional axis in line 3."""
    return grid(
        baseline=f"baseline: {{memory: {baseline}}}\n",
        axes=f"axes: {{memory: [{memory}], memory.xl.windows: {axis}}}\n",
        exclude=exclude,
    )


def zipped(line: str, kv_heads: str = "4") -> str:
    """Return a grid with three axes in line 3, and one more line."""
    return grid(
        baseline=f"baseline: {{positions: rotary, model.heads: 4, model.kv_heads: {kv_heads}}}\n",
        axes="axes: {positions: [rotary, none, alibi], model.heads: [4, 2], "
        "model.kv_heads: [4, 1]}\n",
        together=f"{line}\n",
    )


MANY = list(range(1, 60))

RATES = "{optimizer.learning_rate: [0.1, 0.2], trials: 2}"
MATCH = "match: {parameters: mlp.width}"
TWO = ("the grid has tune and search", "one of the two")

BROKEN = (
    # names that nobody knows
    Broken(
        "unknown component",
        grid(axes="axes:\n  positions:\n    - rotery\n    - none\n    - rotary\n"),
        5,
        (
            "unknown component positions/rotery",
            "axes.positions[0] = rotery",
            "known positions: alibi, ",
            "did you mean rotary?",
        ),
    ),
    Broken(
        "unknown component with options",
        axes("rotary, {linspce: {edge: 1}}"),
        3,
        ("unknown component positions/linspce", "did you mean linspace?"),
    ),
    Broken(
        "an option where a component is named",
        extra("set: {mlp: {width: 64}}"),
        4,
        ("unknown component mlp/width", "to set an option of the chosen component", "mlp.width"),
    ),
    Broken(
        "unknown option",
        grid(axes="axes:\n  positions:\n    - rotary\n    - linspace:\n        egde: 0.1\n"),
        7,
        (
            "positions/linspace has no option egde",
            "axes.positions[1].linspace.egde = 0.1",
            "edge (float",
        ),
    ),
    Broken(
        "unknown option, nearest",
        axes("rotary, {linspace: {egde: 0.1}}"),
        3,
        ("did you mean edge?",),
    ),
    Broken(
        "unknown option of the chosen component",
        grid(baseline="baseline: {positions: rotary, mlp.wdth: 64}\n").replace(
            "axes: {", "axes: {mlp.wdth: [64, 32], "
        ),
        3,
        ("has no option wdth", "axes.mlp.wdth[0] = 64", "did you mean width?"),
    ),
    Broken(
        "unknown option of a named component",
        extra("set: {optimizer.adamw.lr: 0.1}"),
        4,
        ("optimizer/adamw has no option lr", "set.optimizer.adamw.lr = 0.1", "learning_rate"),
    ),
    Broken(
        "unknown key",
        extra("sedes: 3"),
        4,
        ("unknown key sedes", "sedes = 3", "known keys: question", "did you mean seeds?"),
    ),
    Broken(
        "a setting at the left margin",
        extra("training: {steps: 5}"),
        4,
        ("unknown key training", "did you mean set.training.steps?"),
    ),
    Broken(
        "a setting that looks like a key",
        extra("steps: 5"),
        4,
        ("unknown key steps", "did you mean set.training.steps?"),
    ),
    Broken(
        "a setting as others call it",
        extra("lr: 0.1"),
        4,
        ("unknown key lr", "did you mean set.optimizer.learning_rate?"),
    ),
    Broken(
        "an option as others call it",
        extra("set: {optimizer.lr: 0.1}"),
        4,
        ("did you mean learning_rate?",),
    ),
    Broken(
        "a component as others call it",
        axes("rotary, nope"),
        3,
        ("unknown component positions/nope", "did you mean none?"),
    ),
    Broken(
        "unknown setting",
        extra("set: {positons: none}"),
        4,
        ("unknown setting positons", "set.positons = none", "did you mean positions?"),
    ),
    Broken(
        "a setting without its section",
        extra("set: {heads: 2}"),
        4,
        ("unknown setting heads", "did you mean set.model.heads?"),
    ),
    Broken(
        "a grid's key as a setting",
        extra("set: {seeds: 2}"),
        4,
        ("unknown setting seeds", "a key of the grid itself"),
    ),
    Broken(
        "unknown field of the model",
        extra("set: {model: {widht: 32}}"),
        4,
        ("model has no field widht", "set.model.widht = 32", "did you mean width?"),
    ),
    Broken(
        "unknown field of the training",
        extra("set: {training.step: 32}"),
        4,
        ("training has no field step", "set.training.step = 32", "did you mean steps?"),
    ),
    Broken(
        "unknown preset",
        extra("preset: labtop"),
        4,
        ("unknown preset labtop", "preset = labtop", "pythia-14m", "did you mean laptop?"),
    ),
    Broken(
        "a component as an option",
        extra("set: {positions.rotary: 500}"),
        4,
        ("positions.rotary is a component", "options are positions.rotary.OPTION"),
    ),
    *(
        Broken(
            f"later key {key}",
            extra(f"{key}: {{a: 1}}"),
            4,
            (f"{key} is not yet part of the language", key),
        )
        for key in ("retries", "keep")
    ),
    *(
        Broken(f"looks {looks}", extra(f"seeds: {{looks: {looks}}}"), 4, messages)
        for looks, messages in {
            "5": ("looks are a list", "seeds.looks = 5", "write seeds: {looks: [3, 5, 10]}"),
            "[]": ("looks are a list",),
            "[1, 3]": ("a look is at 2 seeds at least", "expected 2 to 1000"),
            "[3, 3]": ("each look has more seeds than the one before",),
            "[3, 2.5]": ("looks are a list",),
        }.items()
    ),
    Broken(
        "no looks",
        extra("seeds: {look: [3, 5]}"),
        4,
        ("seeds have no key look", "seeds.look = [3, 5]", "did you mean looks?"),
    ),
    Broken("hold", extra("hold: flop"), 4, ("hold = flop means nothing", "did you mean flops?")),
    Broken("budget", extra("budget: 2"), 4, ("only looks have a budget", "budget = 2")),
    Broken(
        "no budget",
        extra("budget: none\nseeds: {looks: [3, 5]}"),
        4,
        ("a budget is hours of training", "budget = none"),
    ),
    Broken(
        "match nothing",
        extra("match: mlp.width"),
        4,
        ("match says what is made equal", "write match: {parameters: mlp.width}"),
    ),
    Broken(
        "match an unknown quantity",
        extra("match: {parametrs: mlp.width}"),
        4,
        ("match has no key parametrs", "did you mean parameters?"),
    ),
    Broken(
        "match two quantities",
        extra("match: {parameters: mlp.width, flops: mlp.width}"),
        4,
        ("match makes one quantity equal",),
    ),
    Broken(
        "match an unknown option",
        extra("match: {parameters: mlp.widht}"),
        4,
        ("mlp.widht is no option", "match.parameters = mlp.widht", "did you mean width?"),
    ),
    Broken(
        "match a word",
        extra("match: {parameters: model.init}"),
        4,
        ("model.init is no whole number", "match.parameters = model.init"),
    ),
    Broken(
        "match steps",
        extra("match: {flops: training.steps}"),
        4,
        ("a setting of the model is matched", "hold: flops"),
    ),
    Broken(
        "match too loosely",
        extra("match: {parameters: mlp.width, tolerance: 2}"),
        4,
        ("the tolerance is a share", "match.tolerance = 2"),
    ),
    Broken(
        "a machine's key",
        extra("workers: 2"),
        4,
        ("workers says how to run", "give it to the command: workers=..."),
    ),
    Broken(
        "axes as a list",
        grid(axes="axes:\n  - positions: [rotary, none]\n"),
        3,
        ("a mapping is expected here", "write `positions: [rotary, none]` below it", "dashes"),
    ),
    Broken(
        "axis for axes",
        grid(axes="axis: {positions: [rotery]}\n"),
        3,
        ("unknown key axis", "did you mean axes?"),
    ),
    Broken(
        "an option without its component",
        extra("set: {learning_rate: 0.1}"),
        4,
        ("unknown setting learning_rate", "did you mean set.optimizer.learning_rate?"),
    ),
    # types
    Broken(
        "a word for a number",
        axes("rotary, {linspace: {edge: wide}}"),
        3,
        ("edge has the wrong type", "axes.positions[1].linspace.edge = wide", "expected float"),
    ),
    Broken(
        "a fraction for a count",
        extra("set: {training.steps: 1.5}"),
        4,
        ("training.steps has the wrong type", "set.training.steps = 1.5", "expected int"),
    ),
    Broken(
        "a word that is not one of the words",
        extra("set: {positions.rotary.layout: halve}"),
        4,
        (
            "unknown value of positions.rotary.layout",
            "expected one of half, interleaved",
            "did you mean half?",
        ),
    ),
    Broken(
        "a number for a component",
        axes("rotary, 7"),
        3,
        ("no component of kind positions", "axes.positions[1] = 7", "expected one of alibi"),
    ),
    Broken(
        "options that are no mapping",
        axes("rotary, {linspace: 0.1}"),
        3,
        ("the options of positions/linspace are a mapping", "axes.positions[1].linspace = 0.1"),
    ),
    Broken(
        "a section that is no mapping", extra("set: 5"), 4, ("a mapping is expected", "set = 5")
    ),
    Broken("a question that is no text", grid(question="question: 5\n"), 1, ("question = 5",)),
    # structure
    Broken(
        "duplicate key",
        extra("axes: {positions: [none]}"),
        4,
        ("the key axes is written twice", "it stands in line 3 already"),
    ),
    Broken(
        "duplicate key inside",
        "question: Q\nbaseline:\n  positions: rotary\n  positions: none\n"
        "axes: {positions: [rotary, none]}\n",
        4,
        ("the key positions is written twice", "baseline.positions"),
    ),
    Broken(
        "one setting in two spellings",
        extra("set: {model.width: 32, model: {width: 64}}"),
        4,
        ("model.width is written twice", "set.model.width"),
    ),
    Broken("no question", grid(question=""), None, ("the grid asks no question", "question")),
    Broken("no baseline", grid(baseline=""), None, ("the grid has no baseline", "baseline")),
    Broken("nothing varies", grid(axes=""), None, ("the grid varies nothing", "axes")),
    Broken(
        "axes and variants",
        extra("variants: {nope: {positions: none}}"),
        4,
        ("the grid has axes and variants", "variants"),
    ),
    Broken(
        "baseline beside the axes",
        grid(baseline="baseline: {positions: learned}\n"),
        2,
        (
            "the baseline is not a point of the grid",
            "baseline.positions = learned",
            "the axis positions has: rotary, none",
            "add learned to axes.positions, or choose one of these as the baseline",
        ),
    ),
    Broken(
        "baseline without an axis",
        grid(axes="axes: {positions: [rotary, none], model.heads: [4, 1]}\n"),
        2,
        ("the baseline has no model.heads", "baseline = {positions: rotary}", "4, 1"),
    ),
    Broken(
        "baseline of what is no axis",
        grid(baseline="baseline: {positions: rotary, model.heads: 4}\n"),
        2,
        ("the baseline has model.heads, which is no axis", "move it to `set`"),
    ),
    Broken("empty axis", axes(""), 3, ("the axis is empty", "axes.positions")),
    Broken("an axis of nothing", grid(axes="axes: {positions: }\n"), 3, ("the axis is empty",)),
    Broken(
        "an axis that is no list",
        grid(axes="axes: {positions: rotary}\n"),
        3,
        ("an axis is a list", "axes.positions = rotary", "write [rotary]"),
    ),
    Broken("no axes", grid(axes="axes: {}\n"), 3, ("there are no axes", "axes")),
    Broken("one point", axes("rotary"), 2, ("no variant beside its baseline", "baseline")),
    Broken(
        "an axis under set",
        extra("set: {positions: none}"),
        4,
        ("positions is an axis and under `set`", "set.positions = none"),
    ),
    Broken(
        "an option nobody chooses",
        extra("set: {memory.xl.windows: 2}"),
        4,
        ("no variant chooses memory/xl", "set.memory.xl.windows = 2"),
    ),
    Broken(
        "an option of what is not chosen",
        "question: Q\nbaseline: {}\nvariants:\n  a: {memory.xl.windows: 2}\n",
        4,
        ("memory/xl is not chosen here: memory is none", "variants.a.memory.xl.windows = 2"),
    ),
    Broken(
        "an option of several",
        "question: Q\nbaseline: {}\nvariants:\n"
        "  a: {positions: [rotary, none], positions.base: 9}\n",
        4,
        ("positions has several members", "positions.rotary.base"),
    ),
    Broken(
        "an option that not every variant has",
        extra("set: {positions.base: 500}"),
        4,
        ("positions/none has no option base", "set.positions.base = 500"),
    ),
    Broken(
        "exclude of no axis",
        extra("exclude: [{memory: none}]"),
        4,
        ("memory is no axis", "exclude[0].memory = none"),
    ),
    Broken(
        "exclude of no value",
        extra("exclude: [{positions: learned}]"),
        4,
        ("the excluded point is not in the grid", "exclude[0].positions = learned"),
    ),
    Broken(
        "exclude of the baseline",
        extra("exclude: [{positions: rotary}]"),
        4,
        ("the baseline is excluded", "exclude[0] = {positions: rotary}"),
    ),
    Broken(
        "exclude that is no list",
        extra("exclude: {positions: none}"),
        4,
        ("exclude is a list of points", "exclude"),
    ),
    Broken(
        "exclude of a point that there is not",
        conditional(exclude="exclude: [{memory: none, memory.xl.windows: 1}]\n"),
        4,
        ("the excluded point is not in the grid", "no variant has all of these values"),
    ),
    # conditional axes
    Broken(
        "when at the left margin",
        extra("when: {memory: xl}"),
        4,
        ("when belongs to an axis", "{when: {memory: xl}, values: [1, 2]}"),
    ),
    Broken(
        "an axis that does not say when",
        conditional("{values: [1, 2]}"),
        3,
        ("the axis does not say when it exists", "axes.memory.xl.windows", "list alone"),
    ),
    Broken(
        "a conditional axis without values",
        conditional("{when: {memory: xl}}"),
        3,
        ("the axis has no values", "axes.memory.xl.windows = {when: {memory: xl}}"),
    ),
    Broken(
        "an unknown key of an axis",
        conditional("{wen: {memory: xl}, values: [1, 2]}"),
        3,
        ("an axis has no key wen", "axes.memory.xl.windows.wen", "did you mean when?"),
    ),
    Broken(
        "an empty conditional axis",
        conditional("{when: {memory: xl}, values: []}"),
        3,
        ("the axis is empty", "axes.memory.xl.windows.values"),
    ),
    Broken(
        "a condition of nothing",
        conditional("{when: , values: [1, 2]}"),
        3,
        ("the condition is empty", "axes.memory.xl.windows.when"),
    ),
    Broken(
        "a condition that is no mapping",
        conditional("{when: xl, values: [1, 2]}"),
        3,
        ("a mapping is expected here", "axes.memory.xl.windows.when = xl"),
    ),
    Broken(
        "a condition on a component that nobody knows",
        conditional("{when: {memory: xll}, values: [1, 2]}"),
        3,
        ("unknown component memory/xll", "axes.memory.xl.windows.when.memory", "did you mean xl?"),
    ),
    Broken(
        "a condition on what is no axis",
        conditional("{when: {positions: none}, values: [1, 2]}"),
        3,
        ("names positions, which is no other axis", "the other axes are memory"),
    ),
    Broken(
        "a condition on itself",
        conditional("{when: {memory.xl.windows: 1}, values: [1, 2]}"),
        3,
        ("names memory.xl.windows, which is no other axis",),
    ),
    Broken(
        "a condition that never holds",
        grid(
            baseline="baseline: {positions: rotary}\n",
            axes="axes: {positions: [rotary, none], "
            "model.heads: {when: {positions: alibi}, values: [1, 2]}}\n",
        ),
        3,
        ("the condition never holds", "axes.model.heads.when.positions = alibi", "rotary, none"),
    ),
    Broken(
        "a chain where alternatives are meant",
        grid(
            baseline="baseline: {positions: rotary}\n",
            axes="axes: {positions: [rotary, [alibi, none]], "
            "model.heads: {when: {positions: [alibi, none]}, values: [1, 2]}}\n",
        ),
        3,
        ("the condition never holds", "write it as a list in the list"),
    ),
    Broken(
        "a condition whose points are all excluded",
        conditional(
            "{when: {memory: {xl: {windows: 1}}}, values: [1, 2]}",
            exclude="exclude: [{memory: xl}]\n",
            memory="none, xl, {xl: {positions: based}}",
        ),
        3,
        ("the condition never holds: no variant has memory.xl.windows", "windows.when = {memory:"),
    ),
    Broken(
        "conditions in a circle",
        grid(
            baseline="baseline: {positions: rotary}\n",
            axes="axes: {positions: {when: {model.heads: 4}, values: [rotary, none]}, "
            "model.heads: {when: {positions: none}, values: [4, 2]}}\n",
        ),
        3,
        ("the conditions go in a circle", "axes.positions.when", "wait for one another"),
    ),
    Broken(
        "a baseline without its conditional axis",
        conditional(baseline="xl"),
        2,
        ("the baseline has no memory.xl.windows, which is an axis here", "one of its values: 1, 2"),
    ),
    Broken(
        "a baseline beside its conditional axis",
        conditional(baseline="xl, memory.xl.windows: 3"),
        2,
        ("not a point of the grid", "baseline.memory.xl.windows = 3", "add 3 to axes.memory.xl.wi"),
    ),
    Broken(
        "a conditional value of what the baseline does not choose",
        conditional(baseline="none, memory.xl.windows: 3"),
        2,
        ("memory/xl is not chosen here", "baseline.memory.xl.windows = 3"),
    ),
    Broken(
        "an option of a component that the baseline does not choose",
        conditional("[1, 2]"),
        3,
        (
            "memory = none has no memory.xl.windows, which is an axis",
            "axes.memory.xl.windows = [1, 2]",
            "write axes.memory.xl.windows: {when: {memory: xl}, values: [1, 2]}",
        ),
    ),
    Broken(
        "an option of what another variant does not choose",
        conditional("[1, 2]", baseline="xl, memory.xl.windows: 1", memory="none, xl, [xl, rmt]"),
        3,
        ("write axes.memory.xl.windows: {when: {memory: [xl, [xl, rmt]]}, values: [1, 2]}",),
    ),
    Broken(
        "an option of the chosen component that another has not",
        grid(axes="axes: {positions: [rotary, none], positions.base: [500, 1000]}\n"),
        3,
        (
            "positions = none has no positions.base, which is an axis",
            "write axes.positions.base: {when: {positions: rotary}, values: [500, 1000]}",
        ),
    ),
    # zipped axes
    Broken(
        "together of one",
        zipped("together: [model.heads]"),
        4,
        ("groups of two or more", "together = [model.heads]"),
    ),
    Broken(
        "together that is no list",
        zipped("together: model.heads"),
        4,
        ("groups of two or more", "together = model.heads"),
    ),
    Broken(
        "together of what is no axis",
        zipped("together: [model.heads, model.kv_head]"),
        4,
        ("model.kv_head is no axis", "together[1]", "did you mean model.kv_heads?"),
    ),
    Broken(
        "an axis in two groups",
        zipped("together: [[model.heads, model.kv_heads], [positions, model.heads]]"),
        4,
        ("model.heads goes together with others already", "together[1][1] = model.heads"),
    ),
    Broken(
        "axes of unequal length together",
        zipped("together: [model.heads, positions]"),
        4,
        ("equally many values", "model.heads has 2 (4, 2), positions has 3 (rotary, none, alibi)"),
    ),
    Broken(
        "a baseline across the rows",
        zipped("together: [model.heads, model.kv_heads]", kv_heads="1"),
        2,
        ("the baseline is not a point", "model.heads and model.kv_heads are 4 with 4, 2 with 1"),
    ),
    Broken(
        "two equal rows",
        grid(
            baseline="baseline: {model.heads: 4, model.kv_heads: 4}\n",
            axes="axes: {model.heads: [4, 2, 4], model.kv_heads: [4, 2, 4]}\n",
            together="together: [model.heads, model.kv_heads]\n",
        ),
        3,
        ("two values of model.heads and model.kv_heads are the same", "axes.model.heads[2]"),
    ),
    Broken(
        "together under two conditions",
        grid(
            baseline="baseline: {memory: none, model.heads: 4}\n",
            axes="axes: {memory: [none, xl], model.heads: [4, 2], "
            "memory.xl.windows: {when: {memory: xl}, values: [1, 2]}}\n",
            together="together: [model.heads, memory.xl.windows]\n",
        ),
        4,
        ("axes that go together exist under one condition", "the same `when`"),
    ),
    Broken(
        "together without axes",
        "question: Q\nbaseline: {}\nvariants: {a: {positions: none}}\ntogether: [a, b]\n",
        4,
        ("together belongs to axes", "together = [a, b]"),
    ),
    # leaving out
    *(
        Broken(
            f"leave out {value}",
            f"question: Q\nbaseline: {{}}\nleave_out: {value}\n",
            3,
            ("leave_out is a list of kinds", "or all, for every kind that has a component none"),
        )
        for value in ("positions", "false", "1", "[]", "{positions: none}")
    ),
    Broken(
        "leave out what is no kind",
        "question: Q\nbaseline: {}\nleave_out: [postions]\n",
        3,
        ("postions is no kind", "leave_out[0] = postions", "did you mean positions?"),
    ),
    Broken(
        "leave out twice",
        "question: Q\nbaseline: {}\nleave_out: [positions, positions]\n",
        3,
        ("positions is named twice", "leave_out[1] = positions", "leave_out[0] already"),
    ),
    Broken(
        "leave out nothing",
        "question: Q\nbaseline: {}\nleave_out: [optimizer, memory]\n",
        3,
        (
            "there is nothing to leave out",
            "optimizer stays: there is no optimizer/none",
            "memory stays: it is none in the baseline",
            "kinds with a component none: positions, memory",
        ),
    ),
    Broken(
        "axes and leave_out",
        extra("leave_out: all"),
        4,
        ("the grid has axes and leave_out", "one of the two"),
    ),
    Broken(
        "a variant with a slash",
        "question: Q\nbaseline: {}\nvariants: {a/b: {positions: none}}\n",
        3,
        ("no name of a variant", "variants.a/b"),
    ),
    Broken(
        "a variant that changes nothing",
        "question: Q\nbaseline: {}\nvariants: {a: {}}\n",
        3,
        ("the variant a changes nothing", "variants.a"),
    ),
    Broken(
        "two optimizers",
        "question: Q\nbaseline: {}\nvariants: {a: {optimizer: [adamw, adamw]}}\n",
        3,
        ("a cell has one optimizer", "variants.a.optimizer"),
    ),
    Broken(
        "none in a chain",
        "question: Q\nbaseline: {}\nvariants: {a: {memory: [none, xl]}}\n",
        3,
        ("memory/none stands alone", "variants.a.memory"),
    ),
    Broken(
        "a memory twice in a chain",
        "question: Q\nbaseline: {}\nvariants: {a: {memory: [xl, {xl: {windows: 2}}]}}\n",
        3,
        ("memory/xl stands twice in the chain", "variants.a.memory"),
    ),
    # equal variants
    Broken(
        "two equal values",
        axes("rotary, none, {rotary: {base: 10000}}"),
        3,
        ("two values of an axis are the same", "axes.positions[2]", "axes.positions[0] again"),
    ),
    Broken(
        "two equal variants",
        "question: Q\nbaseline: {positions: rotary}\nvariants:\n  a: {positions: none}\n"
        "  b: {positions: [none, none]}\n",
        5,
        ("two variants are equal: a and b", "variants.b"),
    ),
    Broken(
        "a variant that is the baseline",
        "question: Q\nbaseline: {positions: rotary}\nvariants:\n  a: {training.steps: 300, "
        "positions: {rotary: {base: 10000.0}}}\nset: {training.steps: 300}\n",
        4,
        ("two variants are equal: the baseline and a",),
    ),
    Broken(
        "equal through a default of the model",
        grid(
            baseline="baseline: {model.kv_heads: null}\n",
            axes="axes: {model.kv_heads: [null, 4]}\n",
        ),
        3,
        ("two variants are equal", "model.kv_heads=null", "model.kv_heads=4"),
    ),
    # ranges
    Broken("no seeds", extra("seeds: 0"), 4, ("the number of seeds is out of range", "seeds = 0")),
    Broken("an empty list of seeds", extra("seeds: []"), 4, ("the list of seeds is empty",)),
    Broken("a repeated seed", extra("seeds: [0, 1, 0]"), 4, ("the seed 0 is repeated", "seeds[2]")),
    Broken(
        "a negative seed", extra("seeds: [-1]"), 4, ("a seed is a whole number", "seeds[0] = -1")
    ),
    Broken(
        "a true seed", extra("seeds: true"), 4, ("seeds are a number or a list", "seeds = true")
    ),
    Broken("no margin", extra("margin: 0"), 4, ("margin must be above 0", "margin = 0")),
    Broken("a word for a margin", extra("margin: small"), 4, ("margin = small", "nats per token")),
    Broken(
        "an interval nobody knows",
        extra("interval: flored"),
        4,
        ("interval = flored", "floored or paired", "did you mean floored?"),
    ),
    Broken("compare", extra("compare: none"), 4, ("compare = none", "expected baseline or all")),
    Broken(
        "no steps",
        extra("set: {training.steps: 0}"),
        4,
        ("training.steps is out of range", "set.training.steps = 0", "expected at least 1"),
    ),
    Broken(
        "a context that is no multiple of the window",
        extra("set: {training.context: 200}"),
        4,
        ("not a whole number of windows", "model.window = 64", "set.training.context = 200"),
    ),
    Broken(
        "heads that do not divide the width",
        extra("set: {model.heads: 5}"),
        4,
        ("heads do not divide the width", "set.model.heads = 5", "model.width = 64"),
    ),
    Broken(
        "key-value heads that do not divide the heads",
        grid(baseline="baseline: {model.kv_heads: 4}\n", axes="axes: {model.kv_heads: [4, 3]}\n"),
        3,
        ("the heads do not divide", "axes.model.kv_heads[1] = 3", "model.heads = 4"),
    ),
    Broken(
        "a quoted number",
        grid(baseline="baseline: {model.heads: 4}\n", axes='axes: {model.heads: [4, "2"]}\n'),
        3,
        ("model.heads has the wrong type", 'axes.model.heads[1] = "2"', "expected int"),
    ),
    Broken(
        "a quoted number for an option",
        axes('rotary, {linspace: {edge: "0.1"}}'),
        3,
        ('axes.positions[1].linspace.edge = "0.1"', "expected float"),
    ),
    Broken(
        "a value out of range beside one of another type",
        grid(
            baseline="baseline: {model.heads: 4}\n",
            axes="axes:\n  model.heads:\n    - 4\n    - 4.0\n    - 0\n    - -1\n",
        ),
        6,
        (
            "axes.model.heads[1] = 4.0",
            "axes.model.heads[2] = 0",
            "axes.model.heads[3] = -1",
            "model.heads is out of range",
        ),
    ),
    Broken(
        "layers that grow by what heads cannot share",
        extra("set: {model.fan_out: 6}"),
        4,
        ("do not divide model.fan_out", "set.model.fan_out = 6", "model.heads = 4", "4 or 8"),
    ),
    Broken(
        "layers that shrink",
        extra("set: {model.fan_out: -8}"),
        4,
        ("model.fan_out is out of range", "set.model.fan_out = -8", "expected 0 or more"),
    ),
    Broken(
        "layers that grow, of an odd width",
        extra("set: {model.fan_out: 4, model.head_width: 16, model.width: 66}"),
        4,
        ("heads of layers that grow divide the width", "model.width = 66"),
    ),
    Broken(
        "key-value heads kept from the baseline",
        grid(
            baseline="baseline: {model.heads: 4, model.kv_heads: 4}\n",
            axes="axes: {model.heads: [4, 1], "
            "model.kv_heads: {when: {model.heads: 4}, values: [4, 1]}}\n",
        ),
        2,
        ("model.kv_heads = 4 does not divide model.heads = 1", "kept from the baseline"),
    ),
    Broken(
        "more tokens than a machine holds",
        extra("set: {training.batch: 100000000}"),
        4,
        ("a step has more tokens", "set.training.batch = 100000000", "expected at most"),
    ),
    Broken(
        "a character that turns text around",
        grid(question='question: "Is \\u202eit so?"\n'),
        1,
        ("a character that nobody sees, U+202E", "question = 'Is \\u202eit so?'"),
    ),
    Broken(
        "a control character in the question",
        grid(question='question: "Is it\\x07 so?"\n'),
        1,
        ("a character that nobody sees, U+0007",),
    ),
    # one setting in two spellings
    Broken(
        "an option beside its component and below it",
        extra("set:\n  memory: {xl: {windows: 2}}\n  memory.xl.windows: 3"),
        6,
        ("memory.xl.windows is written twice", "set.memory.xl.windows = 3", "question.yaml:5"),
    ),
    Broken(
        "an option of a component and of what is chosen",
        "question: Q\nbaseline: {memory: xl, memory.windows: 3, memory.xl.windows: 3}\n"
        "variants: {a: {memory: none}}\n",
        2,
        ("memory.xl.windows is written twice",),
    ),
    Broken(
        "an option of a component and of whatever is chosen",
        extra("set: {optimizer.learning_rate: 0.1, optimizer.lion.learning_rate: 0.2}"),
        4,
        ("optimizer.lion.learning_rate is written twice",),
    ),
    Broken(
        "an option that one member of a chain has",
        extra("set: {memory: [rmt, xl], memory.windows: 2}"),
        4,
        ("memory has several members: rmt, xl", "name the component: memory.xl.windows"),
    ),
    Broken(
        "text files without a path",
        extra("set: {data.corpus: files}"),
        4,
        ("the corpus has no path", "set data.path"),
    ),
    Broken(
        "a path that nobody reads",
        extra("set: {data.path: my_texts}"),
        4,
        (
            "the corpus embedded does not read data.path",
            "set.data.path = my_texts",
            "files reads it: set data.corpus: files",
        ),
    ),
    Broken(
        "a name that nobody reads",
        extra("set: {data: {corpus: files, path: x, name: some/set}}"),
        4,
        ("the corpus files does not read data.name", "hub reads it: set data.corpus: hub"),
    ),
    Broken(
        "a field that several corpora read",
        extra("set: {data.probe_items: 2}"),
        4,
        ("set.data.probe_items = 2", "recall, selective_copy and parity read it"),
    ),
    Broken(
        "a field that another probe reads",
        extra("set: {data.corpus: copy, data.probe_items: 2}"),
        4,
        ("the corpus copy does not read data.probe_items",),
    ),
    Broken(
        "a vocabulary of bytes",
        extra("set: {data.vocabulary: 512}"),
        4,
        ("the tokenizer byte does not read data.vocabulary", "set data.tokenizer: bpe"),
    ),
    Broken(
        "a field that no variant reads",
        "question: Q\nbaseline: {data.path: a}\nvariants:\n"
        "  b: {data.path: b, data.corpus: files}\n",
        2,
        ("the corpus embedded does not read data.path", "baseline.data.path = a"),
    ),
    Broken(
        "more points than anyone means",
        grid(
            baseline="baseline: {model.width: 1, training.steps: 1}\n",
            axes=f"axes: {{model.width: {MANY}, training.steps: {MANY}}}\n",
        ),
        None,
        ("the axes have 3481 points", "at most 2000"),
    ),
    # evaluate and claim
    Broken("corpora", extra("evaluate: {corpora: [x]}"), 4, ("corpora are not yet", "evaluate")),
    Broken("evaluate what", extra("evaluate: [512]"), 4, ("evaluate says which lengths",)),
    Broken(
        "evaluate a length", extra("evaluate: {lengths: 512}"), 4, ("list of numbers of tokens",)
    ),
    Broken("no lengths", extra("evaluate: {lengths: []}"), 4, ("evaluate.lengths = []",)),
    Broken(
        "a misspelt key of evaluate",
        extra("evaluate: {length: [512]}"),
        4,
        ("evaluate has no key length", "evaluate.length = [512]", "did you mean lengths?"),
    ),
    Broken(
        "a length that no machine holds",
        extra("evaluate: {lengths: [512, 10000000]}"),
        4,
        ("a length is a number of tokens", "evaluate.lengths[1]", "expected 2 to 1048576"),
    ),
    Broken(
        "a verdict about a length that is not evaluated",
        extra("evaluate: {lengths: [512, 1024], judge: 2048}"),
        4,
        ("about a length that is evaluated", "evaluate.judge = 2048", "the lengths: 512, 1024"),
    ),
    Broken(
        "a verdict about no length", extra("evaluate: {judge: 512}"), 4, ("says which lengths",)
    ),
    Broken(
        "a length twice",
        extra("evaluate: {lengths: [512, 256, 512]}"),
        4,
        ("the length is repeated", "evaluate.lengths[2] = 512", "it is evaluate.lengths[0]"),
    ),
    Broken("a short length", extra("evaluate: {lengths: [1]}"), 4, ("evaluate.lengths[0] = 1",)),
    Broken(
        "a claim about nobody",
        extra("claim: {nope: worse, source: me}"),
        4,
        ("no variant is called nope", "claim.nope = worse", "known variants: rotary; none"),
    ),
    Broken(
        "a claim that is none",
        extra("claim: {none: wors, source: me}"),
        4,
        ("that is no claim", "claim.none = wors", "did you mean worse?"),
    ),
    Broken(
        "a verdict beside lengths of which some are none",
        extra("evaluate:\n  judge: 2048\n  lengths: [512, 1, x]"),
        5,
        ("about a length that is evaluated", "expected one of the lengths: 512\n"),
    ),
    Broken(
        "claims that are none beside another error",
        extra("seeds: -1\nclaim: {none: wrose, rotary: {loss: x}, source: 3}"),
        4,
        ("claim.none = wrose", "claim.rotary.loss = x", "claim.source = 3", "seeds = -1"),
    ),
    Broken(
        "between one",
        extra("claim: {none: {between: [rotary]}}"),
        4,
        ("between needs two other variants", "claim.none.between"),
    ),
    Broken(
        "a loss without the baseline's",
        extra("claim: {none: {loss: 4.9}}"),
        4,
        ("a loss needs the baseline's beside it", "add rotary: {loss: ...}"),
    ),
    Broken(
        "the baseline better than itself",
        extra("claim: {rotary: better}"),
        4,
        ("the baseline is what the others are compared with", "claim.rotary"),
    ),
    # what is chosen before anything is judged
    Broken("tune and search", grid(axes=f"search: {RATES}\n") + f"tune: {RATES}\n", 4, TWO),
    Broken("axes and search", extra(f"search: {RATES}"), 4, ("the grid has axes and search",)),
    Broken(
        "exclude in a search",
        grid(axes=f"search: {RATES}\n") + "exclude: [{positions: none}]\n",
        4,
        ("exclude belongs to axes",),
    ),
    *(
        Broken(why, extra(f"{rest}tune: {{{key}: {values}}}"), 4 + rest.count("\n"), (part, key))
        for why, rest, key, values, part in (
            ("tuned axis", "", "positions", "[rotary, none]", "positions is tuned and an axis"),
            ("tuned and set", "set: {model.heads: 2}\n", "model.heads", "[2, 4]", "under `set`"),
            ("tuned text", "", "data.vocabulary", "[300, 400]", "cannot be chosen by the loss"),
            ("tuned and solved", f"{MATCH}\n", "mlp.width", "[32, 64]", "solved by `match`"),
            ("tuned size", f"{MATCH}\n", "model.layers", "[1, 2]", "what `match` makes equal"),
            (
                "tuned FLOPs",
                "hold: flops\n",
                "training.batch",
                "[4, 8]",
                "what `hold: flops` makes",
            ),
            ("steps of FLOPs", "hold: flops\n", "training.steps", "[4, 8]", "solved by `hold: "),
            ("for some variants", "", "positions.base", "[9, 99]", "positions/none has no option"),
            ("no such cell", "", "model.heads", "[2, 3, 4]", "3 does not divide model.width = 64"),
            ("range", "", "model.heads", "{low: 1, high: 4}", "cannot be tried out whole"),
        )
    ),
    Broken(
        "tuned in the baseline",
        grid(
            baseline="baseline: {model.heads: 4}\n",
            axes="variants: {none: {positions: none, model.heads: 2}}\n",
            tune="tune: {model.heads: [2, 4]}\n",
        ),
        4,
        ("model.heads is tuned and in the baseline", "tuned and what a variant changes"),
    ),
    *(
        Broken(why, grid(axes=f"search: {{{inner}}}\n"), 3, parts)
        for why, inner, parts in (
            ("search of nothing", "trials: 3", ("search varies nothing", "search = {trials: 3}")),
            ("no trials", "model.heads: {low: 1, high: 4}", ("no number of trials", "trials: 20")),
            (
                "a sampler that nobody knows",
                "model.heads: [1, 2], sampler: gird",
                ("unknown sampler", "search.sampler = gird", "did you mean grid?"),
            ),
            (
                "a search of another context",
                "training.context: [128, 256], sampler: grid",
                ("training.context cannot be chosen by the loss",),
            ),
            (
                "an option of what may not be chosen",
                "memory: [none, xl], memory.xl.windows: [1, 2], sampler: grid",
                ("memory/xl is not chosen here: memory is none", "memory.xl.windows"),
            ),
        )
    ),
    Broken(
        "a claim about no variant of a search",
        grid(axes=f"search: {RATES}\n") + "claim: {bets: better, source: me}\n",
        4,
        ("no variant is called bets", "did you mean best?"),
    ),
)
